// SPDX-License-Identifier: Apache-2.0
#include "template/context.hpp"

namespace bulla::tmpl {
namespace {

Error bound(std::string what, std::size_t most) {
  return {Errc::invalid_input, std::move(what) + " (at most " + std::to_string(most) + ")"};
}

}  // namespace

Context::~Context() {
  for (const auto& dict : dicts_) dict->items.clear();
}

std::shared_ptr<Dict> Context::new_dict(Type type) {
  auto dict = std::make_shared<Dict>();
  dict->type = type;
  dicts_.push_back(dict);
  return dict;
}

Result<void> Context::afford_text(std::size_t bytes) const {
  if (bytes > limits_.value_bytes_max)
    return bound("a text grows too long, in bytes", limits_.value_bytes_max);
  if (bytes > limits_.total_bytes_max - bytes_)
    return bound("the template's values take too much memory, in bytes", limits_.total_bytes_max);
  return {};
}

Result<void> Context::afford_items(std::size_t items) const {
  if (items > limits_.list_items_max)
    return bound("a list grows too long, in items", limits_.list_items_max);
  if (items > (limits_.total_bytes_max - bytes_) / sizeof(Value))
    return bound("the template's values take too much memory, in bytes", limits_.total_bytes_max);
  return {};
}

Result<void> Context::spend_steps(std::size_t steps) {
  if (steps > limits_.steps_max - steps_)
    return bound("the template takes too many steps", limits_.steps_max);
  steps_ += steps;
  return {};
}

Result<void> Context::spend(const Value& value) {
  const auto type = value.type();
  if (type == Type::string || type == Type::bytes) {
    const auto bytes = value.as_text().size();
    if (auto affordable = afford_text(bytes); !affordable) return affordable;
    bytes_ += bytes;
  } else if (is_list(type) || is_dict(type)) {
    const auto items = is_list(type) ? value.items().size() : value.as_dict().items.size();
    if (auto affordable = afford_items(items); !affordable) return affordable;
    if (value.depth() > limits_.nesting_max)
      return bound("lists are nested too deeply", limits_.nesting_max);
    bytes_ += items * sizeof(Value);
  }
  return {};
}

Error Context::failure(std::string_view safe, std::string_view exact) const {
  return {Errc::invalid_input, std::string(secret_arguments_ ? safe : exact)};
}

}  // namespace bulla::tmpl
