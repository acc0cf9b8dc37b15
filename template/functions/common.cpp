// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"

#include "template/go/number.hpp"

namespace bulla::tmpl {
namespace {

/// Walks two values at once.
class Comparison {
 public:
  explicit Comparison(Context& context) noexcept
      : context_(context), levels_left_(context.limits().nesting_max) {}

  Result<bool> equal(const Value& a, const Value& b) {
    if (a.type() != b.type()) return false;
    if (is_list(a.type())) return in_container(a, b, &Comparison::equal_lists);
    if (is_dict(a.type())) return in_container(a, b, &Comparison::equal_dicts);
    return equal_scalars(a, b);
  }

 private:
  using Compare = Result<bool> (Comparison::*)(const Value&, const Value&);

  Result<bool> in_container(const Value& a, const Value& b, Compare compare) {
    if (a.is_nil_container() != b.is_nil_container()) return false;
    if (levels_left_ == 0)
      return Error{Errc::invalid_input, "values are nested too deeply to compare them"};
    // What is shared is compared as often as it is met: that can be very often.
    if (auto spent = context_.spend_steps(1); !spent) return std::move(spent).error();
    --levels_left_;
    auto result = (this->*compare)(a, b);
    ++levels_left_;
    return result;
  }

  Result<bool> equal_lists(const Value& a, const Value& b) {
    const auto& left = a.items();
    const auto& right = b.items();
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      auto same = equal(left[i], right[i]);
      if (!same || !*same) return same;
    }
    return true;
  }

  Result<bool> equal_dicts(const Value& a, const Value& b) {
    if (a.shared_dict() == b.shared_dict()) return true;
    const auto& left = a.as_dict().items;
    const auto& right = b.as_dict();
    if (left.size() != right.items.size()) return false;
    for (const auto& [key, value] : left) {
      const auto* other = right.find(key.view());
      if (other == nullptr) return false;
      auto same = equal(value, *other);
      if (!same || !*same) return same;
    }
    return true;
  }

  Result<bool> equal_texts(const Text& a, const Text& b) {
    if (a.view().size() != b.view().size()) return false;
    // Lists are compared each with each, the same texts ever so often.
    if (auto spent = context_.budget().spend_bytes(a.view().size()); !spent)
      return std::move(spent).error();
    return a == b;
  }

  Result<bool> equal_scalars(const Value& a, const Value& b) {
    const auto type = a.type();
    if (is_signed_integer(type)) return a.as_integer() == b.as_integer();
    if (is_unsigned_integer(type)) return a.as_unsigned_integer() == b.as_unsigned_integer();
    switch (type) {
      case Type::nil: return true;
      case Type::boolean: return a.as_boolean() == b.as_boolean();
      case Type::float64: return a.as_real() == b.as_real();
      case Type::complex128: return a.as_complex() == b.as_complex();
      case Type::string:
      case Type::bytes: return equal_texts(a.text(), b.text());
      default: return a.as_object().equals(b.as_object());
    }
  }

  Context& context_;
  std::size_t levels_left_;
};

}  // namespace

Result<Text> text_of(const Context& context, const Value& value) {
  if (value.type() == Type::string || value.type() == Type::bytes) return value.text();
  auto text = go_to_string(context, value);
  if (!text) return std::move(text).error();
  return Text(std::move(*text));
}

Result<std::vector<Text>> texts_of(const Context& context, const Value& value) {
  std::vector<Text> out;
  if (value.is_nil()) return out;
  const bool several = is_list(value.type()) || value.type() == Type::bytes;
  for (const auto& item : several ? elements_of(value) : Values{value}) {
    if (item.is_nil()) continue;
    auto text = text_of(context, item);
    if (!text) return std::move(text).error();
    out.push_back(std::move(*text));
  }
  return out;
}

Value string_list(const std::optional<std::vector<std::string_view>>& pieces) {
  if (!pieces) return Value::nil_of(Type::string_list);
  Values items;
  items.reserve(pieces->size());
  for (const auto piece : *pieces) items.push_back(Value::string(piece));
  return Value::list(Type::string_list, std::move(items));
}

Value string_list(const std::vector<Text>& pieces) {
  Values items;
  items.reserve(pieces.size());
  for (const auto& piece : pieces) items.push_back(Value::string(piece));
  return Value::list(Type::string_list, std::move(items));
}

Values elements_of(const Value& value) {
  if (value.type() != Type::bytes) return value.items();
  Values out;
  for (const char c : value.as_text())
    out.push_back(Value::unsigned_integer(Type::uint8, static_cast<unsigned char>(c)));
  return out;
}

bool is_empty(const Value& value) {
  switch (value.type()) {
    case Type::nil: return true;
    // Structs and pointers to them are never empty.
    case Type::time:
    case Type::location:
    case Type::certificate:
    case Type::version:
    case Type::version_value: return false;
    default: return !is_true(value);
  }
}

Result<bool> deep_equal(Context& context, const Value& a, const Value& b) {
  return Comparison(context).equal(a, b);
}

std::int64_t to_int64(const Value& value) {
  const auto type = value.type();
  // Named integers are no integers to the library that sprig asks, but for these two.
  if (type == Type::duration) return 0;
  if (is_signed_integer(type)) return value.as_integer();
  if (is_unsigned_integer(type)) return static_cast<std::int64_t>(value.as_unsigned_integer());
  switch (type) {
    case Type::float64: return go::truncate_to_int64(value.as_real());
    case Type::boolean: return value.as_boolean() ? 1 : 0;
    case Type::string: return go::cast_to_int64(value.as_text());
    default: return 0;
  }
}

double to_float64(const Value& value) {
  const auto type = value.type();
  if (type == Type::duration) return 0;
  if (is_signed_integer(type)) return static_cast<double>(value.as_integer());
  if (is_unsigned_integer(type)) return static_cast<double>(value.as_unsigned_integer());
  switch (type) {
    case Type::float64: return value.as_real();
    case Type::boolean: return value.as_boolean() ? 1 : 0;
    case Type::string: return go::cast_to_float64(value.as_text());
    default: return 0;
  }
}

}  // namespace bulla::tmpl
