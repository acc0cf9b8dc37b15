// SPDX-License-Identifier: Apache-2.0
#include "resource/rotate.hpp"

#include <array>
#include <map>
#include <string>

#include "base/base64.hpp"
#include "crypto/envelope.hpp"
#include "resource/fields.hpp"
#include "resource/open_items.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> kept_metadata{"name", "namespace", "labels",
                                                        "annotations"};
/// What a server sets, and what a Secret of another cluster must not bring along.
constexpr std::array<std::string_view, 9> dropped_from_template{
    "selfLink",        "uid",           "resourceVersion",
    "generation",      "managedFields", "deletionTimestamp",
    "ownerReferences", "finalizers",    "deletionGracePeriodSeconds"};
constexpr std::array<std::string_view, 2> scope_annotations{annotation::cluster_wide,
                                                            annotation::namespace_wide};
/// kubectl's copy of the object as it was: with the old ciphertext, or of a Secret.
constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";

/// What is no base64 costs as much as what does not decrypt.
Result<SecretBuffer> open_item(ItemOpener& opener, std::string_view base64,
                               std::string_view label) {
  const bool readable = decode_base64(base64).has_value();
  auto opened = opener.open(readable ? base64 : std::string_view(), label);
  if (!opened) return cannot_decrypt();
  return std::move(opened->plaintext);
}

std::string own_label(const SealedSecret& sealed) {
  return seal_label(scope_of(sealed.metadata), sealed.namespace_(), sealed.name());
}

/// The envelopes of an object by item; the V1 form is one without a name.
std::map<std::string, std::string_view> envelopes_of(const SealedSecret& sealed) {
  std::map<std::string, std::string_view> envelopes;
  if (sealed.deprecated_data) envelopes.emplace("", *sealed.deprecated_data);
  for (const auto& [item, base64] : sealed.encrypted_data) envelopes.emplace(item, base64);
  return envelopes;
}

using Items = std::map<std::string, SecretBuffer>;

Result<Items> open_all(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                       const StrangerOptions& options) {
  ItemOpener opener(order, Effort::same, [&options] {
    if (options.on_operation) options.on_operation();
    return true;
  });
  const std::string label = own_label(sealed);
  Items items;
  bool all = true;
  for (const auto& [item, base64] : envelopes_of(sealed)) {
    if (options.may_go_on && !options.may_go_on())
      return Error{Errc::unavailable, "there was no time to finish"};
    auto plaintext = open_item(opener, base64, label);
    all = all && plaintext.has_value();
    if (plaintext) items.emplace(item, std::move(*plaintext));
  }
  const bool both_forms = sealed.deprecated_data && !sealed.encrypted_data.empty();
  if (sealed.deprecated_data && !options.accept_deprecated_data) all = false;
  if (!all || both_forms) return cannot_decrypt();
  return items;
}

/// Takes the scope annotations off, whatever their value, and puts that of `scope` on.
void mark_scope(json::object& metadata, Scope scope) {
  auto* found = metadata.if_contains("annotations");
  if (auto* annotations = found != nullptr ? found->if_object() : nullptr; annotations != nullptr) {
    for (const auto name : scope_annotations) annotations->erase(name);
    annotations->erase(last_applied);
    if (annotations->empty()) metadata.erase("annotations");
  }
  set_scope_annotation(metadata, scope);
}

/// In the order in which Kubernetes prints it, which erase() and new members disturbed.
Result<json::object> in_order(const json::object& metadata) {
  return read_fields(metadata, object_meta_fields(), "metadata", Scalars::keep_their_kind);
}

Result<json::object> object_metadata(const SealedSecret& sealed) {
  json::object metadata(wiping_storage());
  for (const auto name : kept_metadata) {
    if (const auto* value = sealed.metadata.if_contains(name)) metadata.emplace(name, *value);
  }
  mark_scope(metadata, scope_of(sealed.metadata));
  return in_order(metadata);
}

Result<json::object> template_metadata(const SealedSecret& sealed) {
  json::object metadata(sealed.secret_template.metadata, wiping_storage());
  for (const auto name : dropped_from_template) metadata.erase(name);
  // A name or namespace that differs was never what the Secret would get.
  for (const std::string_view name : {"name", "namespace"}) {
    if (!metadata.contains(name)) continue;
    metadata.erase(name);
    if (const auto value = metadata_text(sealed.metadata, name); !value.empty())
      metadata.emplace(name, value);
  }
  mark_scope(metadata, scope_of(sealed.metadata));
  return in_order(metadata);
}

}  // namespace

Result<void> check_opens(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                         const StrangerOptions& options) {
  const auto items = open_all(sealed, order, options);
  if (!items) return items.error();
  return {};
}

Result<SealedSecret> rotate(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                            const PublicKey& to, const StrangerOptions& options) {
  const auto items = open_all(sealed, order, options);
  if (!items) return items.error();

  auto metadata = object_metadata(sealed);
  if (!metadata) return metadata.error();
  auto inner_metadata = template_metadata(sealed);
  if (!inner_metadata) return inner_metadata.error();

  SealedSecret out;
  out.metadata = std::move(*metadata);
  out.secret_template = sealed.secret_template;
  out.secret_template.metadata = std::move(*inner_metadata);
  const std::string label = own_label(sealed);
  for (const auto& [item, plaintext] : *items) {
    auto envelope = seal_item(plaintext.expose_secret(), to, label);
    if (!envelope) return envelope.error();
    if (sealed.deprecated_data) {
      out.deprecated_data = std::move(*envelope);
    } else {
      out.encrypted_data.emplace(item, std::move(*envelope));
    }
  }
  return out;
}

}  // namespace bulla
