// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

// OpenSSL's objects with owners, for this room's sources (the sealing scheme has its own).
namespace bulla::tmpl::openssl {

/// A deleter that calls one of OpenSSL's free functions.
template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, FreedBy<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;

/// Empties this thread's error queue at the end of a scope, so that a failure here does not come
/// up in somebody else's message.
class DrainsErrorQueue {
 public:
  DrainsErrorQueue() noexcept = default;
  DrainsErrorQueue(const DrainsErrorQueue&) = delete;
  DrainsErrorQueue& operator=(const DrainsErrorQueue&) = delete;
  ~DrainsErrorQueue() { ERR_clear_error(); }
};

}  // namespace bulla::tmpl::openssl
