// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "template/functions/common.hpp"

// Lists of any type to new ones: no function changes the list that it is given.
namespace bulla::tmpl {
namespace {

bool is_slice(const Value& value) noexcept {
  return is_list(value.type()) || value.type() == Type::bytes;
}

/// The elements, or why there are none: `doing` is what sprig says it can't do with other types.
Result<Values> elements(Context& context, const Value& value, std::string_view doing) {
  if (is_slice(value)) return elements_of(value);
  if (value.is_nil()) return context.failure("nil is no list");
  return context.failure("Cannot " + std::string(doing) + " type " +
                         std::string(kind_name(value.type())));
}

Result<Value> list(Context&, Arguments arguments) {
  return Value::list(Values(arguments.begin(), arguments.end()));
}

Result<Value> append(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "push on");
  if (!items) return std::move(items).error();
  items->push_back(arguments[1]);
  return Value::list(std::move(*items));
}

Result<Value> prepend(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "prepend on");
  if (!items) return std::move(items).error();
  items->insert(items->begin(), arguments[1]);
  return Value::list(std::move(*items));
}

Result<Value> first(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find first on");
  if (!items) return std::move(items).error();
  return items->empty() ? Value() : items->front();
}

Result<Value> last(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find last on");
  if (!items) return std::move(items).error();
  return items->empty() ? Value() : items->back();
}

Result<Value> rest(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find rest on");
  if (!items) return std::move(items).error();
  if (items->empty()) return Value::nil_of(Type::any_list);
  items->erase(items->begin());
  return Value::list(std::move(*items));
}

Result<Value> initial(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find initial on");
  if (!items) return std::move(items).error();
  if (items->empty()) return Value::nil_of(Type::any_list);
  items->pop_back();
  return Value::list(std::move(*items));
}

Result<Value> reverse(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find reverse on");
  if (!items) return std::move(items).error();
  std::reverse(items->begin(), items->end());
  return Value::list(std::move(*items));
}

Result<Value> compact(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "compact on");
  if (!items) return std::move(items).error();
  std::erase_if(*items, [](const Value& item) { return is_empty(item); });
  return Value::list(std::move(*items));
}

/// Whether `item` is among `items`.
template <class Items>
Result<bool> is_among(Context& context, const Value& item, const Items& items) {
  // Lists are compared each with each, which adds up.
  if (auto spent = context.spend_steps(items.size() / 16); !spent) return std::move(spent).error();
  for (const auto& other : items) {
    auto same = deep_equal(context, item, other);
    if (!same || *same) return same;
  }
  return false;
}

Result<Value> uniq(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find uniq on");
  if (!items) return std::move(items).error();
  Values out;
  for (const auto& item : *items) {
    auto seen = is_among(context, item, out);
    if (!seen) return std::move(seen).error();
    if (!*seen) out.push_back(item);
  }
  return Value::list(std::move(out));
}

Result<Value> without(Context& context, Arguments arguments) {
  auto items = elements(context, arguments[0], "find without on");
  if (!items) return std::move(items).error();
  Values out;
  for (const auto& item : *items) {
    auto omitted = is_among(context, item, arguments.subspan(1));
    if (!omitted) return std::move(omitted).error();
    if (!*omitted) out.push_back(item);
  }
  return Value::list(std::move(out));
}

Result<Value> has(Context& context, Arguments arguments) {
  if (arguments[1].is_nil()) return Value::boolean(false);
  auto items = elements(context, arguments[1], "find has on");
  if (!items) return std::move(items).error();
  auto found = is_among(context, arguments[0], *items);
  if (!found) return std::move(found).error();
  return Value::boolean(*found);
}

Result<Value> slice(Context& context, Arguments arguments) {
  const auto& value = arguments[0];
  if (value.is_nil()) return context.failure("nil is no list");
  if (!is_slice(value))
    return context.failure("list should be type of slice or array but " +
                           std::string(kind_name(value.type())));
  const auto items = elements_of(value);
  if (items.empty()) return Value();
  const auto size = static_cast<std::int64_t>(items.size());
  const auto begin = arguments.size() > 1 ? to_int64(arguments[1]) : 0;
  const auto end = arguments.size() > 2 ? to_int64(arguments[2]) : size;
  if (begin < 0 || begin > end || end > size)
    return context.failure("reflect.Value.Slice: slice index out of bounds");
  const auto first = static_cast<std::size_t>(begin);
  const auto count = static_cast<std::size_t>(end - begin);
  if (value.type() == Type::bytes) return Value::bytes(Text(value.as_text().substr(first, count)));
  const auto from = items.begin() + static_cast<std::ptrdiff_t>(first);
  return Value::list(value.type(), Values(from, from + static_cast<std::ptrdiff_t>(count)));
}

Result<Value> concat(Context& context, Arguments arguments) {
  Values out;
  for (const auto& argument : arguments) {
    if (argument.is_nil()) return context.failure("nil is no list");
    if (!is_slice(argument))
      return context.failure("Cannot concat type " + std::string(kind_name(argument.type())) +
                             " as list");
    auto items = elements_of(argument);
    if (auto affordable = context.afford_items(out.size() + items.size()); !affordable)
      return std::move(affordable).error();
    out.insert(out.end(), items.begin(), items.end());
  }
  return out.empty() ? Value::nil_of(Type::any_list) : Value::list(std::move(out));
}

Result<Value> chunk(Context& context, Arguments arguments) {
  const auto size = arguments[0].as_integer();
  auto items = elements(context, arguments[1], "chunk");
  if (!items) return std::move(items).error();
  if (size < 1) return context.failure("a chunk must have at least one item");
  Values out;
  for (auto from = items->begin(); from != items->end();) {
    const auto to = from + std::min<std::int64_t>(size, items->end() - from);
    out.push_back(Value::list(Values(from, to)));
    from = to;
  }
  return Value::list(Type::list_list, std::move(out));
}

constexpr auto any = Type::any;

constexpr Function table[] = {
    {"append", {any, any}, append},
    {"chunk", {Type::int_, any}, chunk},
    {"compact", {any}, compact},
    {"concat", {{}, any}, concat},
    {"first", {any}, first},
    {"has", {any, any}, has},
    {"initial", {any}, initial},
    {"last", {any}, last},
    {"list", {{}, any}, list},
    {"mustAppend", {any, any}, append},
    {"mustChunk", {Type::int_, any}, chunk},
    {"mustCompact", {any}, compact},
    {"mustFirst", {any}, first},
    {"mustHas", {any, any}, has},
    {"mustInitial", {any}, initial},
    {"mustLast", {any}, last},
    {"mustPrepend", {any, any}, prepend},
    {"mustPush", {any, any}, append},
    {"mustRest", {any}, rest},
    {"mustReverse", {any}, reverse},
    {"mustSlice", {{any}, any}, slice},
    {"mustUniq", {any}, uniq},
    {"mustWithout", {{any}, any}, without},
    {"prepend", {any, any}, prepend},
    {"push", {any, any}, append},
    {"rest", {any}, rest},
    {"reverse", {any}, reverse},
    {"slice", {{any}, any}, slice},
    {"tuple", {{}, any}, list},
    {"uniq", {any}, uniq},
    {"without", {{any}, any}, without},
};

}  // namespace

std::span<const Function> list_functions() noexcept { return table; }

}  // namespace bulla::tmpl
