// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace bulla::test {

using Json = boost::json::value;
using JsonArray = boost::json::array;
using JsonObject = boost::json::object;

/// A stored object. Never changed once stored: a new version is a new value, so that a
/// reader may keep a pointer without holding any lock.
using ObjectPtr = std::shared_ptr<const Json>;

/// The member at a dotted path such as "metadata.labels", or null when any part of it is
/// missing. Keys that hold a dot themselves cannot be reached this way. The pointer lives as
/// long as `value` is neither changed nor destroyed.
[[nodiscard]] const Json* find(const Json& value, std::string_view dotted_path);

/// The string at a dotted path; empty when it is missing or no string.
[[nodiscard]] std::string text_at(const Json& value, std::string_view dotted_path);

/// The member `key` as an object, made (or made anew when it is something else) on demand.
[[nodiscard]] JsonObject& object_in(JsonObject& parent, std::string_view key);

/// The member `key` of an object as an object; null when missing or something else.
[[nodiscard]] const JsonObject* object_at(const Json& value, std::string_view dotted_path);

/// The first YAML document as JSON, with Kubernetes' reading of plain scalars (JSON is YAML,
/// so it may be either). Throws YAML::Exception on text that is no YAML. Meant for the CRD
/// files that tests and the demo load, not for hostile input.
[[nodiscard]] Json json_from_yaml(const std::string& text);

}  // namespace bulla::test
