// SPDX-License-Identifier: Apache-2.0
#include "template/context.hpp"

namespace bulla::tmpl {
Context::~Context() {
  for (const auto& dict : dicts_) dict->items.clear();
}

std::shared_ptr<Dict> Context::new_dict(Type type) {
  auto dict = std::allocate_shared<Dict>(WipingAllocator<Dict>());
  dict->type = type;
  dicts_.push_back(dict);
  return dict;
}

Result<void> Context::afford_text(std::size_t bytes) const {
  if (bytes > limits().value_bytes_max)
    return budget_.bound("a text grows too long, in bytes", limits().value_bytes_max);
  if (bytes > budget_.memory().bytes_left()) return budget_.out_of_memory();
  return {};
}

Result<void> Context::afford_items(std::size_t items) const {
  if (items > limits().list_items_max)
    return budget_.bound("a list grows too long, in items", limits().list_items_max);
  if (items > budget_.memory().bytes_left() / sizeof(Value)) return budget_.out_of_memory();
  return {};
}

Result<void> Context::spend_on(std::span<const Value> arguments) {
  // Looking, too, is work: no further than the steps reach.
  const auto most = bytes_a_step * (budget_.steps_left() + 1);
  std::size_t bytes = 0;
  for (const auto& argument : arguments) bytes += weight(argument, most);
  return budget_.spend_bytes(bytes);
}

Result<void> Context::spend(const Value& value) {
  const auto type = value.type();
  if (type == Type::string || type == Type::bytes) {
    const auto bytes = value.as_text().size();
    if (bytes > limits().value_bytes_max)
      return budget_.bound("a text grows too long, in bytes", limits().value_bytes_max);
    return budget_.spend_bytes(bytes);
  }
  if (is_list(type) || is_dict(type)) {
    const auto items = is_list(type) ? value.items().size() : value.as_dict().items.size();
    if (items > limits().list_items_max)
      return budget_.bound("a list grows too long, in items", limits().list_items_max);
    if (value.depth() > limits().nesting_max)
      return budget_.bound("lists are nested too deeply", limits().nesting_max);
    return budget_.spend_bytes(items * item_weight);
  }
  return {};
}

Error Context::failure(std::string_view safe, std::string_view exact) const {
  return {Errc::invalid_input, std::string(secret_arguments_ ? safe : exact)};
}

}  // namespace bulla::tmpl
