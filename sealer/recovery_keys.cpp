// SPDX-License-Identifier: Apache-2.0
#include "sealer/recovery_keys.hpp"

#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"
#include "sealer/explain_input.hpp"

namespace bulla::sealer {

namespace json = boost::json;

namespace {

constexpr std::size_t key_file_bytes_max = 64 * limits::mib;  // a backup of every key there was

Result<void> add_keys(Keyring& ring, std::vector<PrivateKey> keys) {
  for (auto& key : keys) {
    auto added = ring.add({std::move(key), std::nullopt, {}});
    if (!added) return added.error();
  }
  return {};
}

Result<void> add_key_secret(Keyring& ring, const json::value& value, Scalars scalars) {
  auto secret = Secret::from_json(value, scalars);
  if (!secret) return secret.error();
  const auto name = quoted(metadata_text(secret->metadata, "name"));
  const auto key = secret->data.find("tls.key");
  if (key == secret->data.end()) {
    const auto* object = value.if_object();
    const auto kind = object != nullptr ? metadata_text(*object, "kind") : std::string_view();
    if (!kind.empty() && kind != "Secret") {
      return Error{
          Errc::invalid_input,
          "expected a Secret with tls.key, or a List of them, found a " + std::string(kind)};
    }
    return Error{Errc::invalid_input, "Secret " + name + " has no tls.key under data"};
  }
  auto keys = parse_private_keys(key->second.expose_secret_text());
  if (keys.empty()) {
    return Error{Errc::invalid_input,
                 "tls.key of Secret " + name + " holds no RSA private key in PEM"};
  }
  return add_keys(ring, std::move(keys));
}

/// Go writes a v1.List that it made itself without a kind.
bool is_list(const json::object& object) {
  const auto kind = metadata_text(object, "kind");
  return kind == "List" || (kind.empty() && object.contains("items"));
}

/// The Secrets of a List, or the one that the document is.
Result<void> add_document(Keyring& ring, const Document& document) {
  const auto* object = document.value.if_object();
  if (object == nullptr) return {};
  const auto* items = object->if_contains("items");
  if (!is_list(*object) || items == nullptr)
    return add_key_secret(ring, document.value, document.scalars);
  const auto* list = items->if_array();
  if (list == nullptr) return {};
  for (const auto& item : *list) {
    if (auto added = add_key_secret(ring, item, document.scalars); !added) return added;
  }
  return {};
}

Result<void> add_file(RecoveryKeys& keys, const std::string& path) {
  auto text = path == "-" ? read_descriptor(STDIN_FILENO, "standard input", key_file_bytes_max)
                          : read_file(path, key_file_bytes_max);
  if (!text) return text.error();
  if (auto found = parse_private_keys(text->expose_secret_text()); !found.empty())
    return add_keys(keys.ring, std::move(found));
  const auto documents = read_documents(text->expose_secret_text());
  bool has_objects = false;
  if (documents) {
    for (const auto& document : *documents) {
      has_objects = has_objects || document.value.is_object();
      if (auto added = add_document(keys.ring, document); !added)
        return std::move(added).error().during(path + ", line " + std::to_string(document.line));
    }
  }
  if (has_objects) return {};
  // Neither PEM with a key that fits nor an object.
  const auto why = PrivateKey::from_pem(text->expose_secret_text());
  if (!why) keys.remarks.push_back(path + ": " + why.error().message);
  return {};
}

SealedSecret without_damaged_items(SealedSecret sealed) {
  std::erase_if(sealed.encrypted_data,
                [](const auto& item) { return !ciphertext_fault(item.second).empty(); });
  return sealed;
}

}  // namespace

Result<RecoveryKeys> read_recovery_keys(const std::vector<std::string>& files) {
  RecoveryKeys keys;
  for (const auto& file : files) {
    if (auto added = add_file(keys, file); !added) return added.error();
  }
  return keys;
}

Error with_tried_keys(Error error, const RecoveryKeys& keys) {
  if (error.code != Errc::cannot_decrypt) return error;
  for (const auto& entry : keys.ring.newest_first())
    error = std::move(error).hint("tried key " + entry->key.fingerprint());
  for (const auto& remark : keys.remarks) error = std::move(error).hint(remark);
  if (keys.ring.empty()) error = std::move(error).hint("pass a key with --recovery-private-key");
  return error;
}

Error with_reasons(Error error, const std::string& where, const SealedSecret& sealed,
                   const RecoveryKeys& keys) {
  error = std::move(error).hint("it is SealedSecret " + std::string(sealed.namespace_()) + "/" +
                                std::string(sealed.name()) + " in " + where);
  for (auto& item : damaged_items(sealed)) error = std::move(error).hint(std::move(item));
  if (error.code != Errc::cannot_decrypt) return error;
  const auto why = explain_failure(without_damaged_items(sealed), keys.ring.newest_first());
  if (why.empty()) return error;  // no key is to blame
  error = std::move(error).hint(why);
  if (sealed.namespace_().empty()) {
    error = std::move(error).hint(
        "it names no namespace: -n NAMESPACE opens it as if it were in that one");
  }
  return with_tried_keys(std::move(error), keys);
}

}  // namespace bulla::sealer
