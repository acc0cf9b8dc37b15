// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "template/lexer.hpp"
#include "template/parser.hpp"
#include "template/tree.hpp"

namespace bulla::tmpl {

/// Blocks in blocks, parentheses in parentheses, `else if` after `else if`: each is a level of our
/// own stack.
constexpr std::size_t parse_depth_max = 250;

/// What an action or a block ends with, beside its nodes.
enum class Ending { none, end, else_ };

/// What a failed rule returns, whatever it would have returned.
struct Failed {
  operator bool() const noexcept { return false; }  // NOLINT: that is its purpose
  template <class T>
  operator std::unique_ptr<T>() const noexcept {  // NOLINT
    return nullptr;
  }
};

/// Recursive descent, one function a rule, as the reference: which token an error is about, and
/// its line, are part of what users see.
///
/// A function that fails says why with fail() and returns null or false, and its callers return at
/// once.
class Parser {
 public:
  Parser(std::string_view name, std::string_view text)
      : tree_{std::string(name), std::string(text), 0, {}}, lexed_(tokenize(tree_.text)) {
    tree_.tokens = lexed_.tokens.size();
  }

  Result<Tree> run() {
    if (auto root = parse_top(); root && add(tree_.name, std::move(root))) return std::move(tree_);
    return Error{Errc::invalid_input,
                 "template: " + tree_.name + ":" + std::to_string(error_line_) + ": " + error_};
  }

 private:
  // --- tokens, with as much lookahead as a rule needs ---
  const Token& next() {
    const auto& token = lexed_.tokens[next_];
    if (next_ >= seen_) {
      seen_ = next_ + 1;
      scope_.line = token.line;
    }
    if (next_ + 1 < lexed_.tokens.size()) ++next_;
    return token;
  }
  const Token& peek() {
    const auto before = next_;
    const auto& token = next();
    next_ = before;
    return token;
  }
  const Token& next_non_space() {
    const auto* token = &next();
    while (token->kind == TokenKind::space) token = &next();
    return *token;
  }
  /// Leaves the space before the token behind.
  const Token& peek_non_space() {
    while (peek().kind == TokenKind::space) next();
    return peek();
  }
  [[nodiscard]] std::string describe(const Token& token) const {
    return tmpl::describe(token, lexed_.error);
  }

  // --- errors ---
  Failed fail(std::string message) {
    if (error_.empty()) {
      error_ = std::move(message);
      error_line_ = scope_.line;
    }
    return {};
  }
  Failed unexpected(const Token& token, const std::string& context);
  bool deeper() {
    if (++depth_ <= parse_depth_max) return true;
    fail("nested too deeply (at most " + std::to_string(parse_depth_max) + " levels)");
    return false;
  }

  // --- rules: parser.cpp has the blocks, parser_pipe.cpp what stands in an action ---
  std::unique_ptr<ListNode> parse_top();
  bool parse_definition();
  bool add(const std::string& name, std::unique_ptr<ListNode> root);
  std::unique_ptr<ListNode> parse_list(Ending& ending);
  NodePtr parse_text_or_action(Ending& ending);
  NodePtr parse_action(Ending& ending);
  NodePtr parse_control(NodeKind kind, std::string_view context);
  bool parse_else(BranchNode& branch);
  NodePtr parse_ending(Ending& ending, Ending what);
  NodePtr parse_block();
  NodePtr parse_template();
  NodePtr parse_loop_exit(NodeKind kind, std::size_t position, const char* source);
  std::unique_ptr<PipeNode> parse_pipe(const std::string& context, TokenKind end);
  bool parse_declarations(PipeNode& pipe, const std::string& context);
  bool check_pipe(const PipeNode& pipe, const std::string& context);
  std::unique_ptr<CommandNode> parse_command();
  bool parse_operand(NodePtr& out);
  bool parse_term(NodePtr& out);
  NodePtr parse_number(const Token& token);
  NodePtr parse_variable(const Token& token);
  bool parse_name(const Token& token, const std::string& context, std::string& name);

  /// What a definition has of its own, while its tokens are the whole text's.
  struct Scope {
    std::vector<std::string> variables = {"$"};
    std::size_t ranges = 0;       ///< loops around this place
    std::size_t line = 0;         ///< of the last token read in this scope
    std::size_t action_line = 0;  ///< where the action began; 0 outside one
  };

  Tree tree_;
  Tokens lexed_;
  std::size_t next_ = 0;
  std::size_t seen_ = 0;
  Scope scope_;
  std::size_t depth_ = 0;
  std::string error_;
  std::size_t error_line_ = 0;
};

}  // namespace bulla::tmpl
