// SPDX-License-Identifier: Apache-2.0
#include "controller/key_secret.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/secret.hpp"
#include "kube/object.hpp"
#include "resource/scope.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

// What Kubernetes makes up for generateName: five of these, in which no words can be read.
constexpr std::string_view name_alphabet = "bcdfghjklmnpqrstvwxz2456789";
constexpr std::size_t name_suffix_length = 5;

/// Clocks of machines in one cluster differ by seconds; certificates are made by hand.
constexpr auto clock_tolerance = std::chrono::minutes(10);

Result<SecretBuffer> item_of(const json::value& secret, std::string_view name) {
  const std::string_view text = kube::text_at(secret, {"data", name});
  if (text.empty()) return Error{Errc::invalid_input, "it has no item " + quoted(name)};
  auto bytes = decode_base64_secret(text);
  if (!bytes) return std::move(bytes).error().during(std::string(name));
  return bytes;
}

json::object text_map(const std::map<std::string, std::string>& texts, json::storage_ptr memory) {
  json::object object(std::move(memory));
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}

/// Five characters that follow from a text.
std::string suffix_of(std::string_view text) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  const auto bytes = as_bytes(text);
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  std::string suffix;
  for (std::size_t i = 0; i < name_suffix_length; ++i)
    suffix += name_alphabet[digest.at(i) % name_alphabet.size()];
  return suffix;
}

Result<PrivateKey> private_key_of(const json::value& secret) {
  auto text = item_of(secret, "tls.key");
  if (!text) return text.error();
  auto key = PrivateKey::from_pem(text->expose_secret_text());
  if (!key) return std::move(key).error().during("tls.key");
  return key;
}

}  // namespace

Result<KeyringEntry> parse_key_secret(const json::value& secret, KeyOrder order) {
  auto key = private_key_of(secret);
  if (!key) return key.error();

  auto certificate_text = item_of(secret, "tls.crt");
  if (!certificate_text) return certificate_text.error();
  auto certificate = Certificate::from_pem(certificate_text->expose_secret_text());
  if (!certificate) {
    // Without a certificate in it the item is malformed; it is not the Secret that is missing.
    return Error{Errc::invalid_input, "tls.crt: " + certificate.error().message};
  }
  if (certificate->public_key().fingerprint() != key->fingerprint())
    return Error{Errc::invalid_input, "the certificate in tls.crt belongs to another key"};

  WallTime ordered_by = certificate->not_before();
  if (order == KeyOrder::secret_creation) {
    auto created = parse_rfc3339(kube::text_at(secret, {"metadata", "creationTimestamp"}));
    if (!created) return std::move(created).error().during("metadata.creationTimestamp");
    ordered_by = *created;
  }
  return KeyringEntry{std::move(*key), std::move(*certificate), ordered_by};
}

json::value make_key_secret(const PrivateKey& key, const Certificate& certificate,
                            const Options& options, const std::string& name) {
  const json::storage_ptr memory(wiping_memory());
  json::object labels = text_map(options.key_labels, memory);
  labels[key_label] = "active";
  json::object metadata(memory);
  // Not both: an object with generateName that is there already is refused with "please try again",
  // and whoever restores a backup twice would do so for ever.
  if (name.empty()) {
    metadata["generateName"] = options.key_prefix;
  } else {
    metadata["name"] = name;
  }
  metadata["namespace"] = options.own_namespace;
  metadata["labels"] = std::move(labels);
  json::object annotations = text_map(options.key_annotations, memory);
  // With one of these it would be no key: see sealed_secret_mark().
  for (const auto mark :
       {annotation::managed, annotation::patch, annotation::skip_set_owner_references})
    annotations.erase(mark);
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);

  const SecretBuffer key_text = key.to_pem();
  const SecretBuffer key_item = encode_base64_secret(key_text.expose_secret());
  json::object data(memory);
  data["tls.crt"] = encode_base64(as_bytes(certificate.pem()));
  data["tls.key"] = key_item.expose_secret_text();

  json::object secret(memory);
  secret["apiVersion"] = "v1";
  secret["kind"] = "Secret";
  secret["metadata"] = std::move(metadata);
  secret["type"] = "kubernetes.io/tls";
  secret["data"] = std::move(data);
  return secret;
}

bool holds_key(const json::value& secret, const Fingerprint& fingerprint) {
  const auto key = private_key_of(secret);
  return key && key->fingerprint() == fingerprint;
}

json::value make_lost_key_secret(const KeyringEntry& lost, const Options& options,
                                 const std::string& name) {
  auto secret = make_key_secret(lost.key, *lost.certificate, options, name);
  secret.at("metadata").at("labels").as_object()[key_label] = "lost";
  return secret;
}

std::string lost_key_secret_name(std::string_view secret, const Fingerprint& fingerprint) {
  constexpr std::size_t kept_max = 200;  // of 253 characters that a name may have
  const std::string ending = "-lost-" + suffix_of(fingerprint);
  if (secret.ends_with(ending)) return std::string(secret);
  return std::string(secret.substr(0, kept_max)) + ending;
}

std::string key_secret_name(const KeyNameSeed& seed) {
  std::vector<std::string_view> keys;
  for (const auto& entry : seed.ring.newest_first()) keys.push_back(entry->key.fingerprint());
  std::sort(keys.begin(), keys.end());  // however their times are read

  std::string text = "key of ";
  text.append(seed.cluster).append("\n");
  for (const auto key : keys) text.append(key).append("\n");
  text += std::to_string(seed.time.time_since_epoch() / key_name_period) + "\n";
  text += std::to_string(seed.attempt);
  return std::string(seed.prefix) + suffix_of(text);
}

std::string random_key_secret_name(std::string_view prefix) {
  std::string name(prefix);
  for (std::size_t i = 0; i < name_suffix_length; ++i)
    name += name_alphabet[randombytes_uniform(static_cast<std::uint32_t>(name_alphabet.size()))];
  return name;
}

Keyring::Entry newest_key(const Keyring& ring, WallTime now) {
  const auto& entries = ring.newest_first();
  if (entries.empty()) return nullptr;
  const auto its_time_has_come = [&](const Keyring::Entry& entry) {
    return entry->ordered_by <= now + clock_tolerance;
  };
  const auto found = std::find_if(entries.begin(), entries.end(), its_time_has_come);
  return found == entries.end() ? entries.front() : *found;
}

bool key_is_due(const KeyAge& age, WallTime now) {
  if (!age.newest) return true;
  if (age.cutoff && *age.newest < *age.cutoff) return true;
  // The sum of both could be more than a clock can say: 2562000h is how some write "never".
  return age.renew_period > std::chrono::nanoseconds(0) && now - *age.newest >= age.renew_period;
}

}  // namespace bulla
