// SPDX-License-Identifier: Apache-2.0
#include "resource/seal.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "base/base64.hpp"
#include "crypto/envelope.hpp"
#include "resource/fields.hpp"
#include "resource/open_items.hpp"
#include "resource/render.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// What the API server sets, or owns: it would be wrong in another cluster.
constexpr std::array<std::string_view, 8> server_fields{"selfLink",
                                                        "uid",
                                                        "resourceVersion",
                                                        "generation",
                                                        "creationTimestamp",
                                                        "deletionTimestamp",
                                                        "deletionGracePeriodSeconds",
                                                        "ownerReferences"};

/// Annotations in which kubectl and kubecfg keep a copy of the whole Secret, plaintext and all.
constexpr std::array<std::string_view, 2> leaking_annotations{
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration"};

json::object without_server_fields(const json::object& metadata) {
  json::object out(metadata, wiping_storage());
  for (const auto field : server_fields) out.stable_erase(field);
  return out;
}

void erase_leaking_annotations(json::object& metadata) {
  auto* found = metadata.if_contains("annotations");
  auto* annotations = found != nullptr ? found->if_object() : nullptr;
  if (annotations == nullptr) return;
  for (const auto name : leaking_annotations) annotations->stable_erase(name);
  if (annotations->empty()) metadata.stable_erase("annotations");
}

json::object owner_reference(const SealedSecret& sealed) {
  json::object out(wiping_storage());
  out.emplace("apiVersion", sealed.owner.api_version);
  out.emplace("kind", sealed.owner.kind);
  out.emplace("name", sealed.name());
  out.emplace("uid", metadata_text(sealed.metadata, "uid"));
  out.emplace("controller", true);
  return out;
}

/// The Secret's metadata: the template's, under the SealedSecret's name and with it as owner.
json::object secret_metadata(const json::object& from, const SealedSecret& sealed) {
  json::object out(from, wiping_storage());
  for (const auto field : {"name", "namespace", "ownerReferences"}) out.erase(field);
  if (!sealed.name().empty()) out.emplace("name", sealed.name());
  if (!sealed.namespace_().empty()) out.emplace("namespace", sealed.namespace_());
  if (!has_annotation(from, annotation::skip_set_owner_references))
    out.emplace("ownerReferences", json::array({owner_reference(sealed)}, out.storage()));
  return out;
}

Result<std::map<std::string, std::string>> seal_items(const Secret& secret, const PublicKey& key,
                                                      std::string_view label, Cores cores) {
  std::map<std::string, std::string> out;
  std::vector<std::pair<std::string*, const SecretBuffer*>> items;
  for (const auto* values : {&secret.string_data, &secret.data}) {
    for (const auto& [item, plaintext] : *values) {
      const auto [place, is_new] = out.try_emplace(item);
      if (is_new)
        items.emplace_back(&place->second, &plaintext);  // stringData comes first: it wins
    }
  }
  std::vector<Result<void>> sealed(items.size());
  parallel_for(
      items.size(),
      [&](std::size_t i) {
        auto ciphertext = seal_item(items[i].second->expose_secret(), key, label);
        if (ciphertext) {
          *items[i].first = std::move(*ciphertext);
        } else {
          sealed[i] = std::move(ciphertext).error();
        }
      },
      cores);
  for (const auto& result : sealed) {
    if (!result) return result.error();
  }
  return out;
}

std::string label_of(const SealedSecret& sealed) {
  return seal_label(scope_of(sealed.metadata), sealed.namespace_(), sealed.name());
}

void note_key(std::vector<Fingerprint>& keys, const Keyring::Entry& entry) {
  const auto& fingerprint = entry->key.fingerprint();
  if (std::ranges::find(keys, fingerprint) == keys.end()) keys.push_back(fingerprint);
}

struct OpenedItem {
  std::string_view item;
  Result<Keyring::Opened> opened = cannot_decrypt();
};

std::vector<OpenedItem> open_items(const SealedSecret& sealed,
                                   std::span<const Keyring::Entry> order, Cores cores) {
  std::vector<OpenedItem> items;
  std::vector<std::string_view> ciphertexts;
  for (const auto& [item, base64] : sealed.encrypted_data) {
    items.push_back({item});
    ciphertexts.push_back(base64);
  }
  const auto label = label_of(sealed);
  ItemOpener opener(order);
  parallel_for(
      items.size(), [&](std::size_t i) { items[i].opened = opener.open(ciphertexts[i], label); },
      cores);
  return items;
}

/// The V1 form: spec.data is one envelope around a whole Secret in JSON.
Result<Unsealed> unseal_deprecated(const SealedSecret& sealed,
                                   std::span<const Keyring::Entry> order) {
  auto opened = ItemOpener(order).open(*sealed.deprecated_data, label_of(sealed));
  if (!opened) return std::move(opened).error().during("spec.data");

  boost::system::error_code failed;
  const auto document =
      json::parse(opened->plaintext.expose_secret_text(), failed, wiping_storage());
  if (failed) return Error{Errc::invalid_input, "spec.data does not hold a Secret in JSON"};
  auto secret = Secret::from_json(document);
  if (!secret) return std::move(secret).error().during("the Secret in spec.data");

  Unsealed out{std::move(*secret), {opened->key->key.fingerprint()}};
  for (auto& [key, value] : out.secret.string_data)
    out.secret.data.insert_or_assign(key, std::move(value));
  out.secret.string_data.clear();
  out.secret.metadata = secret_metadata(out.secret.metadata, sealed);
  return out;
}

}  // namespace

Result<std::string> seal_item(std::span<const std::uint8_t> plaintext, const PublicKey& key,
                              std::string_view label) {
  auto envelope = encrypt_envelope(key, plaintext, label);
  if (!envelope) return envelope.error();
  return encode_base64(*envelope);
}

Result<SealedSecret> seal(const Secret& secret, const PublicKey& key, std::optional<Scope> wanted,
                          Cores cores) {
  const Scope scope = wanted.value_or(scope_of(secret.metadata));
  const auto name = metadata_text(secret.metadata, "name");
  const auto namespace_ = metadata_text(secret.metadata, "namespace");

  SealedSecret out;
  out.secret_template.metadata = without_server_fields(secret.metadata);
  erase_leaking_annotations(out.secret_template.metadata);
  if (wanted) set_scope_annotation(out.secret_template.metadata, scope);
  out.secret_template.type = secret.type;
  out.secret_template.immutable = secret.immutable;

  out.metadata = json::object(wiping_storage());
  if (!name.empty()) out.metadata.emplace("name", name);
  if (!namespace_.empty()) out.metadata.emplace("namespace", namespace_);
  set_scope_annotation(out.metadata, scope);

  auto items = seal_items(secret, key, seal_label(scope, namespace_, name), cores);
  if (!items) return items.error();
  out.encrypted_data = std::move(*items);
  return out;
}

Result<Unsealed> unseal(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                        const UnsealOptions& options) {
  if (sealed.deprecated_data) {
    if (!options.accept_deprecated_data || !sealed.encrypted_data.empty()) {
      return Error{Errc::invalid_input,
                   "using deprecated 'data' field, use 'encryptedData' or flip the feature flag"};
    }
    return unseal_deprecated(sealed,
                             order);  // a whole Secret: the reference runs no templates on it
  }

  Unsealed out;
  ItemFailures failures;
  for (auto& [item, opened] : open_items(sealed, order, options.cores)) {
    if (!opened) {
      failures.add(opened.error(), item);
      continue;
    }
    note_key(out.keys, opened->key);
    out.secret.data.emplace(item, std::move(opened->plaintext));
  }
  render(sealed.secret_template.data, out.secret.data, failures);
  if (failures.any()) return std::move(failures).error();

  out.secret.metadata = secret_metadata(sealed.secret_template.metadata, sealed);
  out.secret.type = sealed.secret_template.type;
  out.secret.immutable = sealed.secret_template.immutable;
  return out;
}

}  // namespace bulla
