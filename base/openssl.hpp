// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

// OpenSSL's objects with owners, for the sources of rooms that link libcrypto. Header only: of this
// room's sources only base64.cpp uses libcrypto.
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
using X509Handle = std::unique_ptr<X509, FreedBy<X509_free>>;

/// Empties this thread's error queue at the end of a scope, so that a failure here does not come
/// up in somebody else's message (TLS reads the same queue).
class DrainsErrorQueue {
 public:
  DrainsErrorQueue() noexcept = default;
  DrainsErrorQueue(const DrainsErrorQueue&) = delete;
  DrainsErrorQueue& operator=(const DrainsErrorQueue&) = delete;
  ~DrainsErrorQueue() { ERR_clear_error(); }
};

}  // namespace bulla::openssl
