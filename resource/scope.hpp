// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace bulla {

/// Where a sealed item may be opened (COMPATIBILITY.md, section 1).
enum class Scope {
  strict,          ///< only under its name, in its namespace
  namespace_wide,  ///< under any name in its namespace
  cluster_wide,    ///< anywhere
};

namespace annotation {
inline constexpr std::string_view namespace_wide = "sealedsecrets.bitnami.com/namespace-wide";
inline constexpr std::string_view cluster_wide = "sealedsecrets.bitnami.com/cluster-wide";
inline constexpr std::string_view managed = "sealedsecrets.bitnami.com/managed";
inline constexpr std::string_view patch = "sealedsecrets.bitnami.com/patch";
inline constexpr std::string_view skip_set_owner_references =
    "sealedsecrets.bitnami.com/skip-set-owner-references";
}  // namespace annotation

/// "strict", "namespace-wide", "cluster-wide".
[[nodiscard]] std::string_view scope_name(Scope scope) noexcept;
/// The scope of that name; "" is strict. Nothing for other names.
[[nodiscard]] std::optional<Scope> parse_scope(std::string_view name) noexcept;

/// Text of `metadata.FIELD`, or "" when it is absent or no string.
[[nodiscard]] std::string_view metadata_text(const boost::json::object& metadata,
                                             std::string_view field) noexcept;
/// Whether `metadata.annotations[name]` is exactly "true".
[[nodiscard]] bool has_annotation(const boost::json::object& metadata,
                                  std::string_view name) noexcept;
/// The scope that an object's annotations ask for; cluster-wide wins over namespace-wide.
[[nodiscard]] Scope scope_of(const boost::json::object& metadata) noexcept;
/// Sets the annotation of `scope` and removes the others' (strict has none).
void set_scope_annotation(boost::json::object& metadata, Scope scope);

/// Whether a label of this namespace means it alone: what is sealed for all of a namespace called
/// "a/b" would open as the object b of namespace a.
/// Errors: invalid_input: there is a '/' in it.
[[nodiscard]] Result<void> check_namespace(std::string_view namespace_);

/// The OAEP label: "NAMESPACE/NAME", "NAMESPACE" or "". To seal, check_namespace() first.
[[nodiscard]] std::string seal_label(Scope scope, std::string_view namespace_,
                                     std::string_view name);

}  // namespace bulla
