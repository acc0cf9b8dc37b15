// SPDX-License-Identifier: Apache-2.0
// Opening: input is LABEL LINE FEED ENVELOPE. Sealing: the rest is a plaintext as well.
#include <algorithm>
#include <span>
#include <string>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "crypto/envelope.hpp"
#include "fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  static const auto key =
      PrivateKey::from_pem(read_file(BULLA_TEST_DATA "/keys/rsa1024.pkcs1.pem", limits::mib)
                               .value()
                               .expose_secret_text());
  const std::span input(data, size);
  const auto line_end = std::ranges::find(input, std::uint8_t{'\n'});
  const auto label_size = static_cast<std::size_t>(line_end - input.begin());
  const std::string_view label = as_text(input.first(label_size));
  const auto rest = input.subspan(std::min(label_size + 1, size));

  const auto opened = decrypt_envelope(key.value(), rest, label);
  if (!opened) {
    FUZZ_CHECK(opened.error().code == Errc::cannot_decrypt);
    FUZZ_CHECK(opened.error().message == "no key could decrypt secret");
  } else {
    FUZZ_CHECK(opened->size() + 2 + 128 + 16 == rest.size());
  }

  const auto sealed = encrypt_envelope(key->public_key(), rest, label);
  FUZZ_CHECK(sealed.has_value());
  const auto again = decrypt_envelope(key.value(), *sealed, label);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(std::ranges::equal(again->expose_secret(), rest));
  return 0;
}
