// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "template/functions/common.hpp"

// What stands in for what is missing.
namespace bulla::tmpl {
namespace {

Result<Value> default_(Context&, Arguments arguments) {
  return arguments.size() > 1 && !is_empty(arguments[1]) ? arguments[1] : arguments[0];
}

Result<Value> empty(Context&, Arguments arguments) {
  return Value::boolean(is_empty(arguments[0]));
}

Result<Value> coalesce(Context&, Arguments arguments) {
  const auto found = std::find_if_not(arguments.begin(), arguments.end(), is_empty);
  return found == arguments.end() ? Value() : *found;
}

Result<Value> all(Context&, Arguments arguments) {
  return Value::boolean(std::none_of(arguments.begin(), arguments.end(), is_empty));
}

Result<Value> any(Context&, Arguments arguments) {
  return Value::boolean(!std::all_of(arguments.begin(), arguments.end(), is_empty));
}

Result<Value> ternary(Context&, Arguments arguments) {
  return arguments[2].as_boolean() ? arguments[0] : arguments[1];
}

constexpr Function table[] = {
    {"all", {{}, Type::any}, all},
    {"any", {{}, Type::any}, any},
    {"coalesce", {{}, Type::any}, coalesce},
    {"default", {{Type::any}, Type::any}, default_},
    {"empty", {Type::any}, empty},
    {"ternary", {Type::any, Type::any, Type::boolean}, ternary},
};

}  // namespace

std::span<const Function> default_functions() noexcept { return table; }

}  // namespace bulla::tmpl
