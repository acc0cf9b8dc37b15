// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "crypto/key.hpp"

// The two primitives inside an envelope, for envelope.cpp and for the tests that feed them public
// test vectors. Not a public header: alone, each of them is an oracle.
namespace bulla::detail {

constexpr std::size_t session_key_bytes = 32;  // AES-256
constexpr std::size_t nonce_bytes = 12;        // SP 800-38D section 5.2.1.1: 96 bits recommended
constexpr std::size_t tag_bytes = 16;

struct OaepOutcome {
  unsigned fitted;   ///< 1 or 0; comes from OpenSSL without a branch
  std::size_t size;  ///< bytes written, where it fitted
};
/// RSAES-OAEP-DECRYPT (RFC 8017 section 7.1.2), SHA-256 and MGF1-SHA-256. `block` and `message`
/// are as long as the modulus; the caller owns and wipes `message`.
[[nodiscard]] OaepOutcome oaep_decrypt(const PrivateKey& key, std::span<const std::uint8_t> block,
                                       std::string_view label, std::span<std::uint8_t> message);

struct GcmInput {
  std::span<const std::uint8_t> key;    ///< session_key_bytes
  std::span<const std::uint8_t> nonce;  ///< nonce_bytes
  std::span<const std::uint8_t> aad;    ///< an envelope has none
  std::span<const std::uint8_t> text;
  std::span<const std::uint8_t> tag;  ///< tag_bytes
};
/// AES-256-GCM decryption into `plaintext`, as long as the text. False when the tag does not fit:
/// `plaintext` then holds what must not be used.
[[nodiscard]] bool gcm_open(const GcmInput& input, std::span<std::uint8_t> plaintext);

}  // namespace bulla::detail
