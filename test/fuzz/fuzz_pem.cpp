// SPDX-License-Identifier: Apache-2.0
// Certificates and private keys in PEM: what is accepted is written and read back as the same.
#include "crypto/certificate.hpp"
#include "crypto/key.hpp"
#include "crypto/pem.hpp"
#include "fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  const auto text = as_text({data, size});

  PemReader reader(text);
  while (const auto block = reader.next()) {
    const auto written = write_pem(block->type, block->der.expose_secret());
    PemReader again(written.expose_secret_text());
    const auto same = again.next();
    FUZZ_CHECK(same.has_value());
    FUZZ_CHECK(same->type == block->type);
    FUZZ_CHECK(same->der == block->der);
  }

  if (const auto certificate = Certificate::from_pem(text)) {
    const auto again = Certificate::from_pem(certificate->pem());
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(again->pem() == certificate->pem());
    FUZZ_CHECK(again->public_key().fingerprint() == certificate->public_key().fingerprint());
  }

  for (const auto& key : parse_private_keys(text)) {
    const auto pem = key.to_pem();
    const auto again = PrivateKey::from_pem(pem.expose_secret_text());
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(again->fingerprint() == key.fingerprint());
    FUZZ_CHECK(again->to_pem() == pem);
  }
  return 0;
}
