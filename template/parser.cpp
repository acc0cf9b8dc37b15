// SPDX-License-Identifier: Apache-2.0
#include "template/parser.hpp"

#include <utility>

#include "template/literal.hpp"
#include "template/parser_rules.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {

Failed Parser::unexpected(const Token& token, const std::string& context) {
  if (token.kind != TokenKind::error)
    return fail("unexpected " + describe(token) + " in " + context);
  std::string where;
  if (scope_.action_line != 0 && scope_.action_line != token.line) {
    where = " in action started at " + tree_.name + ":" + std::to_string(scope_.action_line);
    constexpr std::string_view doubled = " in action";
    if (lexed_.error.ends_with(" action")) where.erase(0, doubled.size());
  }
  return fail(lexed_.error + where);
}

std::unique_ptr<ListNode> Parser::parse_top() {
  auto root = std::make_unique<ListNode>(peek().position);
  while (peek().kind != TokenKind::end_of_text) {
    if (peek().kind == TokenKind::left_delimiter) {
      const auto before = next_;
      next();
      if (next_non_space().kind == TokenKind::keyword_define) {
        if (!parse_definition()) return nullptr;
        continue;
      }
      next_ = before;
    }
    auto ending = Ending::none;
    auto node = parse_text_or_action(ending);
    if (!node) return nullptr;
    if (ending != Ending::none)
      return fail(ending == Ending::end ? "unexpected {{end}}" : "unexpected {{else}}");
    root->nodes.push_back(std::move(node));
  }
  return root;
}

bool Parser::parse_definition() {
  const std::string context = "define clause";
  const Scope outer = std::exchange(scope_, Scope());
  const auto& token = next_non_space();
  if (token.kind != TokenKind::string && token.kind != TokenKind::raw_string)
    return unexpected(token, context);
  auto name = unquote(token.text);
  if (!name) return fail(name.error().message);
  if (const auto& end = next_non_space(); end.kind != TokenKind::right_delimiter)
    return unexpected(end, context);
  auto ending = Ending::none;
  auto root = parse_list(ending);
  if (!root) return false;
  if (ending != Ending::end) return fail("unexpected {{else}} in " + context);
  if (!add(*name, std::move(root))) return false;
  scope_ = outer;
  return true;
}

/// An empty definition gives way to another one of the same name.
bool Parser::add(const std::string& name, std::unique_ptr<ListNode> root) {
  auto& known = tree_.templates[name];
  if (!known || is_empty_tree(*known)) {
    known = std::move(root);
    return true;
  }
  if (is_empty_tree(*root)) return true;
  return fail("template: multiple definition of template " + go_quoted(name));
}

std::unique_ptr<ListNode> Parser::parse_list(Ending& ending) {
  auto list = std::make_unique<ListNode>(peek_non_space().position);
  if (!deeper()) return nullptr;
  while (peek_non_space().kind != TokenKind::end_of_text) {
    auto node = parse_text_or_action(ending);
    if (!node) return nullptr;
    if (ending != Ending::none) {
      --depth_;
      return list;
    }
    list->nodes.push_back(std::move(node));
  }
  return fail("unexpected EOF");
}

NodePtr Parser::parse_text_or_action(Ending& ending) {
  const auto& token = next_non_space();
  if (token.kind == TokenKind::text) return std::make_unique<TextNode>(token.position, token.text);
  if (token.kind != TokenKind::left_delimiter) return unexpected(token, "input");
  scope_.action_line = token.line;
  auto node = parse_action(ending);
  scope_.action_line = 0;
  return node;
}

NodePtr Parser::parse_action(Ending& ending) {
  const auto before = next_;
  const auto& token = next_non_space();
  switch (token.kind) {
    case TokenKind::keyword_block: return parse_block();
    case TokenKind::keyword_break:
      return parse_loop_exit(NodeKind::break_, token.position, "{{break}}");
    case TokenKind::keyword_continue:
      return parse_loop_exit(NodeKind::continue_, token.position, "{{continue}}");
    case TokenKind::keyword_else: return parse_ending(ending, Ending::else_);
    case TokenKind::keyword_end: return parse_ending(ending, Ending::end);
    case TokenKind::keyword_if: return parse_control(NodeKind::if_, "if");
    case TokenKind::keyword_range: return parse_control(NodeKind::range, "range");
    case TokenKind::keyword_template: return parse_template();
    case TokenKind::keyword_with: return parse_control(NodeKind::with, "with");
    default: break;
  }
  next_ = before;
  const auto position = peek_non_space().position;
  // Variables stay declared until the block's end.
  auto pipe = parse_pipe("command", TokenKind::right_delimiter);
  if (!pipe) return nullptr;
  return std::make_unique<ActionNode>(position, std::move(pipe));
}

NodePtr Parser::parse_loop_exit(NodeKind kind, std::size_t position, const char* source) {
  if (const auto& token = next_non_space(); token.kind != TokenKind::right_delimiter)
    return unexpected(token, source);
  if (scope_.ranges == 0) return fail(std::string(source) + " outside {{range}}");
  return std::make_unique<PlainNode>(kind, position);
}

/// `{{else if` and `{{else with` leave the second word to the block that they end.
NodePtr Parser::parse_ending(Ending& ending, Ending what) {
  ending = what;
  const auto& token = peek_non_space();
  const bool chained = what == Ending::else_ && (token.kind == TokenKind::keyword_if ||
                                                 token.kind == TokenKind::keyword_with);
  if (!chained && next_non_space().kind != TokenKind::right_delimiter)
    return unexpected(token, what == Ending::end ? "end" : "else");
  return std::make_unique<ListNode>(token.position);
}

NodePtr Parser::parse_control(NodeKind kind, std::string_view context) {
  const auto variables = scope_.variables.size();
  auto pipe = parse_pipe(std::string(context), TokenKind::right_delimiter);
  if (!pipe) return nullptr;
  auto branch = std::make_unique<BranchNode>(kind, pipe->position);
  branch->pipe = std::move(pipe);
  if (kind == NodeKind::range) ++scope_.ranges;
  auto ending = Ending::none;
  branch->list = parse_list(ending);
  if (kind == NodeKind::range) --scope_.ranges;
  if (!branch->list) return nullptr;
  if (ending == Ending::else_ && !parse_else(*branch)) return nullptr;
  scope_.variables.resize(variables);
  return branch;
}

bool Parser::parse_else(BranchNode& branch) {
  const auto kind = peek().kind;
  const bool else_if = branch.kind == NodeKind::if_ && kind == TokenKind::keyword_if;
  const bool else_with = branch.kind == NodeKind::with && kind == TokenKind::keyword_with;
  if (else_if || else_with) {
    // {{else if b}}..{{end}} is {{else}}{{if b}}..{{end}}{{end}}: one end serves both.
    branch.else_list = std::make_unique<ListNode>(peek().position);
    next();
    if (!deeper()) return false;
    auto chained =
        else_if ? parse_control(NodeKind::if_, "if") : parse_control(NodeKind::with, "with");
    --depth_;
    if (!chained) return false;
    branch.else_list->nodes.push_back(std::move(chained));
    return true;
  }
  auto ending = Ending::none;
  branch.else_list = parse_list(ending);
  if (!branch.else_list) return false;
  if (ending != Ending::end) return fail("expected end; found {{else}}");
  return true;
}

bool Parser::parse_name(const Token& token, const std::string& context, std::string& name) {
  if (token.kind != TokenKind::string && token.kind != TokenKind::raw_string)
    return unexpected(token, context);
  auto unquoted = unquote(token.text);
  if (!unquoted) return fail(unquoted.error().message);
  name = std::move(*unquoted);
  return true;
}

NodePtr Parser::parse_block() {
  const std::string context = "block clause";
  const auto& token = next_non_space();
  std::string name;
  if (!parse_name(token, context, name)) return nullptr;
  auto pipe = parse_pipe(context, TokenKind::right_delimiter);
  if (!pipe) return nullptr;

  const Scope outer = std::exchange(scope_, Scope());
  auto ending = Ending::none;
  auto root = parse_list(ending);
  if (!root) return nullptr;
  const Scope inner = std::exchange(scope_, outer);
  if (ending != Ending::end) return fail("unexpected {{else}} in " + context);
  scope_ = inner;
  if (!add(name, std::move(root))) return nullptr;
  scope_ = outer;

  auto node = std::make_unique<TemplateNode>(token.position, std::move(name));
  node->pipe = std::move(pipe);
  return node;
}

NodePtr Parser::parse_template() {
  const std::string context = "template clause";
  const auto& token = next_non_space();
  std::string name;
  if (!parse_name(token, context, name)) return nullptr;
  auto node = std::make_unique<TemplateNode>(token.position, std::move(name));
  if (peek_non_space().kind == TokenKind::right_delimiter) {
    next();
    return node;
  }
  node->pipe = parse_pipe(context, TokenKind::right_delimiter);
  if (!node->pipe) return nullptr;
  return node;
}

Result<Tree> parse_tree(std::string_view name, std::string_view text) {
  return Parser(name, text).run();
}

}  // namespace bulla::tmpl
