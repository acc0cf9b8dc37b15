// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

struct evp_pkey_st;

namespace bulla {

/// Sends OpenSSL's private-key numbers to a locked, guarded heap that is left out of core dumps
/// and wiped (CRYPTO_secure_malloc_init). Call once, before the first private key of the process;
/// later calls do nothing. `heap_bytes` is a power of two; limits::key_heap_bytes suits a
/// controller.
void protect_private_keys(std::size_t heap_bytes) noexcept;

/// The OpenSSH SHA-256 fingerprint of an RSA public key: "SHA256:" and the unpadded base64 of
/// SHA-256 over the ssh-rsa public key blob (RFC 4253 section 6.6). Public; compares as text.
using Fingerprint = std::string;

/// An RSA public key. Cheap to copy (shared, immutable); share freely between threads.
class PublicKey {
 public:
  [[nodiscard]] int bits() const noexcept;
  [[nodiscard]] const Fingerprint& fingerprint() const noexcept { return *fingerprint_; }
  /// For crypto/'s own sources. Owned by this object.
  [[nodiscard]] evp_pkey_st* native() const noexcept { return key_.get(); }

 private:
  friend class PrivateKey;
  friend class Certificate;
  PublicKey(std::shared_ptr<evp_pkey_st> key, Fingerprint fingerprint);
  /// Errors: invalid_input if `key` is not RSA (the message names its type).
  static Result<PublicKey> adopt(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<const Fingerprint> fingerprint_;
};

/// An RSA private key, two primes. Move-only; OpenSSL wipes its numbers when it goes. Decrypting
/// is const and safe from several threads at once.
class PrivateKey {
 public:
  /// A fresh key with public exponent 65537 (FIPS 186-5, by OpenSSL).
  /// Errors: invalid_input unless limits::new_key_bits_min <= bits <= limits::new_key_bits_max.
  [[nodiscard]] static Result<PrivateKey> generate(int bits);

  /// The first private key in PEM text, PKCS#1 (RFC 8017 A.1.2) or unencrypted PKCS#8 (RFC 5208);
  /// other blocks are passed over. A password is never asked for.
  /// Errors: invalid_input: no private key in it, not RSA (the message names the type), encrypted,
  /// damaged, larger than limits::any_key_bits_max, inconsistent (RFC 8017 section 3.2).
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);

  /// PKCS#1 PEM, "BEGIN RSA PRIVATE KEY", as the controller stores it. The caller owns the
  /// secret text, which wipes itself.
  [[nodiscard]] SecretBuffer to_pem() const;

  PrivateKey(PrivateKey&&) noexcept = default;
  PrivateKey& operator=(PrivateKey&&) noexcept = default;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey() = default;

  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
  [[nodiscard]] const Fingerprint& fingerprint() const noexcept {
    return public_key_.fingerprint();
  }
  [[nodiscard]] evp_pkey_st* native() const noexcept { return public_key_.native(); }

 private:
  explicit PrivateKey(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;  // the same EVP_PKEY holds both halves
};

/// Every private key in PEM text, in order; blocks that are no RSA private key are passed over.
/// Errors: none: text without a key gives an empty list.
[[nodiscard]] std::vector<PrivateKey> parse_private_keys(std::string_view pem);

}  // namespace bulla
