// SPDX-License-Identifier: Apache-2.0
#include "patch.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace bulla::test {

void merge_patch(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (value.is_null()) {
      target.get_object().erase(key);
    } else {
      merge_patch(target.get_object()[key], value);
    }
  }
}

// ---- JSON patch ----

namespace {

// RFC 6901: "~1" stands for "/", "~0" for "~".
std::vector<std::string> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string token;
    for (std::size_t at = 0; at < end; ++at) {
      const bool escape = pointer[at] == '~' && at + 1 < end;
      token += escape ? (pointer[at + 1] == '1' ? '/' : '~') : pointer[at];
      if (escape) ++at;
    }
    tokens.push_back(std::move(token));
    pointer.remove_prefix(end);
  }
  return tokens;
}

std::optional<std::size_t> index_in(const JsonArray& array, const std::string& token) {
  if (token == "-") return array.size();
  std::size_t index = 0;
  const char* end = token.data() + token.size();
  if (token.empty() || std::from_chars(token.data(), end, index).ptr != end) return std::nullopt;
  if (index > array.size()) return std::nullopt;
  return index;
}

Json* member(Json& parent, const std::string& token) {
  if (parent.is_object()) return parent.get_object().if_contains(token);
  if (!parent.is_array()) return nullptr;
  const auto index = index_in(parent.get_array(), token);
  return index ? parent.get_array().if_contains(*index) : nullptr;
}

Json* walk(Json& root, const std::vector<std::string>& tokens, std::size_t count) {
  Json* at = &root;
  for (std::size_t i = 0; at && i < count; ++i) at = member(*at, tokens[i]);
  return at;
}

bool add_at(Json& root, const std::vector<std::string>& tokens, Json value) {
  if (tokens.empty()) {
    root = std::move(value);
    return true;
  }
  Json* parent = walk(root, tokens, tokens.size() - 1);
  if (!parent) return false;
  if (parent->is_object()) {
    parent->get_object()[tokens.back()] = std::move(value);
    return true;
  }
  if (!parent->is_array()) return false;
  JsonArray& array = parent->get_array();
  const auto index = index_in(array, tokens.back());
  if (!index) return false;
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return true;
}

bool remove_at(Json& root, const std::vector<std::string>& tokens) {
  if (tokens.empty() || !walk(root, tokens, tokens.size())) return false;
  Json* parent = walk(root, tokens, tokens.size() - 1);
  if (parent->is_object()) return parent->get_object().erase(tokens.back()) > 0;
  JsonArray& array = parent->get_array();
  const auto index = index_in(array, tokens.back());
  array.erase(array.begin() + static_cast<std::ptrdiff_t>(index.value_or(0)));
  return true;
}

bool apply_operation(Json& target, const Json& operation) {
  const auto name = text_at(operation, "op");
  const auto path = pointer_tokens(text_at(operation, "path"));
  const auto from = pointer_tokens(text_at(operation, "from"));
  const Json* value = find(operation, "value");
  if (name == "remove") return remove_at(target, path);
  if (name == "move" || name == "copy") {
    const Json* source = walk(target, from, from.size());
    if (!source) return false;
    Json taken = *source;
    if (name == "move") remove_at(target, from);
    return add_at(target, path, std::move(taken));
  }
  if (!value) return false;
  if (name == "add") return add_at(target, path, *value);
  Json* current = walk(target, path, path.size());
  if (name == "test") return current ? *current == *value : value->is_null();
  if (name != "replace" || !current) return false;
  *current = *value;
  return true;
}

}  // namespace

std::optional<std::string> json_patch(Json& target, const Json& operations) {
  if (!operations.is_array()) return "a JSON patch is an array of operations";
  for (const Json& operation : operations.get_array()) {
    if (!apply_operation(target, operation)) {
      return "the operation does not apply: " + boost::json::serialize(operation);
    }
  }
  return std::nullopt;
}

// ---- strategic merge patch ----

namespace {

// What Kubernetes' types declare as patchMergeKey, for the lists our resources have.
std::string_view merge_key(std::string_view list) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> keys = {{
      {"ownerReferences", "uid"},
      {"containers", "name"},
      {"initContainers", "name"},
      {"env", "name"},
      {"volumes", "name"},
      {"volumeMounts", "mountPath"},
      {"imagePullSecrets", "name"},
      {"secrets", "name"},
      {"conditions", "type"},
      {"ports", "port"},
      {"podIPs", "ip"},
      {"hostAliases", "ip"},
  }};
  for (const auto& [name, key] : keys) {
    if (name == list) return key;
  }
  return {};
}

Json* element_with(JsonArray& array, std::string_view key, const Json& like) {
  const Json* wanted = find(like, key);
  for (Json& element : array) {
    const Json* value = find(element, key);
    if (wanted && value && *value == *wanted) return &element;
  }
  return nullptr;
}

void merge_list(JsonArray& target, const JsonArray& patch, std::string_view key) {
  for (const Json& element : patch) {
    const auto directive = text_at(element, "$patch");
    Json* match = element_with(target, key, element);
    if (directive == "replace") {
      target.clear();
    } else if (directive == "delete") {
      if (match) target.erase(match);
    } else if (match) {
      strategic_merge_patch(*match, element);
    } else {
      target.emplace_back(nullptr);
      strategic_merge_patch(target.back(), element);
    }
  }
}

void merge_primitives(JsonArray& target, const JsonArray& patch) {
  for (const Json& element : patch) {
    if (std::find(target.begin(), target.end(), element) == target.end()) {
      target.push_back(element);
    }
  }
}

void delete_primitives(JsonObject& target, std::string_view list, const Json& values) {
  Json* array = target.if_contains(list);
  if (!array || !array->is_array() || !values.is_array()) return;
  for (const Json& value : values.get_array()) {
    const auto found = std::find(array->get_array().begin(), array->get_array().end(), value);
    if (found != array->get_array().end()) array->get_array().erase(found);
  }
}

void retain_keys(JsonObject& target, const Json& keys) {
  if (!keys.is_array()) return;
  std::vector<std::string> dropped;
  for (const auto& entry : target) {
    const Json name(entry.key());
    const auto& list = keys.get_array();
    if (std::find(list.begin(), list.end(), name) == list.end()) dropped.emplace_back(entry.key());
  }
  for (const auto& key : dropped) target.erase(key);
}

void merge_directive(JsonObject& target, std::string_view key, const Json& value) {
  constexpr std::string_view delete_from = "$deleteFromPrimitiveList/";
  if (key.starts_with(delete_from)) {
    delete_primitives(target, key.substr(delete_from.size()), value);
  } else if (key == "$retainKeys") {
    retain_keys(target, value);
  }
}

void merge_member(JsonObject& target, std::string_view key, const Json& value) {
  Json& current = target[key];
  if (!value.is_array()) {
    strategic_merge_patch(current, value);
    return;
  }
  if (!current.is_array()) current.emplace_array();
  if (const auto by = merge_key(key); !by.empty()) {
    merge_list(current.get_array(), value.get_array(), by);
  } else if (key == "finalizers") {
    merge_primitives(current.get_array(), value.get_array());
  } else {
    current = value;
  }
}

}  // namespace

void strategic_merge_patch(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object() || text_at(patch, "$patch") == "replace") target.emplace_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (key.starts_with("$")) {
      merge_directive(target.get_object(), key, value);
    } else if (value.is_null() || text_at(value, "$patch") == "delete") {
      target.get_object().erase(key);
    } else {
      merge_member(target.get_object(), key, value);
    }
  }
}

}  // namespace bulla::test
