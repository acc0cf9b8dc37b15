// SPDX-License-Identifier: Apache-2.0
#include "controller/secret_update.hpp"

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// The member object of that name, made if it is not there (or is null).
json::object& member_object(json::object& parent, std::string_view name) {
  json::value& member = parent[name];
  if (!member.is_object()) member = json::object(parent.storage());
  return member.as_object();
}

/// `from`'s entry takes the place of `to`'s; nothing there means none here. Empty maps and lists
/// are as good as none: the API server leaves them out.
void replace(json::object& to, const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  const bool empty = value == nullptr || value->is_null() ||
                     (value->is_object() && value->get_object().empty()) ||
                     (value->is_array() && value->get_array().empty());
  if (empty) {
    to.erase(name);
  } else {
    to[name] = *value;
  }
}

void merge(json::object& to, const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || !value->is_object() || value->get_object().empty()) return;
  json::object& target = member_object(to, name);
  for (const auto& [key, entry] : value->get_object()) target[key] = entry;
}

const json::object& metadata_of(const json::value& object) {
  static const json::object none;
  const json::value* metadata = kube::find_member(object, {"metadata"});
  return metadata != nullptr && metadata->is_object() ? metadata->get_object() : none;
}

bool is_immutable(const json::value& object) {
  const json::value* immutable = kube::find_member(object, {"immutable"});
  return immutable != nullptr && immutable->is_bool() && immutable->get_bool();
}

bool same_member(const json::object& a, const json::object& b, std::string_view name) {
  const json::value* left = a.if_contains(name);
  const json::value* right = b.if_contains(name);
  if (left == nullptr || right == nullptr) return left == right;
  return *left == *right;
}

}  // namespace

SecretWrite plan_update(Action action, const json::value& existing, const json::value& desired) {
  BULLA_ASSERT(existing.is_object());
  BULLA_ASSERT(desired.is_object());
  const json::object& wanted = desired.get_object();
  const json::object& wanted_metadata = metadata_of(desired);

  json::value updated(existing, json::storage_ptr(wiping_memory()));
  json::object& secret = updated.as_object();
  json::object& metadata = member_object(secret, "metadata");
  const bool whole = action == Action::make_equal;
  for (const std::string_view name : {"labels", "annotations"})
    whole ? replace(metadata, wanted_metadata, name) : merge(metadata, wanted_metadata, name);
  whole ? replace(secret, wanted, "data") : merge(secret, wanted, "data");
  if (action != Action::merge) replace(metadata, wanted_metadata, "ownerReferences");
  if (whole) {
    // No type means Opaque, which is how the API server stores it.
    const std::string_view type = kube::text_at(desired, {"type"});
    secret["type"] = type.empty() ? std::string_view("Opaque") : type;
    if (is_immutable(desired)) secret["immutable"] = true;
  }

  if (updated == existing) return {};
  if (is_immutable(existing) && !same_member(secret, existing.get_object(), "data"))
    return {SecretWrite::Kind::immutable, {}};
  return {SecretWrite::Kind::put, std::move(updated)};
}

}  // namespace bulla
