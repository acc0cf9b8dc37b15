// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>

#include <exception>
#include <memory>

#include "base/openssl.hpp"

// For this room's sources: the objects that they own besides base's.
namespace bulla::tmpl::openssl {

using bulla::openssl::CipherContext;
using bulla::openssl::DrainsErrorQueue;
using bulla::openssl::FreedBy;
using bulla::openssl::KeyContext;

using Bio = std::unique_ptr<BIO, FreedBy<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using Certificate = bulla::openssl::X509Handle;

/// OpenSSL, or libcrypt, would not do what a program asked for, or had no memory for it.
class Refused final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "refused"; }
};

/// Throws Refused unless `done`. The evaluator, which calls every function, makes an error of it:
/// a program chooses the arguments, so that nothing here may be taken for granted.
inline void require(bool done) {
  if (!done) throw Refused();
}

}  // namespace bulla::tmpl::openssl
