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
/// and wiped (CRYPTO_secure_malloc_init), and makes OpenSSL wipe whatever else it frees: its RSA
/// decryption and key decoder give buffers back as they are. Call once, before anything else uses
/// OpenSSL (later the wiping is left out) and before threads; later calls do nothing.
/// `heap_bytes` is a power of two; limits::key_heap_bytes suits a controller. A key that no longer
/// fits in the heap is refused as damaged.
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
  friend struct PrivateKeyReader;
  friend struct CertificateReader;
  PublicKey(std::shared_ptr<evp_pkey_st> key, Fingerprint fingerprint);
  /// Errors: invalid_input if `key` is not RSA, larger than limits::any_key_bits_max, or has a
  /// modulus or public exponent that RFC 8017 section 3.1 rules out. The message starts with
  /// `holder` and names the key's type: "the certificate holds an EC key, but sealing needs RSA".
  static Result<PublicKey> adopt(std::shared_ptr<evp_pkey_st> key, std::string_view holder);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<const Fingerprint> fingerprint_;
};

/// An RSA private key. Move-only; OpenSSL wipes its numbers when it goes. Decrypting is const and
/// safe from several threads at once. Our own have two primes; keys with more (RFC 8017 section
/// 3.2) are read, used and written too, since the reference takes them.
class PrivateKey {
 public:
  /// A fresh key with public exponent 65537 (FIPS 186-5, by OpenSSL).
  /// Errors: invalid_input unless limits::new_key_bits_min <= bits <= limits::new_key_bits_max.
  [[nodiscard]] static Result<PrivateKey> generate(int bits);

  /// The first private key in PEM text, PKCS#1 (RFC 8017 A.1.2) or unencrypted PKCS#8 (RFC 5208);
  /// other blocks are passed over, and so are keys that can't be used where a good one follows. A
  /// good key of another kind ends the search, as in the reference. A password is never asked for.
  ///
  /// That the numbers belong together is checked (RFC 8017 section 3.2, microseconds). That the
  /// primes are prime is not: it takes OpenSSL a tenth of a second for 4096 bits, and a key that
  /// lies about it can only fail to decrypt.
  /// Errors: invalid_input: no private key in it, not RSA (the message names the type), encrypted,
  /// damaged, larger than limits::any_key_bits_max, inconsistent. If no key is good, the message
  /// is about the first one.
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
  friend struct PrivateKeyReader;
  explicit PrivateKey(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;  // the same EVP_PKEY holds both halves
};

/// The RSA private keys in PEM text, in order, up to a good key of another kind (the reference
/// looks no further than that); other blocks are passed over, and so are keys that
/// PrivateKey::from_pem would refuse.
/// Errors: none: text without a key gives an empty list.
[[nodiscard]] std::vector<PrivateKey> parse_private_keys(std::string_view pem);

}  // namespace bulla
