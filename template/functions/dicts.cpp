// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "template/functions/common.hpp"

// Maps from strings. `set`, `unset` and the merges change the map that they are given.
namespace bulla::tmpl {
namespace {

Result<Value> dict(Context& context, Arguments arguments) {
  auto out = context.new_dict();
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    auto key = text_of(context, arguments[i]);
    if (!key) return std::move(key).error();
    out->set(key->view(), i + 1 < arguments.size() ? arguments[i + 1] : Value::string(""));
  }
  return Value::dict(std::move(out));
}

Result<Value> get(Context&, Arguments arguments) {
  const auto* found = arguments[0].as_dict().find(arguments[1].as_text());
  return found != nullptr ? *found : Value::string("");
}

Result<Value> set(Context& context, Arguments arguments) {
  if (arguments[0].is_nil_container()) return context.failure("assignment to entry in nil map");
  arguments[0].shared_dict()->set(arguments[1].as_text(), arguments[2]);
  return arguments[0];
}

Result<Value> unset(Context&, Arguments arguments) {
  if (arguments[0].is_nil_container()) return arguments[0];
  auto& items = arguments[0].shared_dict()->items;
  if (const auto found = items.find(arguments[1].as_text()); found != items.end())
    items.erase(found);
  return arguments[0];
}

Result<Value> has_key(Context&, Arguments arguments) {
  return Value::boolean(arguments[0].as_dict().find(arguments[1].as_text()) != nullptr);
}

Result<Value> pluck(Context&, Arguments arguments) {
  Values out;
  for (const auto& argument : arguments.subspan(1)) {
    if (const auto* found = argument.as_dict().find(arguments[0].as_text()); found != nullptr)
      out.push_back(*found);
  }
  return Value::list(std::move(out));
}

Result<Value> keys(Context& context, Arguments arguments) {
  Values out;
  for (const auto& argument : arguments) {
    const auto& items = argument.as_dict().items;
    if (auto affordable = context.afford_items(out.size() + items.size()); !affordable)
      return std::move(affordable).error();
    for (const auto& item : items) out.push_back(Value::string(item.first));
  }
  return Value::list(Type::string_list, std::move(out));
}

Result<Value> values(Context&, Arguments arguments) {
  Values out;
  for (const auto& item : arguments[0].as_dict().items) out.push_back(item.second);
  return Value::list(std::move(out));
}

Result<Value> pick(Context& context, Arguments arguments) {
  auto out = context.new_dict();
  for (const auto& key : arguments.subspan(1)) {
    if (const auto* found = arguments[0].as_dict().find(key.as_text()); found != nullptr)
      out->set(key.as_text(), *found);
  }
  return Value::dict(std::move(out));
}

Result<Value> omit(Context& context, Arguments arguments) {
  auto out = context.new_dict();
  out->items = arguments[0].as_dict().items;
  for (const auto& key : arguments.subspan(1)) {
    if (const auto found = out->items.find(key.as_text()); found != out->items.end())
      out->items.erase(found);
  }
  return Value::dict(std::move(out));
}

Result<Value> dig(Context& context, Arguments arguments) {
  if (arguments.size() < 3) return context.failure("dig needs at least three arguments");
  const auto wrong = [&](const Value& value, std::string_view wanted) {
    return context.failure("interface conversion: interface {} is " +
                           std::string(value.is_nil() ? "nil" : type_name(value.type())) +
                           ", not " + std::string(wanted));
  };
  auto here = arguments.back();
  const auto& otherwise = arguments[arguments.size() - 2];
  const auto path = arguments.first(arguments.size() - 2);
  for (const auto& key : path) {
    if (!key.is_string()) return wrong(key, "string");
  }
  for (const auto& key : path) {
    if (here.type() != Type::any_dict) return wrong(here, "map[string]interface {}");
    const auto* found = here.as_dict().find(key.as_text());
    if (found == nullptr) return otherwise;
    auto next = *found;
    here = std::move(next);
  }
  return here;
}

constexpr auto a_dict = Type::any_dict;

constexpr Function table[] = {
    {"dict", {{}, Type::any}, dict},
    {"dig", {{}, Type::any}, dig},
    {"get", {a_dict, Type::string}, get},
    {"hasKey", {a_dict, Type::string}, has_key},
    {"keys", {{}, a_dict}, keys},
    {"omit", {{a_dict}, Type::string}, omit},
    {"pick", {{a_dict}, Type::string}, pick},
    {"pluck", {{Type::string}, a_dict}, pluck},
    {"set", {a_dict, Type::string, Type::any}, set},
    {"unset", {a_dict, Type::string}, unset},
    {"values", {a_dict}, values},
};

}  // namespace

std::span<const Function> dict_functions() noexcept { return table; }

}  // namespace bulla::tmpl
