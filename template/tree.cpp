// SPDX-License-Identifier: Apache-2.0
#include "template/tree.hpp"

#include <algorithm>

#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

void print(std::string& out, const Node& node);

void print_names(std::string& out, const std::vector<std::string>& names, bool leading_dot) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0 || leading_dot) out += '.';
    out += names[i];
  }
}

/// A text that ends in a brace would swallow the next action's braces, and two texts side by side
/// (a comment stood between) would run together: a trim marker and a comment keep them apart.
void print_list(std::string& out, const ListNode& list) {
  const TextNode* before = nullptr;
  for (const auto& node : list.nodes) {
    const bool is_text = node->kind == NodeKind::text;
    std::string printed;
    if (is_text && before != nullptr) printed = "{{/**/}}";
    print(printed, *node);
    if (before != nullptr && before->text.ends_with('{')) {
      printed.insert(2, "- ");
      printed.insert(0, " ");
    }
    out += printed;
    before = is_text ? &as<TextNode>(*node) : nullptr;
  }
}

void print_pipe(std::string& out, const PipeNode& pipe) {
  for (std::size_t i = 0; i < pipe.declared.size(); ++i) {
    if (i > 0) out += ", ";
    out += pipe.declared[i];
  }
  if (!pipe.declared.empty()) out += pipe.is_assignment ? " = " : " := ";
  for (std::size_t i = 0; i < pipe.commands.size(); ++i) {
    if (i > 0) out += " | ";
    print(out, *pipe.commands[i]);
  }
}

void print_operand(std::string& out, const Node& node) {
  const bool parenthesized = node.kind == NodeKind::pipe;
  if (parenthesized) out += '(';
  print(out, node);
  if (parenthesized) out += ')';
}

void print_command(std::string& out, const CommandNode& command) {
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    if (i > 0) out += ' ';
    print_operand(out, *command.arguments[i]);
  }
}

void print_branch(std::string& out, std::string_view keyword, const BranchNode& branch) {
  out.append("{{").append(keyword).append(" ");
  print_pipe(out, *branch.pipe);
  out += "}}";
  print_list(out, *branch.list);
  if (branch.else_list) {
    out += "{{else}}";
    print_list(out, *branch.else_list);
  }
  out += "{{end}}";
}

void print_template(std::string& out, const TemplateNode& node) {
  out += "{{template " + go_quoted(node.name);
  if (node.pipe) {
    out += ' ';
    print_pipe(out, *node.pipe);
  }
  out += "}}";
}

void print_chain(std::string& out, const ChainNode& chain) {
  print_operand(out, *chain.node);
  print_names(out, chain.fields, true);
}

void print(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::text: out += as<TextNode>(node).text; break;
    case NodeKind::action:
      out += "{{";
      print_pipe(out, *as<ActionNode>(node).pipe);
      out += "}}";
      break;
    case NodeKind::list: print_list(out, as<ListNode>(node)); break;
    case NodeKind::if_: print_branch(out, "if", as<BranchNode>(node)); break;
    case NodeKind::range: print_branch(out, "range", as<BranchNode>(node)); break;
    case NodeKind::with: print_branch(out, "with", as<BranchNode>(node)); break;
    case NodeKind::template_: print_template(out, as<TemplateNode>(node)); break;
    case NodeKind::break_: out += "{{break}}"; break;
    case NodeKind::continue_: out += "{{continue}}"; break;
    case NodeKind::pipe: print_pipe(out, as<PipeNode>(node)); break;
    case NodeKind::command: print_command(out, as<CommandNode>(node)); break;
    case NodeKind::identifier: out += as<IdentifierNode>(node).name; break;
    case NodeKind::variable: print_names(out, as<NamesNode>(node).names, false); break;
    case NodeKind::field: print_names(out, as<NamesNode>(node).names, true); break;
    case NodeKind::chain: print_chain(out, as<ChainNode>(node)); break;
    case NodeKind::dot: out += '.'; break;
    case NodeKind::nil: out += "nil"; break;
    case NodeKind::boolean: out += as<BooleanNode>(node).value ? "true" : "false"; break;
    case NodeKind::number: out += as<NumberNode>(node).text; break;
    case NodeKind::string: out += as<StringNode>(node).quoted; break;
  }
}

}  // namespace

std::string to_source(const Node& node) {
  std::string out;
  print(out, node);
  return out;
}

bool is_empty_tree(const ListNode& list) noexcept {
  return std::all_of(list.nodes.begin(), list.nodes.end(), [](const NodePtr& node) {
    return node->kind == NodeKind::text &&
           as<TextNode>(*node).text.find_first_not_of(" \t\n\v\f\r") == std::string::npos;
  });
}

}  // namespace bulla::tmpl
