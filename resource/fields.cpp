// SPDX-License-Identifier: Apache-2.0
#include "resource/fields.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <charconv>
#include <map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

using Kind = Field::Kind;

constexpr std::array<Field, 6> owner_reference_fields{{
    {"apiVersion", Kind::text, {}, true},
    {"kind", Kind::text, {}, true},
    {"name", Kind::text, {}, true},
    {"uid", Kind::text, {}, true},
    {"controller", Kind::boolean},
    {"blockOwnerDeletion", Kind::boolean},
}};

constexpr std::array<Field, 7> managed_fields_fields{{
    {"manager", Kind::text},
    {"operation", Kind::text},
    {"apiVersion", Kind::text},
    {"time", Kind::time},
    {"fieldsType", Kind::text},
    {"fieldsV1", Kind::any},
    {"subresource", Kind::text},
}};

constexpr std::array<Field, 15> meta_fields{{
    {"name", Kind::text},
    {"generateName", Kind::text},
    {"namespace", Kind::text},
    {"selfLink", Kind::text},
    {"uid", Kind::text},
    {"resourceVersion", Kind::text},
    {"generation", Kind::integer},
    {"creationTimestamp", Kind::time},
    {"deletionTimestamp", Kind::time},
    {"deletionGracePeriodSeconds", Kind::integer},
    {"labels", Kind::text_map},
    {"annotations", Kind::text_map},
    {"ownerReferences", Kind::object_list, owner_reference_fields},
    {"finalizers", Kind::text_list},
    {"managedFields", Kind::object_list, managed_fields_fields},
}};

json::object sorted(const json::object& map) {
  std::map<std::string_view, const json::value*> in_order;
  for (const auto& [key, value] : map) in_order.emplace(key, &value);
  json::object out(wiping_storage());
  for (const auto& [key, value] : in_order) out.emplace(key, *value);
  return out;
}

Error wrong_kind(std::string_view where, std::string_view wanted, const json::value& found) {
  return {Errc::invalid_input, std::string(where) + " must be " + std::string(wanted) + ", not " +
                                   std::string(kind_name(found))};
}

/// strconv.FormatFloat(value, 'g', -1, 64): the shortest digits, an exponent below 1e-04 and from
/// 1e+06 on.
std::string format_go_float(double value) {
  std::array<char, 40> text{};
  auto* const first = text.data();
  auto* const last = text.data() + text.size();
  const auto scientific = std::to_chars(first, last, value, std::chars_format::scientific);
  const std::string_view written(first, scientific.ptr);
  int exponent = 0;
  std::string_view digits = written.substr(written.find('e') + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (exponent < -4 || exponent >= 6) return std::string(written);
  const auto fixed = std::to_chars(first, last, value, std::chars_format::fixed);
  return {first, fixed.ptr};
}

Result<json::value> read_text_map(const json::value& value, std::string_view where,
                                  Scalars scalars) {
  const auto* members = value.if_object();
  if (members == nullptr) return wrong_kind(where, "a map", value);
  std::vector<std::pair<std::string_view, json::string>> sorted;
  for (const auto& member : *members) {
    auto text = member.value().is_null() ? json::string(wiping_storage())
                                         : scalar_text(member.value(), scalars);
    if (!text) {
      return wrong_kind(std::string(where) + "." + std::string(member.key()), "text",
                        member.value());
    }
    sorted.emplace_back(member.key(), std::move(*text));
  }
  std::ranges::sort(sorted, {}, [](const auto& member) { return member.first; });
  json::object out(wiping_storage());
  for (auto& [key, text] : sorted) out.insert_or_assign(key, std::move(text));
  return json::value(std::move(out));
}

Result<json::value> read_list(const json::value& value, const Field& field, std::string_view where,
                              Scalars scalars) {
  const auto* items = value.if_array();
  if (items == nullptr) return wrong_kind(where, "a list", value);
  const bool objects = field.kind == Kind::object_list;
  const Field item_field{field.name, objects ? Kind::object : Kind::text, field.members, true};
  json::array out(wiping_storage());
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto item_where = std::string(where) + "[" + std::to_string(i) + "]";
    auto item = read_field((*items)[i], item_field, item_where, scalars);
    if (!item) return item;
    out.push_back(std::move(*item));
  }
  return json::value(std::move(out));
}

bool is_empty(const json::value& value) {
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* object = value.if_object()) return object->empty();
  if (const auto* list = value.if_array()) return list->empty();
  return value.is_null();
}

/// What Go prints for a field without a value that it always prints.
json::value empty_value(const Field& field) {
  return field.kind == Kind::text ? json::value("", wiping_storage())
                                  : json::value(wiping_storage());
}

}  // namespace

std::span<const Field> object_meta_fields() noexcept { return meta_fields; }

json::object ordered_metadata(const json::object& metadata) {
  json::object out(wiping_storage());
  for (const auto& field : meta_fields) {
    const auto* value = metadata.if_contains(field.name);
    if (value == nullptr) continue;
    out.emplace(field.name,
                field.kind == Kind::text_map ? json::value(sorted(value->get_object())) : *value);
  }
  return out;
}

const json::value* find_member(const json::object& object, std::string_view name) noexcept {
  if (const auto* exact = object.if_contains(name)) return exact;
  const auto same_letters = [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
  };
  for (const auto& member : object) {
    if (std::ranges::equal(std::string_view(member.key()), name, same_letters))
      return &member.value();
  }
  return nullptr;
}

std::string_view kind_name(const json::value& value) noexcept {
  switch (value.kind()) {
    case json::kind::null: return "empty";
    case json::kind::bool_: return "a truth value";
    case json::kind::string: return "text";
    case json::kind::array: return "a list";
    case json::kind::object: return "a map";
    default: return "a number";
  }
}

std::optional<json::string> scalar_text(const json::value& value, Scalars scalars) {
  if (const auto* text = value.if_string()) return json::string(*text, wiping_storage());
  if (scalars == Scalars::keep_their_kind) return std::nullopt;
  const auto make = [](std::string_view text) { return json::string(text, wiping_storage()); };
  if (const auto* truth = value.if_bool()) return make(*truth ? "true" : "false");
  if (const auto* number = value.if_int64()) return make(std::to_string(*number));
  if (const auto* number = value.if_uint64()) return make(std::to_string(*number));
  if (const auto* number = value.if_double()) return make(format_go_float(*number));
  return std::nullopt;
}

Result<json::value> read_field(const json::value& value, const Field& field, std::string_view where,
                               Scalars scalars) {
  switch (field.kind) {
    case Kind::text: {
      auto text = scalar_text(value, scalars);
      if (!text) return wrong_kind(where, "text", value);
      return json::value(std::move(*text));
    }
    case Kind::integer:
      if (!value.is_int64() && !value.is_uint64())
        return wrong_kind(where, "a whole number", value);
      return json::value(value, wiping_storage());
    case Kind::boolean:
      if (!value.is_bool()) return wrong_kind(where, "true or false", value);
      return json::value(value, wiping_storage());
    case Kind::time: {
      const auto* text = value.if_string();
      if (text == nullptr) return wrong_kind(where, "a time", value);
      if (auto time = parse_rfc3339(*text); !time)
        return std::move(time).error().during(std::string(where));
      return json::value(value, wiping_storage());
    }
    case Kind::text_map: return read_text_map(value, where, scalars);
    case Kind::text_list:
    case Kind::object_list: return read_list(value, field, where, scalars);
    case Kind::object: {
      auto object = read_fields(value, field.members, where, scalars);
      if (!object) return object.error();
      return json::value(std::move(*object));
    }
    case Kind::any: break;
  }
  return json::value(value, wiping_storage());
}

Result<json::object> read_fields(const json::value& value, std::span<const Field> fields,
                                 std::string_view where, Scalars scalars) {
  if (value.is_null()) return json::object(wiping_storage());
  const auto* members = value.if_object();
  if (members == nullptr) return wrong_kind(where, "a map", value);
  json::object out(wiping_storage());
  for (const auto& field : fields) {
    const auto* member = find_member(*members, field.name);
    const bool absent = member == nullptr || member->is_null();
    if (absent && !field.always) continue;
    if (absent) {
      out.emplace(field.name, empty_value(field));
      continue;
    }
    const auto path = where.empty() ? std::string(field.name)
                                    : std::string(where) + "." + std::string(field.name);
    auto read = read_field(*member, field, path, scalars);
    if (!read) return read.error();
    if (field.always || !is_empty(*read)) out.emplace(field.name, std::move(*read));
  }
  return out;
}

}  // namespace bulla
