// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bn.h>
#include <openssl/err.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/openssl.hpp"

// For crypto/'s own sources: what they share around OpenSSL. Not a public header.
namespace bulla::openssl {

using Number = std::unique_ptr<BIGNUM, FreedBy<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, FreedBy<BN_CTX_free>>;

/// Owns `key` (may be null).
[[nodiscard]] inline std::shared_ptr<EVP_PKEY> shared_key(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

/// The library failed where it should not. The reason is a fixed text of OpenSSL's: no secrets.
[[nodiscard]] inline Error failure(std::string_view doing) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return Error{Errc::internal, reason != nullptr ? reason : "openssl failed"}.during(doing);
}

}  // namespace bulla::openssl
