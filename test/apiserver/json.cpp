// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>

namespace bulla::test {

const Json* find(const Json& value, std::string_view dotted_path) {
  const Json* at = &value;
  while (!dotted_path.empty()) {
    const auto dot = dotted_path.find('.');
    const auto key = dotted_path.substr(0, dot);
    dotted_path = dot == std::string_view::npos ? "" : dotted_path.substr(dot + 1);
    const JsonObject* object = at->if_object();
    at = object ? object->if_contains(key) : nullptr;
    if (!at) return nullptr;
  }
  return at;
}

std::string text_at(const Json& value, std::string_view dotted_path) {
  const Json* found = find(value, dotted_path);
  if (!found || !found->is_string()) return {};
  const auto& text = found->get_string();
  return {text.data(), text.size()};
}

JsonObject& object_in(JsonObject& parent, std::string_view key) {
  Json& member = parent[key];
  if (!member.is_object()) member.emplace_object();
  return member.get_object();
}

const JsonObject* object_at(const Json& value, std::string_view dotted_path) {
  const Json* found = find(value, dotted_path);
  return found ? found->if_object() : nullptr;
}

namespace {

Json scalar_from_yaml(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return Json(text);  // quoted: a string whatever it looks like
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, integer).ptr == end) return integer;
  double real = 0;
  if (std::from_chars(text.data(), end, real).ptr == end) return real;
  return Json(text);
}

Json json_from_node(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      JsonObject object;
      for (const auto& member : node) object[member.first.Scalar()] = json_from_node(member.second);
      return object;
    }
    case YAML::NodeType::Sequence: {
      JsonArray array;
      for (const auto& element : node) array.push_back(json_from_node(element));
      return array;
    }
    case YAML::NodeType::Scalar: return scalar_from_yaml(node);
    default: return nullptr;
  }
}

}  // namespace

Json json_from_yaml(const std::string& text) { return json_from_node(YAML::Load(text)); }

}  // namespace bulla::test
