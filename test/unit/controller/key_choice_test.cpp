// SPDX-License-Identifier: Apache-2.0
#include "controller/key_choice.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/limits.hpp"

namespace bulla::test {

namespace {

WallTime at(const char* text) { return parse_rfc3339(text).value(); }

/// A ring of three keys, of January, February and March.
struct Ring {
  Keyring ring;
  std::string january, february, march;

  Ring() {
    january = add("rsa2048-a.pkcs1.pem", "2026-01-01T00:00:00Z");
    february = add("rsa2048-b.pkcs1.pem", "2026-02-01T00:00:00Z");
    march = add("rsa4096-d.pkcs1.pem", "2026-03-01T00:00:00Z");
  }
  std::string add(const std::string& file, const char* time) {
    const auto pem = read_file(std::string(BULLA_TEST_DATA) + "/keys/" + file, limits::mib);
    auto key = PrivateKey::from_pem(pem.value().expose_secret_text()).value();
    std::string fingerprint = key.fingerprint();
    CHECK(ring.add({std::move(key), std::nullopt, at(time)}).value());
    return fingerprint;
  }
  [[nodiscard]] std::vector<std::string> order(const KeyHints& hints) const {
    std::vector<std::string> fingerprints;
    for (const auto& entry : keys_to_try(ring, hints))
      fingerprints.push_back(entry->key.fingerprint());
    return fingerprints;
  }
};

}  // namespace

TEST_CASE("likely keys are tried first, and every key once") {
  const Ring keys;
  using Order = std::vector<std::string>;
  const auto& [ring, january, february, march] = keys;
  CHECK(keys.order({}) == Order{march, february, january});
  CHECK(keys.order({.created = at("2026-02-15T00:00:00Z")}) == Order{february, march, january});
  CHECK(keys.order({.created = at("2025-02-15T00:00:00Z")}) == Order{march, february, january});
  CHECK(keys.order({.last = february}) == Order{february, march, january});
  CHECK(keys.order({.of_object = {january}, .last = february}) == Order{january, february, march});
  CHECK(keys.order({.of_object = {"SHA256:gone"}, .last = "SHA256:gone"}) ==
        Order{march, february, january});
  CHECK(keys_to_try(Keyring(), {.last = march}).empty());
}

TEST_CASE("lost keys are tried behind those that opened the object, before all others") {
  Ring keys;
  const auto lost = keys.ring.find(keys.february);
  CHECK(keys.ring.retire(keys.february));
  using Order = std::vector<std::string>;
  CHECK(keys.order({.of_object = {keys.january, keys.february}, .lost = {lost}}) ==
        Order{keys.january, keys.february, keys.march});
}

}  // namespace bulla::test
