// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <utility>

#include "template/evaluator.hpp"
#include "template/format.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {

namespace {

/// `part`, secret if what it is a part of is.
Operand marked(const Value& whole, const Value& part) {
  return Operand::of(whole.is_secret() ? part.as_secret() : part);
}

}  // namespace

Result<void> Evaluator::run(const Value& data) {
  try {
    return walk_root(data);
  } catch (const std::bad_alloc&) {
    return error(context_.budget().out_of_memory().message);
  }
}

Result<void> Evaluator::walk_root(const Value& data) {
  variables_ = {{"$", Operand::of(data)}};
  const auto root = tree_.templates.find(tree_.name);
  BULLA_ASSERT(root != tree_.templates.end());
  if (auto walked = walk(Operand::of(data), *root->second); !walked) return walked.error();
  return {};
}

Error Evaluator::error(std::string_view what) {
  failed_steered_ =
      steering_.decided || (steering_.measured && context_.budget().reached_a_bound());
  if (node_ == nullptr) return {Errc::invalid_input, std::string(what)};
  const std::string_view before = std::string_view(tree_.text).substr(0, node_->position);
  const auto newline = before.rfind('\n');
  const auto column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  std::size_t line = 1;
  for (const char c : before) line += c == '\n' ? 1 : 0;
  std::string message = "template: " + tree_.name + ":" + std::to_string(line) + ":" +
                        std::to_string(column) + ": executing " + go_quoted(name_) + " at <" +
                        to_source(*node_) + ">: ";
  message += what;
  return {Errc::invalid_input, std::move(message)};
}

Error Evaluator::too_deep() {
  return error("exceeded maximum template depth (" + std::to_string(depth_) + ")");
}

Result<void> Evaluator::step() {
  if (auto spent = context_.spend_steps(1); !spent) return error(spent.error().message);
  return {};
}

Result<Evaluator::Flow> Evaluator::walk(const Operand& dot, const Node& node) {
  at(node);
  if (auto counted = step(); !counted) return counted.error();
  switch (node.kind) {
    case NodeKind::text:
      if (auto written = write(as<TextNode>(node).text); !written) return written.error();
      return Flow::next;
    case NodeKind::action: {
      // Variables declared here live until the block ends; a declaration prints nothing.
      const auto& action = as<ActionNode>(node);
      auto operand = evaluate_pipe(dot, *action.pipe);
      if (!operand) return operand.error();
      if (!action.pipe->declared.empty()) return Flow::next;
      if (auto printed = print(action, *operand); !printed) return printed.error();
      return Flow::next;
    }
    case NodeKind::list: return walk_list(dot, as<ListNode>(node));
    case NodeKind::if_:
    case NodeKind::with: return walk_if_or_with(dot, as<BranchNode>(node));
    case NodeKind::range: return walk_range(dot, as<BranchNode>(node));
    case NodeKind::template_: return walk_template(dot, as<TemplateNode>(node));
    case NodeKind::break_: return Flow::break_;
    case NodeKind::continue_: return Flow::continue_;
    default: BULLA_ASSERT(false && "only these stand in a list"); return Flow::next;
  }
}

Result<Evaluator::Flow> Evaluator::walk_list(const Operand& dot, const ListNode& list) {
  if (depth_ == context_.limits().depth_max) return too_deep();
  ++depth_;
  for (const auto& node : list.nodes) {
    auto flow = walk(dot, *node);
    if (!flow || *flow != Flow::next) {
      --depth_;
      return flow;
    }
  }
  --depth_;
  return Flow::next;
}

Result<Evaluator::Flow> Evaluator::walk_if_or_with(const Operand& dot, const BranchNode& node) {
  const auto mark = variables_.size();
  auto operand = evaluate_pipe(dot, *node.pipe);
  if (!operand) return operand.error();
  decided_by(operand->value);
  Result<Flow> flow = Flow::next;
  if (is_true(operand->value))
    flow = walk(node.kind == NodeKind::with ? *operand : dot, *node.list);
  else if (node.else_list)
    flow = walk(dot, *node.else_list);
  variables_.resize(mark);
  return flow;
}

Result<Evaluator::Flow> Evaluator::walk_range(const Operand& dot, const BranchNode& node) {
  at(node);
  const auto mark = variables_.size();
  auto operand = evaluate_pipe(dot, *node.pipe);
  if (!operand) return operand.error();
  decided_by(operand->value);
  auto ran = range_over(node, operand->value);
  if (!ran) return ran.error();
  Result<Flow> flow = Flow::next;
  if (!*ran && node.else_list) flow = walk(dot, *node.else_list);
  variables_.resize(mark);
  return flow;
}

/// Whether there was anything to range over.
Result<bool> Evaluator::range_over(const BranchNode& node, const Value& value) {
  const auto type = value.type();
  if (value.is_nil()) return false;
  if (is_dict(type)) return range_over_dict(node, value);
  if (is_signed_integer(type) || is_unsigned_integer(type)) return range_over_number(node, value);
  if (!is_list(type) && type != Type::bytes)
    return error("range can't iterate over a value of type " + std::string(type_name(type)));

  const auto size = is_list(type) ? value.items().size() : value.as_text().size();
  for (std::size_t i = 0; i < size; ++i) {
    const auto index = Value::integer(static_cast<std::int64_t>(i));
    const auto element =
        is_list(type)
            ? Operand::element(value, value.items()[i])
            : marked(value, Value::unsigned_integer(
                                Type::uint8, static_cast<unsigned char>(value.as_text()[i])));
    auto more = turn(node, marked(value, index), element);
    if (!more) return more.error();
    if (!*more) break;
  }
  return size > 0;
}

Result<bool> Evaluator::range_over_dict(const BranchNode& node, const Value& value) {
  if (auto spent = context_.budget().spend_bytes(value.as_dict().items.size() * item_weight);
      !spent)
    return error(spent.error().message);
  // What the body changes in the dict doesn't change the walk over it.
  const std::vector<std::pair<Text, Value>, WipingAllocator<std::pair<Text, Value>>> items(
      value.as_dict().items.begin(), value.as_dict().items.end());
  const bool secret = value.is_secret() || value.as_dict().secret;
  for (const auto& [key, element] : items) {
    const auto name = Value::string(key);
    auto more =
        turn(node, Operand::of(secret ? name.as_secret() : name), Operand::element(value, element));
    if (!more) return more.error();
    if (!*more) break;
  }
  return !items.empty();
}

Result<bool> Evaluator::range_over_number(const BranchNode& node, const Value& value) {
  const auto type = value.type();
  if (node.pipe->declared.size() > 1)
    return error("can't use a value of type " + std::string(type_name(type)) +
                 " to iterate over more than one variable");
  if (is_unsigned_integer(type)) {
    for (std::uint64_t i = 0; i < value.as_unsigned_integer(); ++i) {
      auto more = turn(node, Operand(), marked(value, Value::unsigned_integer(type, i)));
      if (!more) return more.error();
      if (!*more) return true;
    }
    return value.as_unsigned_integer() > 0;
  }
  for (std::int64_t i = 0; i < value.as_integer(); ++i) {
    auto more = turn(node, Operand(), marked(value, Value::integer(type, i)));
    if (!more) return more.error();
    if (!*more) return true;
  }
  return value.as_integer() > 0;
}

Result<bool> Evaluator::turn(const BranchNode& node, Operand index, const Operand& element) {
  if (auto counted = step(); !counted) return counted.error();
  const auto mark = variables_.size();
  const auto& declared = node.pipe->declared;
  // With two variables the index comes first; with one it is the element.
  if (node.pipe->is_assignment) {
    if (declared.size() > 1) {
      if (auto assigned = assign(declared[0], index); !assigned) return assigned.error();
    }
    if (auto assigned = assign(declared.back(), element); !assigned) return assigned.error();
  } else {
    if (declared.size() > 1) variables_[mark - 2].operand = std::move(index);
    if (!declared.empty()) variables_[mark - 1].operand = element;
  }
  auto flow = walk(element, *node.list);
  if (!flow) return flow.error();
  variables_.resize(mark);
  return *flow != Flow::break_;
}

Result<Evaluator::Flow> Evaluator::walk_template(const Operand& dot, const TemplateNode& node) {
  at(node);
  const auto found = tree_.templates.find(node.name);
  if (found == tree_.templates.end())
    return error("template " + go_quoted(node.name) + " not defined");
  if (depth_ == context_.limits().depth_max) return too_deep();
  Operand argument;
  if (node.pipe) {
    auto operand = evaluate_pipe(dot, *node.pipe);
    if (!operand) return operand.error();
    argument = std::move(*operand);
    at(node);
  }
  // A template sees its argument and none of the caller's variables.
  auto outer_variables = std::exchange(variables_, {{"$", argument}});
  const auto outer_name = std::exchange(name_, found->first);
  auto flow = walk(argument, *found->second);
  if (!flow) return flow;  // the error has named its place already
  variables_ = std::move(outer_variables);
  name_ = outer_name;
  return Flow::next;
}

Result<void> Evaluator::print(const ActionNode& node, const Operand& operand) {
  at(node);
  if (operand.form == Operand::Form::invalid) return write("<no value>");
  steering_.measured = steering_.measured || holds_secret(operand.value);
  if (operand.value.is_string()) return write(operand.value.as_text());
  if (auto spent = context_.spend_on(std::span(&operand.value, 1)); !spent)
    return error(spent.error().message);
  auto text = go_to_string(context_, operand.value);
  if (!text) return error(text.error().message);
  return write(text->expose_secret_text());
}

Result<void> Evaluator::write(std::string_view text) {
  if (auto spent = context_.budget().spend_output(text.size()); !spent)
    return error(spent.error().message);
  out_.append(text);
  return {};
}

}  // namespace bulla::tmpl
