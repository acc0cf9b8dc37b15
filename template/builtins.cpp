// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "template/builtins.hpp"
#include "template/format.hpp"
#include "template/function.hpp"

namespace bulla::tmpl {
namespace {

std::string type_of(const Value& value) { return std::string(type_name(value.type())); }

/// Go looks behind a pointer before it looks for a length.
std::string pointed_to(const Value& value) {
  const auto type = type_of(value);
  return type.starts_with('*') ? type.substr(1) : type;
}

Result<Value> not_(Context&, Arguments arguments) { return Value::boolean(!is_true(arguments[0])); }

// --- len, index -----------------------------------------------------------------------------

Result<Value> len(Context& context, Arguments arguments) {
  const auto& value = arguments[0];
  std::size_t size = 0;
  if (value.is_nil()) return context.failure("reflect: call of reflect.Value.Type on zero Value");
  if (value.is_string() || value.type() == Type::bytes)
    size = value.as_text().size();
  else if (is_list(value.type()))
    size = value.items().size();
  else if (is_dict(value.type()))
    size = value.as_dict().items.size();
  else
    return context.failure("len of type " + pointed_to(value));
  return Value::integer(static_cast<std::int64_t>(size));
}

/// A place in a list, checked against its size.
Result<std::size_t> position(const Context& context, const Value& index, std::size_t size) {
  const auto type = index.type();
  if (index.is_nil()) return context.failure("cannot index slice/array with nil");
  if (!is_signed_integer(type) && !is_unsigned_integer(type))
    return context.failure("cannot index slice/array with type " + type_of(index));
  const auto place = is_signed_integer(type)
                         ? index.as_integer()
                         : static_cast<std::int64_t>(index.as_unsigned_integer());
  if (place == static_cast<std::int64_t>(size))
    return context.failure("reflect: slice index out of range");
  if (place < 0 || static_cast<std::size_t>(place) > size)
    return context.failure("index out of range", "index out of range: " + std::to_string(place));
  return static_cast<std::size_t>(place);
}

/// What a dict gives for a key that it doesn't have.
Value zero_of(Type type) { return type == Type::string ? Value::string("") : Value(); }

Result<Value> index_dict(const Context& context, const Value& dict, const Value& key) {
  if (key.is_nil()) return context.failure("value is nil; should be of type string");
  if (!key.is_string())
    return context.failure("value has type " + type_of(key) + "; should be string");
  const auto* found = dict.as_dict().find(key.as_text());
  return found != nullptr ? *found : zero_of(element_type(dict.type()));
}

Result<Value> index(Context& context, Arguments arguments) {
  Value item = arguments[0];
  if (item.is_nil()) return context.failure("index of untyped nil");
  for (const auto& index : arguments.subspan(1)) {
    const auto type = item.type();
    if (item.is_nil()) return context.failure("index of nil pointer");
    if (is_dict(type)) {
      auto found = index_dict(context, item, index);
      if (!found) return found;
      item = std::move(*found);
    } else if (is_list(type)) {
      auto place = position(context, index, item.items().size());
      if (!place) return place.error();
      item = Value(item.items()[*place]);
    } else if (type == Type::string || type == Type::bytes) {
      auto place = position(context, index, item.as_text().size());
      if (!place) return place.error();
      const auto byte = static_cast<unsigned char>(item.as_text()[*place]);
      item = Value::unsigned_integer(Type::uint8, byte);
    } else {
      return context.failure("can't index item of type " + type_of(item));
    }
  }
  return item;
}

/// No value of a template is a function.
Result<Value> call(Context& context, Arguments arguments) {
  if (arguments[0].is_nil()) return context.failure("call of nil");
  return context.failure("non-function of type " + type_of(arguments[0]));
}

// --- printing and escaping ------------------------------------------------------------------

Result<Value> to_value(Result<SecretBuffer> text) {
  if (!text) return text.error();
  return Value::string(std::move(*text));
}

Result<Value> print(Context& context, Arguments arguments) {
  return to_value(go_sprint(context, arguments));
}
Result<Value> println(Context& context, Arguments arguments) {
  return to_value(go_sprintln(context, arguments));
}
Result<Value> printf(Context& context, Arguments arguments) {
  return to_value(go_sprintf(context, arguments[0].as_text(), arguments.subspan(1)));
}

/// What the escaping functions escape: their arguments as they would be printed.
Result<SecretBuffer> printed(const Context& context, Arguments arguments) {
  Values shown(arguments.begin(), arguments.end());
  for (auto& value : shown)
    if (value.is_nil()) value = Value::string("<no value>");
  return go_sprint(context, shown);
}

template <void (*escape)(SecretBuffer&, std::string_view)>
Result<Value> escaped(Context& context, Arguments arguments) {
  const auto text = printed(context, arguments);
  if (!text) return text.error();
  SecretBuffer out;
  escape(out, text->expose_secret_text());
  return Value::string(std::move(out));
}

// Go's own slice is not here: sprig's, which works on lists only, replaces it. and and or have no
// `run`, since they don't evaluate all of their arguments: see Evaluator::call_logic.
constexpr std::array<Function, 18> table = {{
    {"and", {{Type::reflected}, Type::reflected}, nullptr},
    {"or", {{Type::reflected}, Type::reflected}, nullptr},
    {"not", {Type::reflected}, not_},
    {"len", {Type::reflected}, len},
    {"index", {{Type::reflected}, Type::reflected}, index},
    {"call", {{Type::reflected}, Type::reflected}, call},
    {"print", {{}, Type::any}, print},
    {"println", {{}, Type::any}, println},
    {"printf", {{Type::string}, Type::any}, printf},
    {"html", {{}, Type::any}, escaped<append_html_escaped>},
    {"js", {{}, Type::any}, escaped<append_js_escaped>},
    {"urlquery", {{}, Type::any}, escaped<append_query_escaped>},
    {"eq", {{Type::reflected}, Type::reflected}, equal},
    {"ne", {Type::reflected, Type::reflected}, not_equal},
    {"lt", {Type::reflected, Type::reflected}, less},
    {"le", {Type::reflected, Type::reflected}, less_or_equal},
    {"gt", {Type::reflected, Type::reflected}, greater},
    {"ge", {Type::reflected, Type::reflected}, greater_or_equal},
}};

}  // namespace

std::span<const Function> builtin_functions() noexcept { return table; }

}  // namespace bulla::tmpl
