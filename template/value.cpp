// SPDX-License-Identifier: Apache-2.0
#include "template/value.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.hpp"

namespace bulla::tmpl {
namespace {

struct TypeNames {
  std::string_view type;
  std::string_view kind;
};

// In the order of Type.
constexpr std::array<TypeNames, 27> names = {{
    {"<nil>", "invalid"},
    {"bool", "bool"},
    {"int", "int"},
    {"int64", "int64"},
    {"uint8", "uint8"},
    {"uint32", "uint32"},
    {"uint64", "uint64"},
    {"float64", "float64"},
    {"complex128", "complex128"},
    {"string", "string"},
    {"[]uint8", "slice"},
    {"[]interface {}", "slice"},
    {"[]string", "slice"},
    {"[]int", "slice"},
    {"[][]interface {}", "slice"},
    {"map[string]interface {}", "map"},
    {"map[string]string", "map"},
    {"time.Time", "struct"},
    {"time.Duration", "int64"},
    {"time.Month", "int"},
    {"time.Weekday", "int"},
    {"*time.Location", "ptr"},
    {"sprig.certificate", "struct"},
    {"*semver.Version", "ptr"},
    {"semver.Version", "struct"},
    {"interface {}", "interface"},
    {"reflect.Value", "struct"},
}};
static_assert(names.size() == static_cast<std::size_t>(Type::reflected) + 1);

}  // namespace

std::string_view type_name(Type type) noexcept {
  return names[static_cast<std::size_t>(type)].type;
}
std::string_view kind_name(Type type) noexcept {
  return names[static_cast<std::size_t>(type)].kind;
}

bool is_signed_integer(Type type) noexcept {
  return type == Type::int_ || type == Type::int64 || type == Type::duration ||
         type == Type::month || type == Type::weekday;
}
bool is_unsigned_integer(Type type) noexcept {
  return type == Type::uint8 || type == Type::uint32 || type == Type::uint64;
}
bool is_list(Type type) noexcept {
  return type == Type::any_list || type == Type::string_list || type == Type::int_list ||
         type == Type::list_list;
}
bool is_dict(Type type) noexcept { return type == Type::any_dict || type == Type::string_dict; }

Type element_type(Type container) noexcept {
  switch (container) {
    case Type::string_list:
    case Type::string_dict: return Type::string;
    case Type::int_list: return Type::int_;
    case Type::list_list: return Type::any_list;
    default: return Type::any;
  }
}

Text::Text(std::string_view text) {
  if (text.empty()) return;
  bytes_ = std::allocate_shared<SecretBuffer>(WipingAllocator<SecretBuffer>(),
                                              SecretBuffer::copy_of(text));
}
Text::Text(SecretBuffer text) {
  if (text.empty()) return;
  bytes_ = std::allocate_shared<SecretBuffer>(WipingAllocator<SecretBuffer>(), std::move(text));
}

namespace {

/// Lists of lists can stand for more texts than any number has bytes.
std::size_t added(std::size_t a, std::size_t b) noexcept {
  std::size_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? std::numeric_limits<std::size_t>::max() / 2 : out;
}

}  // namespace

Value Value::boolean(bool value) { return {Type::boolean, value}; }
Value Value::integer(Type type, std::int64_t value) {
  BULLA_ASSERT(is_signed_integer(type));
  return {type, value};
}
Value Value::unsigned_integer(Type type, std::uint64_t value) {
  BULLA_ASSERT(is_unsigned_integer(type));
  return {type, value};
}
Value Value::real(double value) { return {Type::float64, value}; }
Value Value::complex(std::complex<double> value) { return {Type::complex128, value}; }
Value Value::string(Text text) { return {Type::string, std::move(text)}; }
Value Value::bytes(Text text) { return {Type::bytes, std::move(text)}; }
Value Value::list(Type type, Values items) {
  BULLA_ASSERT(is_list(type));
  auto list = std::allocate_shared<List>(WipingAllocator<List>());
  for (const auto& item : items) {
    list->weight += item_weight;
    if (item.type_ == Type::string || item.type_ == Type::bytes) {
      list->weight += item.as_text().size();
    } else if (const auto* inner = std::get_if<std::shared_ptr<const List>>(&item.data_)) {
      if (*inner == nullptr) continue;
      list->depth = std::max(list->depth, (*inner)->depth + 1);
      list->weight = added(list->weight, (*inner)->weight);
      list->holds_dicts = list->holds_dicts || (*inner)->holds_dicts;
    } else {
      list->holds_dicts = list->holds_dicts || is_dict(item.type_);
    }
  }
  list->items = std::move(items);
  return {type, std::shared_ptr<const List>(std::move(list))};
}
Value Value::dict(std::shared_ptr<Dict> dict) {
  BULLA_ASSERT(dict != nullptr);
  const auto type = dict->type;
  return {type, std::move(dict)};
}
Value Value::object(std::shared_ptr<const Object> object) {
  BULLA_ASSERT(object != nullptr);
  const auto type = object->type();
  return {type, std::move(object)};
}
Value Value::nil_of(Type type) {
  if (is_list(type)) return {type, std::shared_ptr<const List>()};
  BULLA_ASSERT(is_dict(type));
  return {type, std::shared_ptr<Dict>()};
}

bool Value::is_nil_container() const noexcept {
  if (const auto* list = std::get_if<std::shared_ptr<const List>>(&data_)) return *list == nullptr;
  if (const auto* dict = std::get_if<std::shared_ptr<Dict>>(&data_)) return *dict == nullptr;
  return false;
}

bool Value::as_boolean() const {
  const auto* value = std::get_if<bool>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
std::int64_t Value::as_integer() const {
  const auto* value = std::get_if<std::int64_t>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
std::uint64_t Value::as_unsigned_integer() const {
  const auto* value = std::get_if<std::uint64_t>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
double Value::as_real() const {
  const auto* value = std::get_if<double>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
std::complex<double> Value::as_complex() const {
  const auto* value = std::get_if<std::complex<double>>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
const Text& Value::text() const {
  const auto* value = std::get_if<Text>(&data_);
  BULLA_ASSERT(value != nullptr);
  return *value;
}
const List& Value::as_list() const {
  static const List none;
  const auto* list = std::get_if<std::shared_ptr<const List>>(&data_);
  BULLA_ASSERT(list != nullptr);
  return *list ? **list : none;
}
const Values& Value::items() const { return as_list().items; }
std::size_t Value::depth() const noexcept {
  const auto* list = std::get_if<std::shared_ptr<const List>>(&data_);
  return list != nullptr && *list != nullptr ? (*list)->depth : 0;
}
const std::shared_ptr<Dict>& Value::shared_dict() const {
  const auto* dict = std::get_if<std::shared_ptr<Dict>>(&data_);
  BULLA_ASSERT(dict != nullptr);
  return *dict;
}
const Dict& Value::as_dict() const {
  static const Dict none;
  const auto& dict = shared_dict();
  return dict ? *dict : none;
}
const Object& Value::as_object() const {
  const auto* object = std::get_if<std::shared_ptr<const Object>>(&data_);
  BULLA_ASSERT(object != nullptr);
  return **object;
}

const Value* Dict::find(std::string_view key) const noexcept {
  const auto found = items.find(key);
  return found == items.end() ? nullptr : &found->second;
}

void Dict::set(std::string_view key, Value value) {
  const auto found = items.find(key);
  if (found != items.end()) {
    found->second = std::move(value);
  } else {
    items.emplace(Text(key), std::move(value));
  }
}

namespace {

/// Adds up until `most`; false when that is reached.
bool add_weight(const Value& value, std::size_t most, std::size_t& sum,
                std::size_t depth) noexcept {
  constexpr std::size_t depth_max = 200;  // dicts may contain themselves
  const auto type = value.type();
  if (type == Type::string || type == Type::bytes) {
    sum = added(sum, value.as_text().size());
  } else if (depth == depth_max) {
    return true;
  } else if (is_list(type) && !value.is_nil_container()) {
    const auto& list = value.as_list();
    if (!list.holds_dicts) {
      sum = added(sum, list.weight);
      return sum < most;
    }
    for (const auto& item : list.items) {
      sum += item_weight;
      if (!add_weight(item, most, sum, depth + 1)) return false;
    }
  } else if (is_dict(type)) {
    for (const auto& [key, item] : value.as_dict().items) {
      sum += item_weight + key.view().size();
      if (!add_weight(item, most, sum, depth + 1)) return false;
    }
  }
  return sum < most;
}

/// Values looked at: programs make values in which few dicts stand in ever so many places.
constexpr std::size_t search_max = 10'000;

bool holds_secret(const Value& value, std::size_t& left, std::size_t depth) noexcept {
  constexpr std::size_t depth_max = 200;
  if (value.is_secret() || left == 0 || depth > depth_max) return true;
  --left;
  if (is_list(value.type())) {
    const auto& items = value.items();
    return std::any_of(items.begin(), items.end(),
                       [&](const auto& item) { return holds_secret(item, left, depth + 1); });
  }
  if (!is_dict(value.type())) return false;
  const auto& dict = value.as_dict();
  return dict.secret || std::any_of(dict.items.begin(), dict.items.end(), [&](const auto& item) {
           return holds_secret(item.second, left, depth + 1);
         });
}

}  // namespace

std::size_t weight(const Value& value, std::size_t most) noexcept {
  std::size_t sum = 0;
  add_weight(value, most, sum, 0);
  return std::min(sum, most);
}

bool holds_secret(const Value& value) noexcept {
  auto left = search_max;
  return holds_secret(value, left, 0);
}

}  // namespace bulla::tmpl
