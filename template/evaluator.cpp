// SPDX-License-Identifier: Apache-2.0
#include "template/evaluator.hpp"

namespace bulla::tmpl {
namespace {

/// What `interface {}` holds, which is all that a pipeline passes on.
Operand without_interface(Operand operand) {
  return operand.form == Operand::Form::interface ? Operand::of(std::move(operand.value))
                                                  : std::move(operand);
}

bool has_arguments(const CommandNode* command, const Operand& last) noexcept {
  return (command != nullptr && command->arguments.size() > 1) || !last.is_absent();
}

}  // namespace

Operand Operand::element(const Value& container, const Value& value) {
  const bool secret =
      container.is_secret() || (is_dict(container.type()) && container.as_dict().secret);
  const bool any = element_type(container.type()) == Type::any;
  return {any ? Form::interface : Form::concrete, secret ? value.as_secret() : value};
}

Result<Operand> Evaluator::evaluate_pipe(const Operand& dot, const PipeNode& pipe) {
  at(pipe);
  if (auto counted = step(); !counted) return counted.error();
  if (depth_ == context_.limits().depth_max) return too_deep();
  ++depth_;
  auto value = Operand::absent();
  for (const auto& command : pipe.commands) {
    auto result = evaluate_command(dot, *command, value);
    if (!result) return result;
    value = without_interface(std::move(*result));
  }
  for (const auto& name : pipe.declared) {
    if (!pipe.is_assignment) {
      variables_.push_back({name, value});
    } else if (auto assigned = assign(name, value); !assigned) {
      return assigned.error();
    }
  }
  --depth_;
  return value;
}

Result<void> Evaluator::assign(std::string_view name, const Operand& operand) {
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 can't build std::views::reverse
  for (auto variable = variables_.rbegin(); variable != variables_.rend(); ++variable) {
    if (variable->name != name) continue;
    variable->operand = operand;
    return {};
  }
  return error("undefined variable: " + std::string(name));
}

Result<Operand> Evaluator::variable(std::string_view name) {
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 can't build std::views::reverse
  for (auto variable = variables_.rbegin(); variable != variables_.rend(); ++variable) {
    if (variable->name == name) return variable->operand;
  }
  return error("undefined variable: " + std::string(name));
}

Result<Operand> Evaluator::evaluate_command(const Operand& dot, const CommandNode& command,
                                            const Operand& last) {
  const auto& first = *command.arguments.front();
  switch (first.kind) {
    case NodeKind::field: return evaluate_field_node(dot, as<NamesNode>(first), &command, last);
    case NodeKind::chain: return evaluate_chain(dot, as<ChainNode>(first), &command, last);
    case NodeKind::identifier:
      return evaluate_function(dot, as<IdentifierNode>(first), command, &command, last);
    case NodeKind::variable: return evaluate_variable(dot, as<NamesNode>(first), &command, last);
    default: break;
  }
  if (first.kind != NodeKind::pipe) at(first);
  if (has_arguments(&command, last))
    return error("can't give argument to non-function " + to_source(first));
  switch (first.kind) {
    case NodeKind::pipe: return evaluate_pipe(dot, as<PipeNode>(first));
    case NodeKind::boolean: return Operand::of(Value::boolean(as<BooleanNode>(first).value));
    case NodeKind::dot: return dot;
    case NodeKind::nil: return error("nil is not a command");
    case NodeKind::number: return evaluate_number(as<NumberNode>(first));
    case NodeKind::string: return literal_string(as<StringNode>(first));
    default: return error("can't evaluate command " + to_source(first));
  }
}

/// Copied each time, which a loop over a long one would never end.
Result<Operand> Evaluator::literal_string(const StringNode& node) {
  if (auto spent = context_.budget().spend_bytes(node.text.size()); !spent)
    return error(spent.error().message);
  return Operand::of(Value::string(node.text));
}

/// A number whose type nothing asks for: its spelling decides, as for Go's constants.
Result<Operand> Evaluator::evaluate_number(const NumberNode& number) {
  at(number);
  const std::string_view text = number.text;
  const bool is_rune = text.starts_with('\'');
  const bool is_hex_integer = text.size() > 2 && text[0] == '0' &&
                              (text[1] == 'x' || text[1] == 'X') &&
                              text.find_first_of("pP") == std::string_view::npos;
  if (number.is_complex) return Operand::of(Value::complex(number.complex));
  if (number.is_real && !is_hex_integer && !is_rune &&
      text.find_first_of(".eEpP") != std::string_view::npos)
    return Operand::of(Value::real(number.real));
  if (number.is_integer) return Operand::of(Value::integer(number.integer));
  return error(number.text + " overflows int");
}

Result<Operand> Evaluator::evaluate_field_node(const Operand& dot, const NamesNode& node,
                                               const CommandNode* command, const Operand& last) {
  at(node);
  return evaluate_fields(dot, dot, node, node.names, command, last);
}

Result<Operand> Evaluator::evaluate_variable(const Operand& dot, const NamesNode& node,
                                             const CommandNode* command, const Operand& last) {
  at(node);
  auto value = variable(node.names.front());
  if (!value) return value;
  if (node.names.size() > 1)
    return evaluate_fields(dot, std::move(*value), node, std::span(node.names).subspan(1), command,
                           last);
  if (has_arguments(command, last))
    return error("can't give argument to non-function " + to_source(node));
  return value;
}

Result<Operand> Evaluator::evaluate_chain(const Operand& dot, const ChainNode& node,
                                          const CommandNode* command, const Operand& last) {
  at(node);
  at(*node.node);
  auto first = node.node->kind == NodeKind::pipe
                   ? evaluate_pipe(dot, as<PipeNode>(*node.node))
                   : evaluate_function(dot, as<IdentifierNode>(*node.node), *node.node, nullptr,
                                       Operand::absent());
  if (!first) return first;
  return evaluate_fields(dot, std::move(*first), node, node.fields, command, last);
}

Result<Operand> Evaluator::evaluate_fields(const Operand& dot, Operand receiver, const Node& node,
                                           std::span<const std::string> names,
                                           const CommandNode* command, const Operand& last) {
  for (const auto& name : names.first(names.size() - 1)) {
    auto field = evaluate_field(dot, receiver, node, name, nullptr, Operand::absent());
    if (!field) return field;
    receiver = std::move(*field);
  }
  // If the last one is a method, it gets the arguments.
  return evaluate_field(dot, receiver, node, names.back(), command, last);
}

Result<Operand> Evaluator::evaluate_field(const Operand& dot, const Operand& receiver,
                                          const Node& node, std::string_view name,
                                          const CommandNode* command, const Operand& last) {
  if (receiver.form == Operand::Form::invalid) return Operand();
  const auto& value = receiver.value;
  if (value.is_nil())
    return error("nil pointer evaluating " + std::string(receiver.type_text()) + "." +
                 std::string(name));
  if (const auto* method = find_method(value.type(), name))
    return call(dot, {*method, name, node, command, &value}, last);

  if (is_dict(value.type())) {
    if (auto spent = context_.budget().spend_bytes(name.size()); !spent)
      return error(spent.error().message);
    if (has_arguments(command, last))
      return error(std::string(name) + " is not a method but has arguments");
    // The keys, too, may come from a value.
    if (value.is_secret() || value.as_dict().secret) steering_.decided = true;
    const auto* found = value.as_dict().find(name);
    return found != nullptr ? Operand::element(value, *found) : Operand();
  }
  if (value.is_object()) {
    for (auto& [field, content] : value.as_object().fields()) {
      if (field != name) continue;
      if (has_arguments(command, last))
        return error(std::string(name) + " has arguments but cannot be invoked as function");
      return Operand::of(value.is_secret() ? content.as_secret() : content);
    }
  }
  return error("can't evaluate field " + std::string(name) + " in type " +
               std::string(receiver.type_text()));
}

}  // namespace bulla::tmpl
