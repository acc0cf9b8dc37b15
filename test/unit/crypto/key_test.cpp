// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <concepts>
#include <cstring>
#include <ostream>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "crypto/envelope.hpp"
#include "unit/crypto/key_files.hpp"
#include "unit/memory_watch.hpp"

namespace {

// Stands in front of libsodium's function for this program's own code, and remembers whether
// memory that went to it held the pattern.
constexpr char pattern[] = "0123456789-pattern-9876543210";
std::size_t patterns_wiped = 0;

}  // namespace

extern "C" void sodium_memzero(void* const memory, const size_t size) {
  if (size != 0 && ::memmem(memory, size, pattern, sizeof pattern) != nullptr) ++patterns_wiped;
  OPENSSL_cleanse(memory, size);
}

namespace bulla::test {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::copy_constructible<PrivateKey> && !std::is_copy_assignable_v<PrivateKey>);
static_assert(std::is_nothrow_move_constructible_v<PrivateKey>);
static_assert(!Streamable<PrivateKey> && !std::convertible_to<PrivateKey, std::string>);
static_assert(!std::constructible_from<std::string, PrivateKey>);
static_assert(!std::constructible_from<boost::json::value, PrivateKey>);
static_assert(!std::constructible_from<LogField, std::string_view, PrivateKey>);

TEST_CASE("a fingerprint is the one that OpenSSH prints") {
  // from = ssh-keygen -l of OpenSSH 9.2
  struct Case {
    const char *file, *fingerprint;
    int bits;
  };
  const Case cases[] = {
      {"rsa1024", "SHA256:NtCivtfik0FmxG41N1EeyDXMhv6dI89lLYsEcHKnwqk", 1024},
      {"rsa2048-a", "SHA256:tlZF+Asz0MzECugKK7HEWjdChnp5KiZm7rVJfUCOy6s", 2048},
      {"rsa2048-e3", "SHA256:oZfnRxyhVzFeYrpH19tsXP6OhaT8OqY84oK1ZZXf6UM", 2048},
      {"rsa2056", "SHA256:CZbXodOM/o3xfKh/JdyO+sQj0pQHAuSNhvDsvsicvsk", 2056},
      {"rsa3072-c", "SHA256:TxNmCskr9x5Iy/h/KlNfgEreisxxswtuj58qjnEWakc", 3072},
      {"rsa4096-d", "SHA256:8JjqM+xJAGhGeG2ekF953NYrojsLPtKkUdv0JeUD0Zg", 4096},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file);
    const auto from_certificate = certificate(std::string(c.file) + ".crt");
    CHECK(from_certificate.public_key().fingerprint() == c.fingerprint);
    CHECK(from_certificate.public_key().bits() == c.bits);
  }
  CHECK(private_key("rsa2048-a.pkcs1.pem").fingerprint() == cases[1].fingerprint);
  CHECK(private_key("rsa2048-a.pkcs8.pem").fingerprint() == cases[1].fingerprint);
}

TEST_CASE("a private key is found in PEM, or the message says why not") {
  struct Case {
    const char *file, *error;  ///< no error: it is found
  };
  const Case cases[] = {
      {"rsa2048-a.pkcs1.pem", nullptr},
      {"rsa2048-a.pkcs8.pem", nullptr},
      {"rsa2048-3primes.pkcs1.pem", nullptr},
      {"rsa512.pkcs1.pem", nullptr},
      {"cert-then-key.pem", nullptr},
      {"keyandcert.crt", nullptr},
      {"twokeys.pem", nullptr},
      {"rsa2048-a.pkcs1-enc.pem", "the private key is encrypted: decrypt it first (openssl pkey)"},
      {"rsa2048-a.pkcs8-enc.pem", "the private key is encrypted: decrypt it first (openssl pkey)"},
      {"ec.sec1.pem", "the private key is of type EC, but unsealing needs RSA"},
      {"ec.pkcs8.pem", "the private key is of type EC, but unsealing needs RSA"},
      {"ec-with-params.pem", "the private key is of type EC, but unsealing needs RSA"},
      {"ec-then-rsa.pem", "the private key is of type EC, but unsealing needs RSA"},
      {"ed25519.pkcs8.pem", "the private key is of type ED25519, but unsealing needs RSA"},
      {"rsa2048-a.pub.pem", "no private key in it"},
      {"rsa2048-a.crt", "no private key in it"},
      {"rsa2048-a.der", "no private key in it"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file);
    const auto key = PrivateKey::from_pem(key_file(c.file));
    CHECK(key.has_value() == (c.error == nullptr));
    if (!key && c.error != nullptr) CHECK(key.error().message == c.error);
    if (!key) CHECK(key.error().code == Errc::invalid_input);
    CHECK(ERR_peek_error() == 0);
  }
}

TEST_CASE("every usable private key of a file is listed, up to one of another kind") {
  const auto count = [](const std::string& pem) { return parse_private_keys(pem).size(); };
  CHECK(count(key_file("twokeys.pem")) == 2);
  CHECK(count(key_file("keyandcert.crt")) == 1);
  CHECK(count(key_file("cert-then-key.pem")) == 1);
  CHECK(count(key_file("ec-then-rsa.pem")) == 0);
  CHECK(count(key_file("rsa2048-a.pkcs8-enc.pem") + key_file("rsa2048-b.pkcs8.pem")) == 1);
  CHECK(count(key_file("rsa2048-a.pkcs1-enc.pem") + key_file("rsa2048-b.pkcs1.pem")) == 1);
  const std::string garbage =
      "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
  CHECK(count(garbage + key_file("rsa2048-b.pkcs1.pem")) == 1);
  CHECK(count(garbage) == 0);
  CHECK(count("") == 0);

  const auto keys = parse_private_keys(key_file("twokeys.pem"));
  CHECK(keys[0].fingerprint() == private_key("rsa2048-a.pkcs1.pem").fingerprint());
  CHECK(keys[1].fingerprint() == private_key("rsa2048-b.pkcs1.pem").fingerprint());
}

TEST_CASE("a key of which one number was changed is refused") {
  // A PKCS#1 key is a sequence of nine INTEGERs: version n e d p q dP dQ qInv.
  for (const auto* file : {"rsa2048-a.pkcs1.pem", "rsa2048-3primes.pkcs1.pem"}) {
    CAPTURE(file);
    const auto pem = key_file(file);
    auto begin = pem.find('\n') + 1;
    auto der = decode_base64(pem.substr(begin, pem.find("-----END") - begin)).value();
    const auto as_pem = [&] {
      return "-----BEGIN RSA PRIVATE KEY-----\n" + encode_base64(der) +
             "\n-----END RSA PRIVATE KEY-----\n";
    };
    REQUIRE(PrivateKey::from_pem(as_pem()).has_value());
    std::size_t at = 4;
    for (int number = 0; number < 9; ++number) {
      std::size_t size = der[at + 1];
      std::size_t header = 2;
      if (size == 0x81) {
        size = der[at + 2];
        header = 3;
      } else if (size == 0x82) {
        size = std::size_t{der[at + 2]} << 8 | der[at + 3];
        header = 4;
      }
      const auto last = at + header + size - 1;
      if (number > 0) {
        der[last] ^= 2;
        CAPTURE(number);
        CHECK(!PrivateKey::from_pem(as_pem()).has_value());
        der[last] ^= 2;
      }
      at = last + 1;
    }
    der.push_back(0);
    CHECK(!PrivateKey::from_pem(as_pem()).has_value());
  }
}

TEST_CASE("a key is written as it was read") {
  for (const auto* file : {"rsa2048-a.pkcs1.pem", "rsa4096-d.pkcs1.pem", "rsa2048-e3.pkcs1.pem",
                           "rsa2048-3primes.pkcs1.pem"}) {
    CAPTURE(file);
    CHECK(private_key(file).to_pem().expose_secret_text() == key_file(file));
  }
  CHECK(private_key("rsa2048-a.pkcs8.pem").to_pem().expose_secret_text() ==
        key_file("rsa2048-a.pkcs1.pem"));
}

TEST_CASE("a generated key has the size asked for and exponent 65537") {
  const auto key = PrivateKey::generate(2048).value();
  CHECK(key.public_key().bits() == 2048);
  BIGNUM* exponent = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key.native(), OSSL_PKEY_PARAM_RSA_E, &exponent) == 1);
  CHECK(BN_is_word(exponent, 65537) == 1);
  BN_free(exponent);
  const auto pem = key.to_pem();
  CHECK(PrivateKey::from_pem(pem.expose_secret_text()).value().fingerprint() == key.fingerprint());
  for (const int bits : {0, 1024, 2047, 8193, -1}) {
    CAPTURE(bits);
    CHECK(!PrivateKey::generate(bits).has_value());
  }
}

TEST_CASE("private numbers live in OpenSSL's secure heap") {
  REQUIRE(CRYPTO_secure_malloc_initialized() == 1);
  const auto before = CRYPTO_secure_used();
  {
    const auto key = private_key("rsa4096-d.pkcs1.pem");
    // d takes 512 bytes, p, q, dP, dQ and qInv 256 each.
    CHECK(CRYPTO_secure_used() - before >= 512 + 5 * 256);
    const auto other = PrivateKey::generate(2048).value();
    CHECK(CRYPTO_secure_used() - before >= 512 + 5 * 256 + 256 + 5 * 128);
  }
  CHECK(CRYPTO_secure_used() == before);
}

TEST_CASE("what OpenSSL frees, or moves, is wiped") {
  patterns_wiped = 0;
  auto* memory = static_cast<char*>(OPENSSL_malloc(100));
  std::memcpy(memory, pattern, sizeof pattern);
  memory = static_cast<char*>(OPENSSL_realloc(memory, 100'000));
  CHECK(patterns_wiped == 1);
  CHECK(std::memcmp(memory, pattern, sizeof pattern) == 0);
  OPENSSL_free(memory);
  CHECK(patterns_wiped == 2);
}

TEST_CASE("reading and writing keys and opening envelopes leaves nothing on the heap") {
  const auto pem = key_file("rsa2048-a.pkcs1.pem");
  const auto second_line = pem.substr(pem.find('\n') + 1, 64);
  {
    const MemoryWatch watch(second_line);
    { const auto text = PrivateKey::from_pem(pem).value().to_pem(); }
    CHECK(watch.leaks() == 0);
  }
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const auto envelope = encrypt_envelope(key.public_key(), as_bytes(pattern), "x").value();
  const MemoryWatch watch(pattern);
  { const auto opened = decrypt_envelope(key, envelope, "x"); }
  CHECK(watch.leaks() == 0);
}

}  // namespace bulla::test
