// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include "base/yaml.hpp"

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

Json json_from_yaml(const std::string& text) {
  auto documents = read_yaml(text);
  BULLA_ASSERT(documents && !documents->empty());
  return Json(documents->front(), boost::json::storage_ptr());
}

}  // namespace bulla::test
