// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <new>

#include "template/evaluator.hpp"
#include "template/format.hpp"

namespace bulla::tmpl {
namespace {

std::span<const NodePtr> arguments_of(const CommandNode* command) noexcept {
  if (command == nullptr) return {};
  return std::span(command->arguments).subspan(1);
}

bool can_be_nil(Type type) noexcept {
  return type == Type::any || type == Type::reflected || is_list(type) || is_dict(type);
}

/// An untyped nil as an argument of that type.
Value nil_argument(Type type) {
  return is_list(type) || is_dict(type) ? Value::nil_of(type) : Value();
}

/// The type of the argument at `index`, counted from 0.
Type parameter(const Signature& signature, std::size_t index) noexcept {
  const auto fixed = signature.fixed();
  return index < fixed.size() ? fixed[index] : signature.rest();
}

}  // namespace

Result<Operand> Evaluator::evaluate_function(const Operand& dot, const IdentifierNode& node,
                                             const Node& place, const CommandNode* command,
                                             const Operand& last) {
  at(node);
  const auto* function = find_function(node.name);
  BULLA_ASSERT(function != nullptr);  // the parser refuses what doesn't exist
  return call(dot, {*function, node.name, place, command, nullptr}, last);
}

Result<void> Evaluator::check_count(const Call& call, std::size_t given, bool piped) {
  const auto& signature = call.function.signature;
  const std::size_t own = call.receiver != nullptr ? 1 : 0;
  const auto wanted = signature.fixed().size() - own;
  const auto total = given + (piped ? 1 : 0);
  const auto wrong = "wrong number of args for " + std::string(call.name) + ": want ";
  if (signature.variadic()) {
    if (total < wanted)
      return error(wrong + "at least " + std::to_string(wanted) + " got " + std::to_string(given));
  } else if (total != wanted) {
    return error(wrong + std::to_string(wanted) + " got " + std::to_string(total));
  }
  return {};
}

Result<Operand> Evaluator::call(const Operand& dot, const Call& call, const Operand& last) {
  const auto nodes = arguments_of(call.command);
  if (auto checked = check_count(call, nodes.size(), !last.is_absent()); !checked)
    return checked.error();
  if (call.function.run == nullptr) return call_logic(dot, call, last);

  const auto& signature = call.function.signature;
  Values arguments;
  if (call.receiver != nullptr) arguments.push_back(*call.receiver);
  for (const auto& node : nodes) {
    auto argument = evaluate_argument(dot, parameter(signature, arguments.size()), *node);
    if (!argument) return argument.error();
    arguments.push_back(std::move(*argument));
  }
  if (!last.is_absent()) {
    auto argument = validate(last, parameter(signature, arguments.size()));
    if (!argument) return argument.error();
    arguments.push_back(std::move(*argument));
  }

  return run(call, arguments);
}

/// Charges for the call and runs it, bounds included, whatever the function is.
/// Libraries throw at what they won't take, and when there is no memory; a program, which chooses
/// the arguments, must not end the process by either.
Result<Value> Evaluator::run_guarded(const Function& function, Arguments arguments) {
  try {
    if (auto spent = context_.spend_on(arguments); !spent) return std::move(spent).error();
    auto result = function.run(context_, arguments);
    if (!result) return result;
    if (auto spent = context_.spend(*result); !spent) return std::move(spent).error();
    return result;
  } catch (const std::bad_alloc&) {
    return context_.budget().out_of_memory();
  } catch (const std::exception&) {  // its text may hold an argument
    // OpenSSL was told to stop looking for primes.
    if (!context_.has_time()) return context_.budget().check_time().error();
    return Error{Errc::invalid_input, "these arguments can't be used"};
  }
}

/// Runs the function, and marks what it makes of secrets.
Result<Operand> Evaluator::run(const Call& call, Arguments arguments) {
  const bool secret = std::any_of(arguments.begin(), arguments.end(), holds_secret);
  context_.set_secret_arguments(secret);
  auto result = run_guarded(call.function, arguments);
  if (!result) return call_failed(call, secret, result.error());
  note_call(call.function, secret);
  if (!secret && !makes_secrets(call.function)) return Operand::of(std::move(*result));
  // A function such as set changes a dict that it was given.
  for (const auto& argument : arguments)
    if (is_dict(argument.type()) && argument.shared_dict()) argument.shared_dict()->secret = true;
  return Operand::of(result->as_secret());
}

/// The place of the first call that a value made fail is one of a kind, so it may be told. Which of
/// the function's reasons it was may not: a program can choose among them by a value.
Error Evaluator::call_failed(const Call& call, bool secret, const Error& why) {
  const bool may_tell = !secret || errors_ == RunErrors::full;
  at(call.node);
  auto failed = error("error calling " + std::string(call.name) + ": " +
                      (may_tell ? why.message : "why depends on sealed values"));
  note_call(call.function, secret);
  return failed;
}

/// Of a call that has ended. That it didn't fail tells something, too.
void Evaluator::note_call(const Function& function, bool secret) noexcept {
  steering_.measured = steering_.measured || secret;
  if (secret && !steering_.decided) steering_.decided = !never_fails(function);
}

/// and, or: the first argument that decides, and no argument after it is evaluated.
Result<Operand> Evaluator::call_logic(const Operand& dot, const Call& call, const Operand& last) {
  const bool deciding = call.name == "or";
  Value value;
  for (const auto& node : arguments_of(call.command)) {
    auto argument = evaluate_argument(dot, Type::reflected, *node);
    if (!argument) return argument.error();
    value = std::move(*argument);
    decided_by(value);
    if (is_true(value) == deciding) return Operand::of(std::move(value));
  }
  return last.is_absent() ? Operand::of(std::move(value)) : last;
}

Result<Value> Evaluator::evaluate_argument(const Operand& dot, Type type, const Node& node) {
  at(node);
  const auto checked = [&](Result<Operand> operand) -> Result<Value> {
    if (!operand) return operand.error();
    return validate(*operand, type);
  };
  const auto none = Operand::absent();
  switch (node.kind) {
    case NodeKind::dot: return validate(dot, type);
    case NodeKind::nil:
      if (can_be_nil(type)) return nil_argument(type);
      return error("cannot assign nil to " + std::string(type_name(type)));
    case NodeKind::field:
      return checked(evaluate_field_node(dot, as<NamesNode>(node), nullptr, none));
    case NodeKind::variable:
      return checked(evaluate_variable(dot, as<NamesNode>(node), nullptr, none));
    case NodeKind::pipe: return checked(evaluate_pipe(dot, as<PipeNode>(node)));
    case NodeKind::identifier:
      return checked(evaluate_function(dot, as<IdentifierNode>(node), node, nullptr, none));
    case NodeKind::chain: return checked(evaluate_chain(dot, as<ChainNode>(node), nullptr, none));
    default: return literal_argument(type, node);
  }
}

Result<Value> Evaluator::literal_argument(Type type, const Node& node) {
  const auto found = [&](const char* expected) {
    return error("expected " + std::string(expected) + "; found " + to_source(node));
  };
  const auto plain = [](Result<Operand> operand) -> Result<Value> {
    if (!operand) return operand.error();
    return std::move(operand->value);
  };
  const auto* number = node.kind == NodeKind::number ? &as<NumberNode>(node) : nullptr;
  if (type == Type::any || type == Type::reflected) {
    if (number != nullptr) return plain(evaluate_number(*number));
    if (node.kind == NodeKind::boolean) return Value::boolean(as<BooleanNode>(node).value);
    return plain(literal_string(as<StringNode>(node)));
  }
  if (type == Type::boolean) {
    if (node.kind != NodeKind::boolean) return found("bool");
    return Value::boolean(as<BooleanNode>(node).value);
  }
  if (type == Type::string) {
    if (node.kind != NodeKind::string) return found("string");
    return plain(literal_string(as<StringNode>(node)));
  }
  if (is_signed_integer(type)) {
    if (number == nullptr || !number->is_integer) return found("integer");
    return Value::integer(type, number->integer);
  }
  if (is_unsigned_integer(type)) {
    if (number == nullptr || !number->is_unsigned) return found("unsigned integer");
    const auto mask = type == Type::uint32 ? 0xFFFFFFFFU : ~std::uint64_t{0};
    return Value::unsigned_integer(type, number->unsigned_integer & mask);
  }
  if (type == Type::float64) {
    if (number == nullptr || !number->is_real) return found("float");
    return Value::real(number->real);
  }
  return error("can't handle " + to_source(node) + " for arg of type " +
               std::string(type_name(type)));
}

Result<Value> Evaluator::validate(const Operand& operand, Type type) {
  const auto& value = operand.value;
  if (operand.form == Operand::Form::invalid) {
    if (can_be_nil(type)) return nil_argument(type);
    return error("invalid value; expected " + std::string(type_name(type)));
  }
  if (type == Type::any || type == Type::reflected || value.type() == type) return value;
  const auto got = value.is_nil() ? operand.type_text() : type_name(value.type());
  return error("wrong type for value; expected " + std::string(type_name(type)) + "; got " +
               std::string(got));
}

}  // namespace bulla::tmpl
