// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

// Base32 with the standard alphabet and padding (RFC 4648 section 6), as Go's encoding/base32.
namespace bulla::tmpl::go {

[[nodiscard]] SecretBuffer encode_base32(std::string_view bytes);
/// Line breaks are ignored. Errors: invalid_input, "illegal base32 data at input byte N", with Go's
/// idea of N (line breaks aren't counted).
[[nodiscard]] Result<SecretBuffer> decode_base32(std::string_view text);

}  // namespace bulla::tmpl::go
