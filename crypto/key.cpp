// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

#include <openssl/core_names.h>
#include <sodium.h>

#include <array>
#include <span>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "crypto/openssl.hpp"

namespace bulla {

namespace {

openssl::Number public_number(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  return openssl::Number(EVP_PKEY_get_bn_param(key, name, &number) == 1 ? number : nullptr);
}

/// RFC 4251 section 5: "string" is its length in 4 bytes, big-endian, and its bytes.
void append_ssh_string(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> bytes) {
  const auto size = bytes.size();
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// "mpint": big-endian, with a zero byte in front where the top bit is set.
void append_ssh_number(std::vector<std::uint8_t>& out, const BIGNUM* number) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(BN_num_bits(number) / 8 + 1));
  BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
  append_ssh_string(out, bytes);
}

Fingerprint fingerprint_of(const BIGNUM* modulus, const BIGNUM* exponent) {
  std::vector<std::uint8_t> blob;
  append_ssh_string(blob, as_bytes("ssh-rsa"));
  append_ssh_number(blob, exponent);
  append_ssh_number(blob, modulus);
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), blob.data(), blob.size());
  return "SHA256:" + encode_base64_unpadded(digest);
}

/// RFC 8017 section 3.1, as far as a glance can tell, and OpenSSL's own bound on the exponent of
/// large keys (OPENSSL_RSA_MAX_PUBEXP_BITS), without which one operation could take minutes.
bool is_plausible(const BIGNUM* modulus, const BIGNUM* exponent) {
  constexpr int exponent_bits_max = 64;
  return BN_is_odd(modulus) == 1 && BN_is_odd(exponent) == 1 && BN_is_one(exponent) == 0 &&
         BN_num_bits(exponent) <= exponent_bits_max;
}

Error refused(std::string_view holder, std::string_view what) {
  return {Errc::invalid_input, std::string(holder) + " holds " + std::string(what)};
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<evp_pkey_st> key, Fingerprint fingerprint)
    : key_(std::move(key)),
      fingerprint_(std::make_shared<const Fingerprint>(std::move(fingerprint))) {}

int PublicKey::bits() const noexcept { return EVP_PKEY_get_bits(key_.get()); }

Result<PublicKey> PublicKey::adopt(std::shared_ptr<evp_pkey_st> key, std::string_view holder) {
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    const char* type = EVP_PKEY_get0_type_name(key.get());
    const std::string name = type != nullptr ? type : "unknown";
    return refused(holder, (name[0] == 'E' ? "an " : "a ") + name + " key, but sealing needs RSA");
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits > limits::any_key_bits_max) {
    return refused(holder, "a key of " + std::to_string(bits) + " bits, the most is " +
                               std::to_string(limits::any_key_bits_max));
  }
  const auto modulus = public_number(key.get(), OSSL_PKEY_PARAM_RSA_N);
  const auto exponent = public_number(key.get(), OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent || !is_plausible(modulus.get(), exponent.get()))
    return refused(holder, "a damaged RSA key");
  return PublicKey(std::move(key), fingerprint_of(modulus.get(), exponent.get()));
}

}  // namespace bulla
