// SPDX-License-Identifier: Apache-2.0
// The public vectors of C2SP Wycheproof for RSA-OAEP and AES-GCM. They are not copied into the
// project: $WYCHEPROOF_DIR names their folder, else ../shared/fixtures/wycheproof is tried.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "crypto/internal.hpp"
#include "crypto/key.hpp"

namespace bulla::test {

namespace {

namespace json = boost::json;
using Bytes = std::vector<std::uint8_t>;

std::optional<json::value> vectors(const std::string& file) {
  const char* named = std::getenv("WYCHEPROOF_DIR");
  const std::string folder =
      named != nullptr ? named : BULLA_SOURCE_ROOT "/../shared/fixtures/wycheproof";
  const auto text = read_file(folder + "/" + file, 16 * limits::mib);
  if (!text) {
    std::cout << "wycheproof: skipped: " << text.error().message << "; set WYCHEPROOF_DIR\n";
    return std::nullopt;
  }
  return json::parse(text->expose_secret_text());
}

Bytes unhex(const json::value& test, std::string_view field) {
  const std::string_view hex = test.at(field).as_string();
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

/// What came of a file's vectors. Printed, so that a run that tests nothing shows.
struct Tally {
  std::string file;
  int valid = 0, invalid = 0, acceptable = 0, other_algorithm = 0;

  void add(std::string_view expected, bool opened, std::int64_t id) {
    CAPTURE(file);
    CAPTURE(id);
    if (expected == "valid") {
      ++valid;
      CHECK(opened);
    } else if (expected == "invalid") {
      ++invalid;
      CHECK(!opened);
    } else {
      // "SmallIntegerCiphertext": a well-formed block whose number happens to be small (c = 1,
      // say). Taken: RFC 8017 section 7.1.2 has no rule against it, and the reference opens it.
      ++acceptable;
      CHECK(opened);
    }
  }
  ~Tally() {
    std::cout << "wycheproof: " << file << ": " << valid << " valid, " << invalid << " invalid, "
              << acceptable << " acceptable, " << other_algorithm << " of other algorithms\n";
  }
};

bool oaep_opens(const PrivateKey& key, const json::value& test) {
  const Bytes block = unhex(test, "ct");
  const Bytes label = unhex(test, "label");
  const auto modulus_bytes = static_cast<std::size_t>(key.public_key().bits() + 7) / 8;
  // decrypt_envelope refuses blocks of another length before it comes to OAEP.
  if (block.size() != modulus_bytes) return false;
  Bytes message(modulus_bytes);
  const auto outcome = detail::oaep_decrypt(key, block, as_text(label), message);
  if (outcome.fitted != 1) return false;
  message.resize(outcome.size);
  CHECK(message == unhex(test, "msg"));
  return true;
}

void run_oaep_file(const std::string& name) {
  const auto file = vectors(name);
  if (!file) return;
  Tally tally{name};
  for (const auto& group : file->at("testGroups").as_array()) {
    const auto& tests = group.at("tests").as_array();
    if (group.at("sha").as_string() != "SHA-256" || group.at("mgfSha").as_string() != "SHA-256") {
      tally.other_algorithm += static_cast<int>(tests.size());
      continue;
    }
    const auto key = PrivateKey::from_pem(group.at("privateKeyPem").as_string()).value();
    for (const auto& test : tests) {
      tally.add(test.at("result").as_string(), oaep_opens(key, test), test.at("tcId").as_int64());
    }
  }
  CHECK(tally.valid > 0);
}

bool gcm_opens(const json::value& test) {
  const Bytes key = unhex(test, "key");
  const Bytes nonce = unhex(test, "iv");
  const Bytes aad = unhex(test, "aad");
  const Bytes text = unhex(test, "ct");
  const Bytes tag = unhex(test, "tag");
  Bytes plaintext(text.size());
  if (!detail::gcm_open({key, nonce, aad, text, tag}, plaintext)) return false;
  CHECK(plaintext == unhex(test, "msg"));
  return true;
}

}  // namespace

TEST_CASE("wycheproof: RSA-OAEP, SHA-256 and MGF1-SHA-256, 2048 bits") {
  run_oaep_file("rsa_oaep_2048_sha256_mgf1sha256_test.json");
}
TEST_CASE("wycheproof: RSA-OAEP, SHA-256 and MGF1-SHA-256, 3072 bits") {
  run_oaep_file("rsa_oaep_3072_sha256_mgf1sha256_test.json");
}
TEST_CASE("wycheproof: RSA-OAEP, SHA-256 and MGF1-SHA-256, 4096 bits") {
  run_oaep_file("rsa_oaep_4096_sha256_mgf1sha256_test.json");
}
TEST_CASE("wycheproof: RSA-OAEP, odd sizes") { run_oaep_file("rsa_oaep_misc_test.json"); }
TEST_CASE("wycheproof: RSA-OAEP with a key of three primes, which we accept") {
  run_oaep_file("rsa_three_primes_oaep_4096_sha256_mgf1sha256_test.json");
}

TEST_CASE("wycheproof: AES-256-GCM with 96-bit nonces and 128-bit tags") {
  const std::string name = "aes_gcm_test.json";
  const auto file = vectors(name);
  if (!file) return;
  Tally tally{name};
  for (const auto& group : file->at("testGroups").as_array()) {
    const auto& tests = group.at("tests").as_array();
    const bool ours = group.at("keySize").as_int64() == 256 &&
                      group.at("ivSize").as_int64() == 96 && group.at("tagSize").as_int64() == 128;
    if (!ours) {
      tally.other_algorithm += static_cast<int>(tests.size());
      continue;
    }
    for (const auto& test : tests)
      tally.add(test.at("result").as_string(), gcm_opens(test), test.at("tcId").as_int64());
  }
  CHECK(tally.valid > 0);
}

}  // namespace bulla::test
