// SPDX-License-Identifier: Apache-2.0
#include "template/parser.hpp"

#include <algorithm>

#include "template/function.hpp"
#include "template/lexer.hpp"
#include "template/literal.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

/// Blocks in blocks, parentheses in parentheses, `else if` after `else if`: each is a level of our
/// own stack.
constexpr std::size_t depth_max = 250;

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
      : tree_{std::string(name), std::string(text), {}}, lexed_(tokenize(tree_.text)) {}

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
    if (++depth_ <= depth_max) return true;
    fail("nested too deeply (at most " + std::to_string(depth_max) + " levels)");
    return false;
  }

  // --- rules ---
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

std::unique_ptr<PipeNode> Parser::parse_pipe(const std::string& context, TokenKind end) {
  auto pipe = std::make_unique<PipeNode>(peek_non_space().position);
  if (!deeper() || !parse_declarations(*pipe, context)) return nullptr;
  while (true) {
    const auto& token = peek_non_space();
    switch (token.kind) {
      case TokenKind::boolean:
      case TokenKind::character_constant:
      case TokenKind::complex:
      case TokenKind::keyword_dot:
      case TokenKind::field:
      case TokenKind::identifier:
      case TokenKind::number:
      case TokenKind::keyword_nil:
      case TokenKind::raw_string:
      case TokenKind::string:
      case TokenKind::variable:
      case TokenKind::left_paren: {
        auto command = parse_command();
        if (!command) return nullptr;
        pipe->commands.push_back(std::move(command));
        break;
      }
      default:
        next();
        if (token.kind != end) return unexpected(token, context);
        --depth_;
        if (!check_pipe(*pipe, context)) return nullptr;
        return pipe;
    }
  }
}

/// `$x :=`, `$x =`, `$i, $x :=`. Whether a variable is declared or used shows two tokens later.
bool Parser::parse_declarations(PipeNode& pipe, const std::string& context) {
  while (peek_non_space().kind == TokenKind::variable) {
    const auto before = next_;
    const auto& variable = next();
    const auto& after = peek_non_space();
    const bool comma = after.kind == TokenKind::character && after.text == ",";
    const bool assigns = after.kind == TokenKind::assign;
    if (!comma && !assigns && after.kind != TokenKind::declare) {
      next_ = before;
      return true;
    }
    next();
    pipe.declared.emplace_back(variable.text);
    scope_.variables.emplace_back(variable.text);
    if (!comma) {
      pipe.is_assignment = assigns;
      return true;
    }
    if (context != "range" || pipe.declared.size() >= 2)
      return fail("too many declarations in " + context);
    const auto kind = peek_non_space().kind;
    if (kind != TokenKind::variable && kind != TokenKind::right_delimiter &&
        kind != TokenKind::right_paren)
      return fail("range can only initialize variables");
  }
  return true;
}

bool Parser::check_pipe(const PipeNode& pipe, const std::string& context) {
  if (pipe.commands.empty()) return fail("missing value for " + context);
  for (std::size_t i = 1; i < pipe.commands.size(); ++i) {
    switch (pipe.commands[i]->arguments.front()->kind) {
      case NodeKind::boolean:
      case NodeKind::dot:
      case NodeKind::nil:
      case NodeKind::number:
      case NodeKind::string:
        return fail("non executable command in pipeline stage " + std::to_string(i + 1));
      default: break;
    }
  }
  return true;
}

std::unique_ptr<CommandNode> Parser::parse_command() {
  auto command = std::make_unique<CommandNode>(peek_non_space().position);
  while (true) {
    peek_non_space();
    NodePtr operand;
    if (!parse_operand(operand)) return nullptr;
    if (operand) command->arguments.push_back(std::move(operand));
    const auto before = next_;
    const auto& token = next();
    if (token.kind == TokenKind::space) continue;
    if (token.kind == TokenKind::right_delimiter || token.kind == TokenKind::right_paren)
      next_ = before;
    else if (token.kind != TokenKind::pipe)
      return unexpected(token, "operand");
    break;
  }
  if (command->arguments.empty()) return fail("empty command");
  return command;
}

/// A term and the fields behind it. No term: true, and `out` stays null.
bool Parser::parse_operand(NodePtr& out) {
  if (!parse_term(out)) return false;
  if (!out || peek().kind != TokenKind::field) return true;
  const auto position = peek().position;
  std::vector<std::string> fields;
  while (peek().kind == TokenKind::field) fields.emplace_back(next().text.substr(1));
  switch (out->kind) {
    case NodeKind::field:
    case NodeKind::variable: {
      auto names = static_cast<NamesNode&>(*out).names;
      names.insert(names.end(), fields.begin(), fields.end());
      out = std::make_unique<NamesNode>(out->kind, position, std::move(names));
      return true;
    }
    case NodeKind::boolean:
    case NodeKind::string:
    case NodeKind::number:
    case NodeKind::nil:
    case NodeKind::dot: return fail("unexpected . after term " + go_quoted(to_source(*out)));
    default: break;
  }
  auto chain = std::make_unique<ChainNode>(position, std::move(out));
  chain->fields = std::move(fields);
  out = std::move(chain);
  return true;
}

bool Parser::parse_term(NodePtr& out) {
  const auto before = next_;
  const auto& token = next_non_space();
  switch (token.kind) {
    case TokenKind::identifier:
      if (find_function(token.text) == nullptr)
        return fail("function " + go_quoted(token.text) + " not defined");
      out = std::make_unique<IdentifierNode>(token.position, token.text);
      return true;
    case TokenKind::keyword_dot:
      out = std::make_unique<PlainNode>(NodeKind::dot, token.position);
      return true;
    case TokenKind::keyword_nil:
      out = std::make_unique<PlainNode>(NodeKind::nil, token.position);
      return true;
    case TokenKind::variable: out = parse_variable(token); break;
    case TokenKind::field:
      out = std::make_unique<NamesNode>(NodeKind::field, token.position,
                                        std::vector{std::string(token.text.substr(1))});
      return true;
    case TokenKind::boolean:
      out = std::make_unique<BooleanNode>(token.position, token.text == "true");
      return true;
    case TokenKind::character_constant:
    case TokenKind::complex:
    case TokenKind::number: out = parse_number(token); break;
    case TokenKind::left_paren:
      out = parse_pipe("parenthesized pipeline", TokenKind::right_paren);
      break;
    case TokenKind::string:
    case TokenKind::raw_string: {
      auto text = unquote(token.text);
      if (!text) return fail(text.error().message);
      out = std::make_unique<StringNode>(token.position, token.text, std::move(*text));
      return true;
    }
    default: next_ = before; return true;
  }
  return out != nullptr;
}

NodePtr Parser::parse_number(const Token& token) {
  auto number = std::make_unique<NumberNode>(token.position);
  number->text = token.text;
  if (auto read = read_number(*number, token.kind == TokenKind::complex); !read)
    return fail(read.error().message);
  return number;
}

NodePtr Parser::parse_variable(const Token& token) {
  const auto& known = scope_.variables;
  if (std::find(known.begin(), known.end(), token.text) == known.end())
    return fail("undefined variable " + go_quoted(token.text));
  return std::make_unique<NamesNode>(NodeKind::variable, token.position,
                                     std::vector{std::string(token.text)});
}

}  // namespace

Result<Tree> parse_tree(std::string_view name, std::string_view text) {
  return Parser(name, text).run();
}

}  // namespace bulla::tmpl
