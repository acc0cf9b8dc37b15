// SPDX-License-Identifier: Apache-2.0
#include "template/builtins.hpp"

namespace bulla::tmpl {
namespace {

enum class Basic { none, boolean, complex, integer, real, string, unsigned_integer };

Basic basic_kind(const Value& value) noexcept {
  const auto type = value.type();
  if (is_signed_integer(type)) return Basic::integer;
  if (is_unsigned_integer(type)) return Basic::unsigned_integer;
  switch (type) {
    case Type::boolean: return Basic::boolean;
    case Type::complex128: return Basic::complex;
    case Type::float64: return Basic::real;
    case Type::string: return Basic::string;
    default: return Basic::none;
  }
}

std::string type_of(const Value& value) { return std::string(type_name(value.type())); }

Error invalid_type(const Context& context) {
  return context.failure("invalid type for comparison");
}
Error incompatible(const Context& context, const Value& a, const Value& b) {
  return context.failure("incompatible types for comparison: " + type_of(a) + " and " + type_of(b));
}

bool is_nil(const Value& value) noexcept { return value.is_nil() || value.is_nil_container(); }

/// Go compares these by address: two versions are never equal.
bool is_pointer(Type type) noexcept { return type == Type::version || type == Type::location; }

/// Of what isn't basic, only nil and objects can be compared.
Result<bool> equal_others(const Context& context, const Value& a, const Value& b) {
  if (is_nil(a) || is_nil(b)) return is_nil(a) == is_nil(b);
  if (a.is_object() && b.is_object())
    return a.type() == b.type() && (is_pointer(a.type()) ? &a.as_object() == &b.as_object()
                                                         : a.as_object().equals(b.as_object()));
  return context.failure("non-comparable type " + type_of(a.is_object() ? b : a));
}

Result<bool> equal_pair(const Context& context, const Value& a, const Value& b) {
  const auto kind = basic_kind(a);
  const auto other = basic_kind(b);
  if (kind == Basic::integer && other == Basic::unsigned_integer)
    return a.as_integer() >= 0 &&
           static_cast<std::uint64_t>(a.as_integer()) == b.as_unsigned_integer();
  if (kind == Basic::unsigned_integer && other == Basic::integer) return equal_pair(context, b, a);
  if (kind != other) {
    if (a.is_nil() || b.is_nil()) return false;
    return incompatible(context, a, b);
  }
  switch (kind) {
    case Basic::boolean: return a.as_boolean() == b.as_boolean();
    case Basic::complex: return a.as_complex() == b.as_complex();
    case Basic::real: return a.as_real() == b.as_real();
    case Basic::integer: return a.as_integer() == b.as_integer();
    case Basic::unsigned_integer: return a.as_unsigned_integer() == b.as_unsigned_integer();
    case Basic::string: return a.as_text() == b.as_text();
    case Basic::none: break;
  }
  return equal_others(context, a, b);
}

Result<bool> less_pair(const Context& context, const Value& a, const Value& b) {
  const auto kind = basic_kind(a);
  const auto other = basic_kind(b);
  if (kind == Basic::none || other == Basic::none) return invalid_type(context);
  if (kind == Basic::integer && other == Basic::unsigned_integer)
    return a.as_integer() < 0 ||
           static_cast<std::uint64_t>(a.as_integer()) < b.as_unsigned_integer();
  if (kind == Basic::unsigned_integer && other == Basic::integer)
    return b.as_integer() >= 0 &&
           a.as_unsigned_integer() < static_cast<std::uint64_t>(b.as_integer());
  if (kind != other) return incompatible(context, a, b);
  switch (kind) {
    case Basic::real: return a.as_real() < b.as_real();
    case Basic::integer: return a.as_integer() < b.as_integer();
    case Basic::unsigned_integer: return a.as_unsigned_integer() < b.as_unsigned_integer();
    case Basic::string: return a.as_text() < b.as_text();
    default: return invalid_type(context);
  }
}

Result<Value> negated(const Result<Value>& result) {
  if (!result) return result;
  return Value::boolean(!result->as_boolean());
}

}  // namespace

Result<Value> equal(Context& context, Arguments arguments) {
  if (arguments.size() < 2) return context.failure("missing argument for comparison");
  for (const auto& other : arguments.subspan(1)) {
    auto same = equal_pair(context, arguments[0], other);
    if (!same) return same.error();
    if (*same) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Result<Value> not_equal(Context& context, Arguments arguments) {
  return negated(equal(context, arguments));
}

Result<Value> less(Context& context, Arguments arguments) {
  auto smaller = less_pair(context, arguments[0], arguments[1]);
  if (!smaller) return smaller.error();
  return Value::boolean(*smaller);
}

Result<Value> less_or_equal(Context& context, Arguments arguments) {
  auto smaller = less(context, arguments);
  if (!smaller || smaller->as_boolean()) return smaller;
  return equal(context, arguments);
}

Result<Value> greater(Context& context, Arguments arguments) {
  return negated(less_or_equal(context, arguments));
}

Result<Value> greater_or_equal(Context& context, Arguments arguments) {
  return negated(less(context, arguments));
}

}  // namespace bulla::tmpl
