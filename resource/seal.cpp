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
  for (const auto field : server_fields) out.erase(field);
  return out;
}

void erase_leaking_annotations(json::object& metadata) {
  auto* found = metadata.if_contains("annotations");
  auto* annotations = found != nullptr ? found->if_object() : nullptr;
  if (annotations == nullptr) return;
  for (const auto name : leaking_annotations) annotations->erase(name);
  if (annotations->empty()) metadata.erase("annotations");
}

json::object owner_reference(const SealedSecret& sealed) {
  json::object out(wiping_storage());
  out.emplace("apiVersion", SealedSecret::api_version);
  out.emplace("kind", SealedSecret::kind);
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

/// Collects what is wrong with the items of one object, so that it is told at once.
class Failures {
 public:
  void add(const Error& error, std::string_view item) {
    undecryptable_only_ = undecryptable_only_ && error.code == Errc::cannot_decrypt;
    if (!message_.empty()) message_ += '\n';
    message_.append(error.message).append(" (").append(item).append(")");
  }
  [[nodiscard]] bool any() const noexcept { return !message_.empty(); }
  [[nodiscard]] Error error() && {
    return {undecryptable_only_ ? Errc::cannot_decrypt : Errc::invalid_input, std::move(message_)};
  }

 private:
  std::string message_;
  bool undecryptable_only_ = true;
};

std::string label_of(const SealedSecret& sealed) {
  return seal_label(scope_of(sealed.metadata), sealed.namespace_(), sealed.name());
}

Result<Keyring::Opened> open_item(std::string_view base64, std::span<const Keyring::Entry> order,
                                  std::string_view label) {
  auto envelope = decode_base64(base64);
  if (!envelope) return envelope.error();
  return Keyring::decrypt(order, *envelope, label);
}

void note_key(std::vector<Fingerprint>& keys, const Keyring::Entry& entry) {
  const auto& fingerprint = entry->key.fingerprint();
  if (std::ranges::find(keys, fingerprint) == keys.end()) keys.push_back(fingerprint);
}

/// The V1 form: spec.data is one envelope around a whole Secret in JSON.
Result<Unsealed> unseal_deprecated(const SealedSecret& sealed,
                                   std::span<const Keyring::Entry> order) {
  auto opened = open_item(*sealed.deprecated_data, order, label_of(sealed));
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

Result<SealedSecret> seal(const Secret& secret, const PublicKey& key, std::optional<Scope> wanted) {
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

  const auto label = seal_label(scope, namespace_, name);
  for (const auto* items : {&secret.string_data, &secret.data}) {
    for (const auto& [item, plaintext] : *items) {
      if (out.encrypted_data.contains(item)) continue;  // stringData came first: it wins
      auto sealed = seal_item(plaintext.expose_secret(), key, label);
      if (!sealed) return sealed.error();
      out.encrypted_data.emplace(item, std::move(*sealed));
    }
  }
  return out;
}

Result<Unsealed> unseal(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                        const UnsealOptions& options) {
  if (sealed.deprecated_data) {
    if (!options.accept_deprecated_data || !sealed.encrypted_data.empty()) {
      return Error{Errc::invalid_input,
                   "using deprecated 'data' field, use 'encryptedData' or flip the feature flag"};
    }
    return unseal_deprecated(sealed, order);
  }

  Unsealed out;
  Failures failures;
  const auto label = label_of(sealed);
  for (const auto& [item, base64] : sealed.encrypted_data) {
    auto opened = open_item(base64, order, label);
    if (!opened) {
      failures.add(opened.error(), item);
      continue;
    }
    note_key(out.keys, opened->key);
    out.secret.data.emplace(item, std::move(opened->plaintext));
  }
  for (const auto& [item, program] : sealed.secret_template.data) {
    failures.add({Errc::invalid_input, "spec.template.data is not supported by this version"},
                 item);
  }
  if (failures.any()) return std::move(failures).error();

  out.secret.metadata = secret_metadata(sealed.secret_template.metadata, sealed);
  out.secret.type = sealed.secret_template.type;
  out.secret.immutable = sealed.secret_template.immutable;
  return out;
}

}  // namespace bulla
