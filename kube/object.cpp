// SPDX-License-Identifier: Apache-2.0
#include "kube/object.hpp"

#include <boost/json/serializer.hpp>

#include "base/json.hpp"
#include "base/limits.hpp"

namespace bulla::kube {
namespace {

namespace json = boost::json;

constexpr std::size_t serialize_chunk_bytes = 4096;

std::string_view view_of(const json::string& text) noexcept { return {text.data(), text.size()}; }

const json::object* object_at(const json::value& value,
                              std::initializer_list<std::string_view> path) noexcept {
  const auto* found = find_member(value, path);
  return found == nullptr ? nullptr : found->if_object();
}

std::optional<std::string_view> text_member(const json::object* object,
                                            std::string_view name) noexcept {
  if (object == nullptr) return std::nullopt;
  const auto* value = object->if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return view_of(value->get_string());
}

}  // namespace

std::string to_text(const ObjectKey& key) {
  return key.namespace_.empty() ? key.name : key.namespace_ + "/" + key.name;
}

const json::value* find_member(const json::value& value,
                               std::initializer_list<std::string_view> path) noexcept {
  const auto* here = &value;
  for (const auto name : path) {
    const auto* object = here->if_object();
    if (object == nullptr) return nullptr;
    here = object->if_contains(name);
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string_view text_at(const json::value& value,
                         std::initializer_list<std::string_view> path) noexcept {
  const auto* found = find_member(value, path);
  if (found == nullptr || !found->is_string()) return {};
  return view_of(found->get_string());
}

ObjectKey key_of(const json::value& object) {
  return {std::string(namespace_of(object)), std::string(name_of(object))};
}

std::string_view name_of(const json::value& object) noexcept {
  return text_at(object, {"metadata", "name"});
}

std::string_view namespace_of(const json::value& object) noexcept {
  return text_at(object, {"metadata", "namespace"});
}

std::string_view uid_of(const json::value& object) noexcept {
  return text_at(object, {"metadata", "uid"});
}

std::string_view resource_version_of(const json::value& object) noexcept {
  return text_at(object, {"metadata", "resourceVersion"});
}

std::int64_t generation_of(const json::value& object) noexcept {
  const auto* generation = find_member(object, {"metadata", "generation"});
  return generation != nullptr && generation->is_int64() ? generation->get_int64() : 0;
}

bool is_being_deleted(const json::value& object) noexcept {
  return !text_at(object, {"metadata", "deletionTimestamp"}).empty();
}

const json::object* annotations_of(const json::value& object) noexcept {
  return object_at(object, {"metadata", "annotations"});
}

const json::object* labels_of(const json::value& object) noexcept {
  return object_at(object, {"metadata", "labels"});
}

std::optional<std::string_view> annotation_of(const json::value& object,
                                              std::string_view name) noexcept {
  return text_member(annotations_of(object), name);
}

std::optional<std::string_view> label_of(const json::value& object,
                                         std::string_view name) noexcept {
  return text_member(labels_of(object), name);
}

std::optional<OwnerReference> controller_of(const json::value& object) {
  const auto* owners = find_member(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return std::nullopt;
  for (const auto& owner : owners->get_array()) {
    const auto* controls = find_member(owner, {"controller"});
    if (controls == nullptr || !controls->is_bool() || !controls->get_bool()) continue;
    return OwnerReference{
        std::string(text_at(owner, {"apiVersion"})), std::string(text_at(owner, {"kind"})),
        std::string(text_at(owner, {"name"})), std::string(text_at(owner, {"uid"}))};
  }
  return std::nullopt;
}

Result<json::value> parse_json(std::string_view text) {
  return read_json(text, {.deeper = Deeper::dropped, .counts_as_bytes = limits::object_bytes_max});
}

SecretBuffer serialize_json(const json::value& value) {
  SecretBuffer out;
  SecretBuffer chunk(serialize_chunk_bytes);
  json::serializer serializer;
  serializer.reset(&value);
  while (!serializer.done()) {
    const auto room = chunk.expose_secret();
    out.append(serializer.read(reinterpret_cast<char*>(room.data()), room.size()));
  }
  return out;
}

}  // namespace bulla::kube
