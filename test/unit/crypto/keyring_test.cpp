// SPDX-License-Identifier: Apache-2.0
#include "crypto/keyring.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include "base/limits.hpp"
#include "crypto/envelope.hpp"
#include "crypto/pem.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

KeyringEntry entry(const std::string& file, int year_of_key) {
  using namespace std::chrono;
  return {private_key(file), std::nullopt, WallTime(sys_days(year(year_of_key) / 1 / 1))};
}

std::vector<Fingerprint> order_of(const Keyring& ring) {
  std::vector<Fingerprint> order;
  for (const auto& each : ring.newest_first()) order.push_back(each->key.fingerprint());
  return order;
}

/// A fresh key, small so that hundreds are quick to make.
PrivateKey small_key() {
  EVP_PKEY* native = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{512});
  std::uint8_t* der = nullptr;
  const int size = i2d_PrivateKey(native, &der);
  const auto pem = write_pem("RSA PRIVATE KEY", {der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  EVP_PKEY_free(native);
  return PrivateKey::from_pem(pem.expose_secret_text()).value();
}

}  // namespace

TEST_CASE("a keyring keeps the newest first, and equals in the order they came") {
  const auto a = private_key("rsa2048-a.pkcs1.pem").fingerprint();
  const auto b = private_key("rsa2048-b.pkcs1.pem").fingerprint();
  const auto c = private_key("rsa3072-c.pkcs1.pem").fingerprint();
  const auto d = private_key("rsa4096-d.pkcs1.pem").fingerprint();
  Keyring ring;
  CHECK(ring.empty());
  CHECK(ring.add(entry("rsa2048-a.pkcs1.pem", 2025)).value());
  CHECK(ring.add(entry("rsa2048-b.pkcs1.pem", 2026)).value());
  CHECK(ring.add(entry("rsa3072-c.pkcs1.pem", 2025)).value());
  CHECK(ring.add(entry("rsa4096-d.pkcs1.pem", 2024)).value());
  CHECK(order_of(ring) == std::vector{b, a, c, d});

  SUBCASE("a key that is in already stays where it is") {
    CHECK(!ring.add(entry("rsa2048-a.pkcs8.pem", 2030)).value());
    CHECK(order_of(ring) == std::vector{b, a, c, d});
  }
  SUBCASE("a retired key is gone, and readers keep theirs") {
    const Keyring readers = ring;
    CHECK(ring.retire(a));
    CHECK(!ring.retire(a));
    CHECK(order_of(ring) == std::vector{b, c, d});
    CHECK(ring.find(a) == nullptr);
    CHECK(readers.find(a)->key.fingerprint() == a);
  }
}

TEST_CASE("the keys are tried in the order given, and the one that fitted is told") {
  Keyring ring;
  for (const auto* file : {"rsa2048-a.pkcs1.pem", "rsa2048-b.pkcs1.pem", "rsa4096-d.pkcs1.pem"})
    REQUIRE(ring.add(entry(file, 2026)).value());
  for (const auto& each : ring.newest_first()) {
    const auto envelope = encrypt_envelope(each->key.public_key(), as_bytes("x"), "l").value();
    const auto opened = Keyring::decrypt(ring.newest_first(), envelope, "l").value();
    CHECK(opened.key == each);
    CHECK(opened.plaintext.expose_secret_text() == "x");
    const auto wrong = Keyring::decrypt(ring.newest_first(), envelope, "m");
    REQUIRE(!wrong.has_value());
    CHECK(wrong.error().code == Errc::cannot_decrypt);
  }
  const auto none = Keyring::decrypt({}, {}, "");
  REQUIRE(!none.has_value());
  CHECK(none.error().message == "no key could decrypt secret");
}

TEST_CASE("a full keyring takes no more") {
  Keyring ring;
  for (std::size_t i = 0; i < limits::keys_max; ++i)
    REQUIRE(ring.add({small_key(), std::nullopt, WallTime()}).value());
  const auto full = ring.add({small_key(), std::nullopt, WallTime()});
  REQUIRE(!full.has_value());
  CHECK(full.error().message == "the keyring is full: 500 keys");
  CHECK(ring.retire(ring.newest_first().front()->key.fingerprint()));
  CHECK(ring.add({small_key(), std::nullopt, WallTime()}).value());
}

}  // namespace bulla::test
