// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

// For crypto/'s own sources: OpenSSL's objects with owners. Not a public header.
namespace bulla::openssl {

/// A deleter that calls one of OpenSSL's free functions.
template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreedBy<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, FreedBy<BN_CTX_free>>;
using X509Handle = std::unique_ptr<X509, FreedBy<X509_free>>;

/// Owns `key` (may be null).
[[nodiscard]] inline std::shared_ptr<EVP_PKEY> shared_key(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

/// Empties this thread's error queue at the end of a scope, so that a failure here does not come
/// up in somebody else's message (TLS reads the same queue).
class DrainsErrorQueue {
 public:
  DrainsErrorQueue() noexcept = default;
  DrainsErrorQueue(const DrainsErrorQueue&) = delete;
  DrainsErrorQueue& operator=(const DrainsErrorQueue&) = delete;
  ~DrainsErrorQueue() { ERR_clear_error(); }
};

/// The library failed where it should not. The reason is a fixed text of OpenSSL's: no secrets.
[[nodiscard]] inline Error failure(std::string_view doing) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return Error{Errc::internal, reason != nullptr ? reason : "openssl failed"}.during(doing);
}

}  // namespace bulla::openssl
