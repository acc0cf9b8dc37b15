// SPDX-License-Identifier: Apache-2.0
// What a credential plugin prints: what is accepted can be sent as it is.
#include <algorithm>

#include "fuzz/check.hpp"
#include "kube/exec_credential.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  using namespace bulla::kube;
  for (const auto version : {exec_api_v1, exec_api_v1beta1}) {
    const auto credential = parse_exec_credential(as_text({data, size}), version);
    if (!credential) continue;
    const auto token = credential->token.expose_secret_text();
    const bool certificate = !credential->client_certificate_pem.empty();
    FUZZ_CHECK(certificate != credential->client_key_pem.empty());
    FUZZ_CHECK(certificate || !token.empty());
    FUZZ_CHECK(token.find_first_of("\r\n\t ") == token.npos);
  }
  return 0;
}
