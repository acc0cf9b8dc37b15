// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla::kube {

/// The name of an object within its kind. A cluster-scoped object has an empty namespace.
struct ObjectKey {
  std::string namespace_;
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

/// "namespace/name", or "name" alone for a cluster-scoped object; for logs and messages.
[[nodiscard]] std::string to_text(const ObjectKey& key);

/// The owner that controls an object: the one entry of metadata.ownerReferences with
/// `controller: true`.
struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;  ///< compare this and not the name: names are used again
};

// What follows reads metadata of a Kubernetes object. A field that is missing or of the wrong type
// reads as empty (or 0, or nullptr): the API server checks types, we only must not stumble.
// Views and pointers are valid as long as the object is neither changed nor destroyed.

[[nodiscard]] ObjectKey key_of(const boost::json::value& object);
[[nodiscard]] std::string_view name_of(const boost::json::value& object) noexcept;
[[nodiscard]] std::string_view namespace_of(const boost::json::value& object) noexcept;
[[nodiscard]] std::string_view uid_of(const boost::json::value& object) noexcept;
/// Opaque: compare for equality, never order it.
[[nodiscard]] std::string_view resource_version_of(const boost::json::value& object) noexcept;
/// Grows with each change of the spec, not of the status.
[[nodiscard]] std::int64_t generation_of(const boost::json::value& object) noexcept;
[[nodiscard]] bool is_being_deleted(const boost::json::value& object) noexcept;
[[nodiscard]] const boost::json::object* annotations_of(const boost::json::value& object) noexcept;
[[nodiscard]] const boost::json::object* labels_of(const boost::json::value& object) noexcept;
/// One annotation's or label's value; nothing if it is not there (an empty value is there).
[[nodiscard]] std::optional<std::string_view> annotation_of(const boost::json::value& object,
                                                            std::string_view name) noexcept;
[[nodiscard]] std::optional<std::string_view> label_of(const boost::json::value& object,
                                                       std::string_view name) noexcept;
[[nodiscard]] std::optional<OwnerReference> controller_of(const boost::json::value& object);

/// The value at a path of member names, or nullptr.
[[nodiscard]] const boost::json::value* find_member(
    const boost::json::value& value, std::initializer_list<std::string_view> path) noexcept;
/// The text at a path of member names; empty if there is none.
[[nodiscard]] std::string_view text_at(const boost::json::value& value,
                                       std::initializer_list<std::string_view> path) noexcept;

/// JSON from the API server, by read_json(). It reads every object that etcd takes, however it is
/// made: one that could not be read would hide all others in its list or watch. Parts that nest
/// deeper than anything of use are dropped (etcd takes 10,000 levels), and small answers may take
/// what an object full of digits does (28 bytes for each of its own).
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);
/// The text of a JSON value, in memory that is wiped.
[[nodiscard]] SecretBuffer serialize_json(const boost::json::value& value);

}  // namespace bulla::kube

template <>
struct std::hash<bulla::kube::ObjectKey> {
  [[nodiscard]] std::size_t operator()(const bulla::kube::ObjectKey& key) const noexcept {
    const std::size_t first = std::hash<std::string>()(key.namespace_);
    return first * 31 + std::hash<std::string>()(key.name);
  }
};
