// SPDX-License-Identifier: Apache-2.0
#include "crypto/envelope.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>

#include <map>
#include <sstream>

#include "base/base64.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view label = "prod/db";

std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

/// True when `envelope` is refused as every bad envelope must be.
bool is_refused(const PrivateKey& key, std::span<const std::uint8_t> envelope,
                std::string_view with_label) {
  const auto opened = decrypt_envelope(key, envelope, with_label);
  return !opened && opened.error().code == Errc::cannot_decrypt &&
         opened.error().message == "no key could decrypt secret" && opened.error().hints.empty() &&
         ERR_peek_error() == 0;
}

}  // namespace

TEST_CASE("envelopes of other implementations open, or don't, as stated") {
  std::istringstream lines(data_file("envelopes.vec"));
  std::map<std::string, std::string> vector;
  int run = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto equals = line.find(" =");
    REQUIRE(equals != std::string::npos);
    vector[line.substr(0, equals)] =
        equals + 3 <= line.size() ? line.substr(equals + 3) : std::string();
    if (!line.starts_with("expect")) continue;

    CAPTURE(vector["from"]);
    const auto key = private_key(vector["key"]);
    const auto envelope = decode_base64(vector["envelope"]).value();
    const auto opened = decrypt_envelope(key, envelope, unhex(vector["label"]));
    CHECK(opened.has_value() == (vector["expect"] == "success"));
    if (opened) CHECK(opened->expose_secret_text() == unhex(vector["plaintext"]));
    ++run;
  }
  CHECK(run >= 16);
}

TEST_CASE("what is sealed opens again, at every key size and length") {
  const std::string long_text(100'000, 'x');
  for (const auto* name : {"rsa1024.pkcs1.pem", "rsa2048-a.pkcs1.pem", "rsa2048-e3.pkcs1.pem",
                           "rsa2048-3primes.pkcs1.pem", "rsa2056.pkcs8.pem", "rsa3072-c.pkcs1.pem",
                           "rsa4096-d.pkcs8.pem"}) {
    const auto key = private_key(name);
    const auto modulus_bytes = static_cast<std::size_t>(key.public_key().bits() + 7) / 8;
    for (const std::string_view text :
         {std::string_view(), std::string_view("a\0b", 3), std::string_view(long_text)}) {
      CAPTURE(name);
      CAPTURE(text.size());
      const auto envelope = encrypt_envelope(key.public_key(), as_bytes(text), label).value();
      CHECK(envelope.size() == 2 + modulus_bytes + text.size() + 16);
      CHECK(envelope[0] == modulus_bytes / 256);
      CHECK(envelope[1] == modulus_bytes % 256);
      const auto opened = decrypt_envelope(key, envelope, label);
      REQUIRE(opened.has_value());
      CHECK(opened->expose_secret_text() == text);
    }
  }
}

TEST_CASE("sealing twice gives two envelopes") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const auto first = encrypt_envelope(key.public_key(), as_bytes("x"), label).value();
  const auto second = encrypt_envelope(key.public_key(), as_bytes("x"), label).value();
  CHECK(first != second);
  // The session key differs, and not only OAEP's seed: so does what AES made.
  CHECK(Bytes(first.end() - 17, first.end()) != Bytes(second.end() - 17, second.end()));
}

TEST_CASE("an envelope with any bit flipped is refused") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  auto envelope = encrypt_envelope(key.public_key(), as_bytes("hello"), label).value();
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < envelope.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
    envelope[bit / 8] ^= mask;
    accepted += is_refused(key, envelope, label) ? 0U : 1U;
    envelope[bit / 8] ^= mask;
  }
  CHECK(accepted == 0);
  CHECK(decrypt_envelope(key, envelope, label).has_value());
}

TEST_CASE("an envelope cut at any length, or with a byte more, is refused") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  auto envelope = encrypt_envelope(key.public_key(), as_bytes("hello"), label).value();
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < envelope.size(); ++size)
    accepted += is_refused(key, std::span(envelope).first(size), label) ? 0U : 1U;
  CHECK(accepted == 0);
  envelope.push_back(0);
  CHECK(is_refused(key, envelope, label));
}

TEST_CASE("each try is one private-key operation, whether it opens or not") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const auto envelope = encrypt_envelope(key.public_key(), as_bytes("x"), label).value();
  const auto before = private_key_operations();
  CHECK(decrypt_envelope(key, envelope, label).has_value());
  CHECK(private_key_operations() == before + 1);
  CHECK(is_refused(key, envelope, "another"));
  CHECK(is_refused(key, {}, label));
  CHECK(private_key_operations() == before + 3);
}

TEST_CASE("an envelope opens with its own label and key only") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const std::string_view labels[] = {"prod/db",  "prod/db2", "prod/d",
                                     "prod",     "",         "PROD/db",
                                     "prod/db ", "prod//db", std::string_view("prod/db\0", 8)};
  for (const auto sealed_with : labels) {
    const auto envelope = encrypt_envelope(key.public_key(), as_bytes("x"), sealed_with).value();
    for (const auto opened_with : labels) {
      CAPTURE(sealed_with);
      CAPTURE(opened_with);
      CHECK(is_refused(key, envelope, opened_with) == (sealed_with != opened_with));
    }
    CHECK(is_refused(private_key("rsa2048-b.pkcs1.pem"), envelope, sealed_with));
    CHECK(is_refused(private_key("rsa1024.pkcs1.pem"), envelope, sealed_with));
    CHECK(is_refused(private_key("rsa4096-d.pkcs1.pem"), envelope, sealed_with));
  }
}

TEST_CASE("a number at or above the modulus is refused") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  auto envelope = encrypt_envelope(key.public_key(), as_bytes("x"), label).value();
  std::fill(envelope.begin() + 2, envelope.begin() + 258, std::uint8_t{0xFF});
  CHECK(is_refused(key, envelope, label));
}

TEST_CASE("keys below 1024 bits neither seal nor open") {
  const auto key = private_key("rsa512.pkcs1.pem");
  const auto sealed = encrypt_envelope(key.public_key(), as_bytes("x"), label);
  REQUIRE(!sealed.has_value());
  CHECK(sealed.error().code == Errc::invalid_input);
  CHECK(sealed.error().message ==
        "crypto/rsa: 512-bit keys are insecure (see "
        "https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)");
  CHECK(is_refused(key, Bytes(100), label));
}

}  // namespace bulla::test
