// SPDX-License-Identifier: Apache-2.0
#include "resource/scope.hpp"

#include <array>
#include <boost/json/value.hpp>

#include "base/secret.hpp"

namespace bulla {

namespace json = boost::json;

namespace {
constexpr std::array<std::string_view, 3> names{"strict", "namespace-wide", "cluster-wide"};
}

std::string_view scope_name(Scope scope) noexcept { return names[static_cast<std::size_t>(scope)]; }

std::optional<Scope> parse_scope(std::string_view name) noexcept {
  if (name.empty()) return Scope::strict;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

std::string_view metadata_text(const json::object& metadata, std::string_view field) noexcept {
  const auto* value = metadata.if_contains(field);
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

bool has_annotation(const json::object& metadata, std::string_view name) noexcept {
  const auto* annotations = metadata.if_contains("annotations");
  const auto* map = annotations != nullptr ? annotations->if_object() : nullptr;
  return map != nullptr && metadata_text(*map, name) == "true";
}

Scope scope_of(const json::object& metadata) noexcept {
  if (has_annotation(metadata, annotation::cluster_wide)) return Scope::cluster_wide;
  if (has_annotation(metadata, annotation::namespace_wide)) return Scope::namespace_wide;
  return Scope::strict;
}

void set_scope_annotation(json::object& metadata, Scope scope) {
  const auto wanted = scope == Scope::cluster_wide     ? annotation::cluster_wide
                      : scope == Scope::namespace_wide ? annotation::namespace_wide
                                                       : std::string_view();
  auto* found = metadata.if_contains("annotations");
  auto* annotations = found != nullptr ? found->if_object() : nullptr;
  if (annotations != nullptr) {
    for (const auto name : {annotation::cluster_wide, annotation::namespace_wide}) {
      if (name != wanted && has_annotation(metadata, name)) annotations->stable_erase(name);
    }
  }
  if (wanted.empty()) return;
  if (annotations == nullptr)
    annotations = &(metadata["annotations"] = json::object(metadata.storage())).get_object();
  annotations->insert_or_assign(wanted, "true");
}

Result<void> check_namespace(std::string_view namespace_) {
  if (namespace_.find('/') == namespace_.npos) return {};
  return Error{Errc::invalid_input,
               "namespace " + quoted(namespace_) +
                   " holds a '/': no namespace is called so, and what is sealed for it could open "
                   "in another"};
}

std::string seal_label(Scope scope, std::string_view namespace_, std::string_view name) {
  switch (scope) {
    case Scope::cluster_wide: return {};
    case Scope::namespace_wide: return std::string(namespace_);
    case Scope::strict: break;
  }
  return std::string(namespace_) + "/" + std::string(name);
}

}  // namespace bulla
