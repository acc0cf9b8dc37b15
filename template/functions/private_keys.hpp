// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/functions/openssl.hpp"

// Private keys as sprig makes, reads and prints them.
namespace bulla::tmpl {

enum class KeyKind { rsa_2048, rsa_4096, dsa, ecdsa_p256, ed25519 };

/// Asked now and then whether to go on, with what it was given.
struct KeepGoing {
  bool (*ask)(const void* whom);
  const void* whom;
};

/// Takes from milliseconds up to seconds (RSA with 4096 bits, DSA). Throws openssl::Refused where
/// OpenSSL can't, or was told to stop.
[[nodiscard]] openssl::Key make_key(KeyKind kind, const KeepGoing& keep_going);

/// The key in the first PEM block. Errors: invalid_input with sprig's words, of which only the type
/// of the block comes from the text.
[[nodiscard]] Result<openssl::Key> read_key(std::string_view pem);

/// PKCS #1 for RSA, SEC 1 for ECDSA, OpenSSL's own form for DSA; PKCS #8 for others.
[[nodiscard]] SecretBuffer print_key(const EVP_PKEY& key);

/// Everything that was written to a memory BIO.
[[nodiscard]] SecretBuffer contents(BIO& bio);

/// The bytes of the first PEM block. Errors: not_found, without more words.
struct PemBlock {
  std::string type;
  SecretBuffer bytes;
};
[[nodiscard]] Result<PemBlock> first_pem_block(std::string_view text);

}  // namespace bulla::tmpl
