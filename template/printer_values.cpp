// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "base/clock.hpp"
#include "template/format.hpp"
#include "template/printer.hpp"

namespace bulla::tmpl {
namespace {

constexpr std::array<std::string_view, 12> month_names = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> weekday_names = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

template <std::size_t size>
std::string name_of(const std::array<std::string_view, size>& names, std::string_view type,
                    std::int64_t index) {
  if (index >= 0 && static_cast<std::size_t>(index) < size)
    return std::string(names[static_cast<std::size_t>(index)]);
  return "%!" + std::string(type) + "(" + std::to_string(index) + ")";
}

/// The String method of an integer type that has one.
std::optional<std::string> integer_name(const Value& value) {
  switch (value.type()) {
    case Type::duration: return format_go_duration(std::chrono::nanoseconds(value.as_integer()));
    case Type::month: {
      const auto month = value.as_integer();
      return month >= 1 && month <= 12 ? name_of(month_names, "Month", month - 1)
                                       : name_of(month_names, "Month", month + 100);
    }
    case Type::weekday: return name_of(weekday_names, "Weekday", value.as_integer());
    default: return std::nullopt;
  }
}

}  // namespace

void Printer::argument(const Value& operand, char32_t verb) {
  if (operand.is_nil()) {
    if (verb == 'T' || verb == 'v')
      pad("<nil>");
    else
      bad_verb(operand, verb);
    return;
  }
  if (verb == 'T') {
    text(operand, type_name(operand.type()), 's');
    return;
  }
  const auto type = operand.type();
  const bool simple = type <= Type::bytes;
  if (verb == 'w' && !simple) return bad_verb(operand, verb);  // only for fmt.Errorf
  if (!stringer(operand, verb)) value(operand, verb, 0);
}

bool Printer::stringer(const Value& operand, char32_t verb) {
  if (in_bad_verb_ || flags_.sharp_v) return false;
  if (verb != 'v' && verb != 's' && verb != 'x' && verb != 'X' && verb != 'q') return false;
  if (operand.is_object()) {
    const auto own = operand.as_object().to_string();
    if (own) text(operand, own->expose_secret_text(), verb);
    return own.has_value();
  }
  const auto own = integer_name(operand);
  if (own) text(operand, *own, verb);
  return own.has_value();
}

void Printer::value(const Value& operand, char32_t verb, std::size_t depth) {
  if (depth > context_.limits().nesting_max || out_.size() > context_.limits().value_bytes_max) {
    too_deep_ = too_deep_ || depth > context_.limits().nesting_max;
    return;
  }
  if (depth > 0 && stringer(operand, verb)) return;
  const auto type = operand.type();
  if (is_signed_integer(type)) {
    integer(operand, static_cast<std::uint64_t>(operand.as_integer()), true, verb);
  } else if (is_unsigned_integer(type)) {
    integer(operand, operand.as_unsigned_integer(), false, verb);
  } else if (is_list(type)) {
    list(operand, verb, depth);
  } else if (is_dict(type)) {
    dict(operand, verb, depth);
  } else if (operand.is_object()) {
    object(operand, verb, depth);
  } else if (type == Type::boolean) {
    boolean(operand, verb);
  } else if (type == Type::float64) {
    real(operand, operand.as_real(), verb);
  } else if (type == Type::complex128) {
    complex(operand, verb);
  } else if (type == Type::bytes) {
    bytes(operand, verb);
  } else {
    text(operand, operand.as_text(), verb);
  }
}

/// An element of static type `type`: a nil in an interface prints the same for every verb.
void Printer::element(Type type, const Value& operand, char32_t verb, std::size_t depth) {
  if (!operand.is_nil()) {
    value(operand, verb, depth);
  } else if (flags_.sharp_v) {
    put(type_name(type));
    put("(nil)");
  } else {
    put("<nil>");
  }
}

void Printer::list(const Value& operand, char32_t verb, std::size_t depth) {
  if (verb == 'p') return bad_verb(operand, verb);
  if (flags_.sharp_v) {
    put(type_name(operand.type()));
    if (operand.is_nil_container()) return put("(nil)");
  }
  put(flags_.sharp_v ? '{' : '[');
  bool first = true;
  for (const auto& item : operand.items()) {
    if (!std::exchange(first, false)) put(flags_.sharp_v ? ", " : " ");
    element(element_type(operand.type()), item, verb, depth + 1);
  }
  put(flags_.sharp_v ? '}' : ']');
}

void Printer::dict(const Value& operand, char32_t verb, std::size_t depth) {
  if (verb == 'p') return bad_verb(operand, verb);
  if (flags_.sharp_v) {
    put(type_name(operand.type()));
    if (operand.is_nil_container()) return put("(nil)");
    put('{');
  } else {
    put("map[");
  }
  bool first = true;
  for (const auto& [key, item] : operand.as_dict().items) {
    if (!std::exchange(first, false)) put(flags_.sharp_v ? ", " : " ");
    value(Value::string(key), verb, depth + 1);
    put(':');
    element(element_type(operand.type()), item, verb, depth + 1);
  }
  put(flags_.sharp_v ? '}' : ']');
}

void Printer::object(const Value& operand, char32_t verb, std::size_t depth) {
  if (verb == 'p') return bad_verb(operand, verb);
  if (flags_.sharp_v) put(type_name(operand.type()));
  put('{');
  bool first = true;
  for (const auto& [name, field] : operand.as_object().fields()) {
    if (!std::exchange(first, false)) put(flags_.sharp_v ? ", " : " ");
    if (flags_.sharp_v || flags_.plus_v) {
      put(name);
      put(':');
    }
    value(field, verb, depth + 1);
  }
  put('}');
}

void Printer::bytes(const Value& operand, char32_t verb) {
  if (verb == 's' || verb == 'q' || verb == 'x' || verb == 'X')
    return text(operand, operand.as_text(), verb);
  if (verb == 'p') return bad_verb(operand, verb);
  if (flags_.sharp_v) put("[]byte");
  put(flags_.sharp_v ? '{' : '[');
  bool first = true;
  for (const char c : operand.as_text()) {
    if (!std::exchange(first, false)) put(flags_.sharp_v ? ", " : " ");
    const auto byte = Value::unsigned_integer(Type::uint8, static_cast<unsigned char>(c));
    integer(byte, byte.as_unsigned_integer(), false, verb);
  }
  put(flags_.sharp_v ? '}' : ']');
}

/// `%!d(string=x)`: what the verb can't print, printed as %v with the flags that stand.
void Printer::bad_verb(const Value& operand, char32_t verb) {
  const bool outer = std::exchange(in_bad_verb_, true);
  put("%!");
  put_rune(verb);
  put('(');
  put(type_name(operand.type()));
  if (!operand.is_nil()) {
    put('=');
    argument(operand, 'v');
  }
  put(')');
  in_bad_verb_ = outer;
}

}  // namespace bulla::tmpl
