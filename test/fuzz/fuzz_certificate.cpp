// SPDX-License-Identifier: Apache-2.0
// Certificates in DER, dressed as PEM so that changes reach the parser behind it.
#include <span>

#include "crypto/certificate.hpp"
#include "crypto/pem.hpp"
#include "fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  const auto pem = write_pem("CERTIFICATE", {data, size});
  const auto certificate = Certificate::from_pem(pem.expose_secret_text());
  if (!certificate) {
    FUZZ_CHECK(!certificate.error().message.empty());
    return 0;
  }
  const auto again = Certificate::from_pem(certificate->pem());
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->pem() == certificate->pem());
  FUZZ_CHECK(again->not_before() == certificate->not_before());
  FUZZ_CHECK(again->not_after() == certificate->not_after());
  FUZZ_CHECK(again->public_key().fingerprint() == certificate->public_key().fingerprint());
  return 0;
}
