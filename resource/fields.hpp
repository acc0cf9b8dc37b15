// SPDX-License-Identifier: Apache-2.0
#pragma once

// How JSON becomes the fields of a Kubernetes object. For resource/'s own sources.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "resource/objects.hpp"

namespace bulla {

struct Field {
  enum class Kind { text, integer, boolean, time, text_map, text_list, object, object_list, any };
  std::string_view name;
  Kind kind = Kind::any;
  std::span<const Field> members = {};  ///< of an object, or of each object of a list
  bool always = false;  ///< printed even when empty, as a Go field without omitempty
};

/// The fields of ObjectMeta (k8s.io/apimachinery, meta/v1), in its order.
[[nodiscard]] std::span<const Field> object_meta_fields() noexcept;

/// `metadata` (as read_fields keeps it) the way Go prints an ObjectMeta: its fields in their order,
/// labels and annotations sorted. On wiping_memory().
[[nodiscard]] boost::json::object ordered_metadata(const boost::json::object& metadata);

/// `value` cut down to `fields`, in their order: names match in any case, unknown members go, null
/// and empty ones too. `where` is the path for messages ("metadata"). On wiping_memory().
/// Errors: invalid_input, "metadata.labels must be a map, not a list".
[[nodiscard]] Result<boost::json::object> read_fields(const boost::json::value& value,
                                                      std::span<const Field> fields,
                                                      std::string_view where, Scalars scalars);

/// One value of a known kind, as read_fields keeps it.
[[nodiscard]] Result<boost::json::value> read_field(const boost::json::value& value,
                                                    const Field& field, std::string_view where,
                                                    Scalars scalars);

/// The member whose name is `name` in any case, the exact one first; null when there is none.
[[nodiscard]] const boost::json::value* find_member(const boost::json::object& object,
                                                    std::string_view name) noexcept;

/// "a list", "text", "a number", ... for messages.
[[nodiscard]] std::string_view kind_name(const boost::json::value& value) noexcept;

/// A scalar as text: text as it is; under Scalars::become_text also numbers and truth values, as
/// sigs.k8s.io/yaml writes them. Nothing for anything else.
[[nodiscard]] std::optional<boost::json::string> scalar_text(const boost::json::value& value,
                                                             Scalars scalars);

}  // namespace bulla
