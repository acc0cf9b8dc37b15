// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "template/function.hpp"
#include "template/literal.hpp"
#include "template/parser_rules.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {

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

}  // namespace bulla::tmpl
