// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla {

// Base64 with the standard alphabet and padding (RFC 4648 section 4), by libsodium in time that
// does not depend on the contents; decode_base64() is for what is no secret. Decoding accepts what
// Kubernetes does: line breaks anywhere, padding bits that are not zero; all else is an error.

/// Appends the base64 form of `bytes` to `out`.
void append_base64(std::string& out, std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string encode_base64(std::span<const std::uint8_t> bytes);
/// As above for plaintext: the text is as secret as the bytes.
[[nodiscard]] SecretBuffer encode_base64_secret(std::span<const std::uint8_t> bytes);
/// Without padding, as OpenSSH prints fingerprints.
[[nodiscard]] std::string encode_base64_unpadded(std::span<const std::uint8_t> bytes);

/// Errors: invalid_input, "illegal base64 data at input byte N" (Go's words; N counts from 0).
[[nodiscard]] Result<std::vector<std::uint8_t>> decode_base64(std::string_view text);
[[nodiscard]] Result<SecretBuffer> decode_base64_secret(std::string_view text);

}  // namespace bulla
