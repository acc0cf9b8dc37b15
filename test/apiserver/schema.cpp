// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"

#include <algorithm>
#include <string_view>

namespace bulla::test {

namespace {

bool flag(const Json& schema, std::string_view name) {
  const Json* value = find(schema, name);
  return value && value->is_bool() && value->get_bool();
}

std::string below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string element(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

// The schema of a member, or null when the schema does not say.
const Json* member_schema(const Json& schema, std::string_view key) {
  if (const JsonObject* properties = object_at(schema, "properties")) {
    if (const Json* known = properties->if_contains(key)) return known;
  }
  const Json* additional = find(schema, "additionalProperties");
  return additional && additional->is_object() ? additional : nullptr;
}

bool keeps_unknown(const Json& schema) {
  return flag(schema, "x-kubernetes-preserve-unknown-fields") ||
         flag(schema, "additionalProperties");
}

bool is_object_header(const std::string& path, std::string_view key) {
  return path.empty() && (key == "apiVersion" || key == "kind" || key == "metadata");
}

void prune_below(Json& value, const Json& schema, const std::string& path,
                 std::vector<std::string>& removed) {
  if (value.is_array()) {
    const Json* items = find(schema, "items");
    for (std::size_t i = 0; items && i < value.get_array().size(); ++i) {
      prune_below(value.get_array()[i], *items, element(path, i), removed);
    }
  }
  if (!value.is_object()) return;
  std::vector<std::string> unknown;
  for (auto& entry : value.get_object()) {
    if (is_object_header(path, entry.key())) continue;
    if (const Json* known = member_schema(schema, entry.key())) {
      prune_below(entry.value(), *known, below(path, entry.key()), removed);
    } else if (!keeps_unknown(schema)) {
      unknown.emplace_back(entry.key());
    }
  }
  for (const auto& key : unknown) {
    value.get_object().erase(key);
    removed.push_back(below(path, key));
  }
}

std::string_view type_of(const Json& value) {
  switch (value.kind()) {
    case boost::json::kind::object: return "object";
    case boost::json::kind::array: return "array";
    case boost::json::kind::string: return "string";
    case boost::json::kind::bool_: return "boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64: return "integer";
    case boost::json::kind::double_: return "number";
    default: return "null";
  }
}

bool type_fits(const Json& value, const Json& schema) {
  const auto wanted = text_at(schema, "type");
  const auto actual = type_of(value);
  if (flag(schema, "x-kubernetes-int-or-string")) return actual == "integer" || actual == "string";
  if (wanted.empty() || wanted == actual) return true;
  if (actual == "null") return flag(schema, "nullable");
  return wanted == "number" && actual == "integer";
}

void check_bounds(const Json& value, const Json& schema, const std::string& path,
                  std::vector<FieldError>& errors) {
  if (!value.is_number()) return;
  const double number = value.to_number<double>();
  const auto report = [&](std::string_view name, std::string_view words) {
    const auto limit = boost::json::serialize(*find(schema, name));
    errors.push_back(field_invalid(path, boost::json::serialize(value),
                                   path + " in body should be " + std::string(words) + limit));
  };
  const Json* minimum = find(schema, "minimum");
  const Json* maximum = find(schema, "maximum");
  if (minimum && number < minimum->to_number<double>()) {
    report("minimum", "greater than or equal to ");
  }
  if (maximum && number > maximum->to_number<double>()) report("maximum", "less than or equal to ");
}

void check_enum(const Json& value, const Json& schema, const std::string& path,
                std::vector<FieldError>& errors) {
  const Json* allowed = find(schema, "enum");
  if (!allowed || !allowed->is_array()) return;
  const auto& list = allowed->get_array();
  if (std::find(list.begin(), list.end(), value) != list.end()) return;
  std::string words;
  for (const Json& each : list) {
    if (!words.empty()) words += ", ";
    words += boost::json::serialize(each);
  }
  errors.push_back(
      {path, "FieldValueNotSupported",
       "Unsupported value: " + boost::json::serialize(value) + ": supported values: " + words});
}

void check_below(const Json& value, const Json& schema, const std::string& path,
                 std::vector<FieldError>& errors);

void check_members(const JsonObject& object, const Json& schema, const std::string& path,
                   std::vector<FieldError>& errors) {
  if (const Json* required = find(schema, "required"); required && required->is_array()) {
    for (const Json& name : required->get_array()) {
      if (name.is_string() && !object.contains(name.get_string())) {
        errors.push_back(field_required(below(path, name.get_string())));
      }
    }
  }
  for (const auto& [key, value] : object) {
    if (is_object_header(path, key)) continue;
    if (const Json* known = member_schema(schema, key)) {
      check_below(value, *known, below(path, key), errors);
    }
  }
}

void check_below(const Json& value, const Json& schema, const std::string& path,
                 std::vector<FieldError>& errors) {
  if (!type_fits(value, schema)) {
    const auto shown = "\"" + std::string(type_of(value)) + "\"";
    errors.push_back({path, "FieldValueTypeInvalid",
                      "Invalid value: " + shown + ": " + path + " in body must be of type " +
                          text_at(schema, "type") + ": " + shown});
    return;
  }
  check_bounds(value, schema, path, errors);
  check_enum(value, schema, path, errors);
  if (value.is_object()) check_members(value.get_object(), schema, path, errors);
  const Json* items = find(schema, "items");
  for (std::size_t i = 0; items && value.is_array() && i < value.get_array().size(); ++i) {
    check_below(value.get_array()[i], *items, element(path, i), errors);
  }
}

}  // namespace

std::vector<std::string> prune(Json& object, const Json& schema) {
  std::vector<std::string> removed;
  prune_below(object, schema, "", removed);
  return removed;
}

void prune_nulls(Json& value, const Json& schema) {
  if (auto* list = value.if_array()) {
    const Json* items = find(schema, "items");
    for (Json& item : *list) {
      if (items) prune_nulls(item, *items);
    }
  }
  auto* object = value.if_object();
  if (!object) return;
  std::vector<std::string> nulls;
  for (auto& member : *object) {
    const Json* known = member_schema(schema, member.key());
    if (known && member.value().is_null() && !flag(*known, "nullable")) {
      nulls.emplace_back(member.key());
    } else if (known) {
      prune_nulls(member.value(), *known);
    }
  }
  for (const auto& name : nulls) object->erase(name);
}

void add_defaults(JsonObject& object, const Json& schema) {
  const Json* members = find(schema, "properties");
  if (!members) return;
  for (const auto& [name, member] : members->as_object()) {
    const Json* value = find(member, "default");
    if (value && !object.contains(name)) object[name] = *value;
    if (auto* below = object.if_contains(name); below && below->is_object())
      add_defaults(below->get_object(), member);
  }
}

std::vector<FieldError> check_schema(const Json& object, const Json& schema) {
  std::vector<FieldError> errors;
  check_below(object, schema, "", errors);
  return errors;
}

}  // namespace bulla::test
