// SPDX-License-Identifier: Apache-2.0
#include "resource/seal_again.hpp"

#include <doctest/doctest.h>

#include "resource/scope.hpp"
#include "resource/seal.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

Keyring::Entry entry(const std::string& key_file) {
  return std::make_shared<const KeyringEntry>(
      KeyringEntry{private_key(key_file), std::nullopt, WallTime()});
}
const std::vector<Keyring::Entry>& old_keys() {
  static const std::vector<Keyring::Entry> keys{entry("rsa2048-a.pkcs1.pem")};
  return keys;
}
const std::vector<Keyring::Entry>& new_keys() {
  static const std::vector<Keyring::Entry> keys{entry("rsa2048-b.pkcs1.pem")};
  return keys;
}

/// The SealedSecret prod/db, of `scope`, with items sealed under `label` for the old key.
SealedSecret sealed(Scope scope, std::string_view label) {
  SealedSecret out;
  out.metadata["name"] = "db";
  out.metadata["namespace"] = "prod";
  set_scope_annotation(out.metadata, scope);
  for (const auto* item : {"a", "b", "c"}) {
    out.encrypted_data[item] =
        seal_item(as_bytes(item), old_keys()[0]->key.public_key(), label).value();
  }
  return out;
}

}  // namespace

TEST_CASE("every item opens with the new key, and no longer with the old one") {
  for (const auto cores : {Cores::one, Cores::all}) {
    const auto before = sealed(Scope::strict, "prod/db");
    const auto after =
        seal_again(before, old_keys(), new_keys()[0]->key.public_key(), cores).value();
    const auto opened = unseal(after, new_keys()).value();
    CHECK(opened.secret.data.at("a") == SecretBuffer::copy_of("a"));
    CHECK(opened.secret.data.at("c") == SecretBuffer::copy_of("c"));
    CHECK(unseal(after, old_keys()).error().code == Errc::cannot_decrypt);
  }
}

TEST_CASE("all but the ciphertexts stays, the template as text") {
  auto before = sealed(Scope::namespace_wide, "prod");
  before.secret_template.data["url"] = "{{ .a }}";
  before.metadata["generation"] = 7;
  auto after = seal_again(before, old_keys(), new_keys()[0]->key.public_key()).value();
  after.encrypted_data = before.encrypted_data;
  CHECK(after.to_json() == before.to_json());
}

TEST_CASE("an item that is annotated wrongly keeps the label that opens it") {
  const auto before = sealed(Scope::strict, "");
  auto after = seal_again(before, old_keys(), new_keys()[0]->key.public_key()).value();
  CHECK(unseal(after, new_keys()).error().code == Errc::cannot_decrypt);
  set_scope_annotation(after.metadata, Scope::cluster_wide);
  CHECK(unseal(after, new_keys()).has_value());
}

TEST_CASE("one item that does not open fails the object, and each is named") {
  auto before = sealed(Scope::strict, "prod/db");
  before.encrypted_data["b"] = "AAAA";
  before.encrypted_data["c"] = "?";
  const auto result = seal_again(before, old_keys(), new_keys()[0]->key.public_key());
  CHECK(result.error().message ==
        "no key could decrypt secret (b)\nillegal base64 data at input byte 0 (c)");
  CHECK(result.error().code == Errc::invalid_input);
}

TEST_CASE("an item's name can't steer the terminal that its failure is shown on") {
  auto before = sealed(Scope::strict, "prod/db");
  before.encrypted_data["c\x1b[2J\nready (d"] = "AAAA";
  const auto result = seal_again(before, old_keys(), new_keys()[0]->key.public_key());
  CHECK(result.error().message == R"(no key could decrypt secret (c\x1b[2J\nready (d))");
}

}  // namespace bulla::test
