// SPDX-License-Identifier: Apache-2.0
// For the interoperability tests only: envelope_tool seal|open KEYFILE LABEL, base64 in, base64
// out.
#include <cstdio>
#include <string>

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "crypto/envelope.hpp"

namespace {

using namespace bulla;

/// What the arguments ask for, as base64.
Result<std::string> run(const std::string& mode, const std::string& key_path,
                        const std::string& label) {
  const auto pem = read_file(key_path, limits::mib);
  if (!pem) return pem.error();
  const auto key = PrivateKey::from_pem(pem->expose_secret_text());
  if (!key) return key.error();
  const auto input = read_descriptor(0, "standard input", limits::mib);
  if (!input) return input.error();
  const auto bytes = decode_base64(trim(input->expose_secret_text()));
  if (!bytes) return bytes.error();

  if (mode == "seal") {
    const auto envelope = encrypt_envelope(key->public_key(), *bytes, label);
    if (!envelope) return envelope.error();
    return encode_base64(*envelope);
  }
  const auto plaintext = decrypt_envelope(*key, *bytes, label);
  if (!plaintext) return plaintext.error();
  return encode_base64(plaintext->expose_secret());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 4 ? argv[1] : "";
  if (mode != "seal" && mode != "open") {
    std::fprintf(stderr, "usage: envelope_tool seal|open KEYFILE LABEL\n");
    return 2;
  }
  const auto output = run(mode, argv[2], argv[3]);
  if (!output) {
    std::fprintf(stderr, "error: %s\n", output.error().message.c_str());
    return 1;
  }
  std::printf("%s\n", output->c_str());
  return 0;
}
