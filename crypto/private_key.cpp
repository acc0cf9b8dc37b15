// SPDX-License-Identifier: Apache-2.0
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <array>

#include "base/limits.hpp"
#include "crypto/key.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pem.hpp"

namespace bulla {

namespace {

using openssl::Number;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl::FreedBy<PKCS8_PRIV_KEY_INFO_free>>;

constexpr std::string_view pkcs1_type = "RSA PRIVATE KEY";
/// A 16,384-bit key takes 9 KiB; more is not looked at.
constexpr std::size_t key_der_bytes_max = 16 * limits::kib;

Error refused(std::string what) { return {Errc::invalid_input, std::move(what)}; }

/// Finds the numbers of a private key and how they hang together.
class ConsistencyCheck {
 public:
  explicit ConsistencyCheck(const EVP_PKEY* key)
      : key_(key), context_(BN_CTX_secure_new()), one_(BN_new()) {
    if (one_) BN_one(one_.get());
  }

  /// RFC 8017 section 3.2: n is the product of the primes r_i; e * d_i = 1 mod (r_i - 1), where
  /// d_i = d mod (r_i - 1); t_i undoes the product of the earlier primes (the second's, qInv,
  /// undoes q modulo p).
  [[nodiscard]] bool passes() const {
    const auto n = number(OSSL_PKEY_PARAM_RSA_N);
    const auto e = number(OSSL_PKEY_PARAM_RSA_E);
    const auto d = number(OSSL_PKEY_PARAM_RSA_D);
    auto product = fresh();
    if (!context_ || !one_ || !n || !e || !d || !product || BN_one(product.get()) != 1)
      return false;

    Number first;
    std::size_t primes = 0;
    for (; primes < names.size(); ++primes) {
      auto r = number(names[primes].factor);
      if (!r) break;
      const auto exponent = number(names[primes].exponent);
      if (BN_cmp(r.get(), one_.get()) <= 0 || !exponent_fits(*r, *e, *d, exponent.get()))
        return false;
      if (primes == 1 && !undoes(number(names[1].coefficient).get(), *r, *first)) return false;
      if (primes > 1 && !undoes(number(names[primes].coefficient).get(), *product, *r))
        return false;
      if (BN_mul(product.get(), product.get(), r.get(), context_.get()) != 1) return false;
      if (primes == 0) first = std::move(r);
    }
    return primes >= 2 && BN_cmp(product.get(), n.get()) == 0;
  }

 private:
  struct Names {
    const char *factor, *exponent, *coefficient;
  };
  /// OpenSSL allows at most five primes (RSA_MAX_PRIME_NUM). The first has no coefficient.
  static constexpr std::array<Names, 5> names{
      {{OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_EXPONENT1, ""},
       {OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT2,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
       {OSSL_PKEY_PARAM_RSA_FACTOR3, OSSL_PKEY_PARAM_RSA_EXPONENT3,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT2},
       {OSSL_PKEY_PARAM_RSA_FACTOR4, OSSL_PKEY_PARAM_RSA_EXPONENT4,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT3},
       {OSSL_PKEY_PARAM_RSA_FACTOR5, OSSL_PKEY_PARAM_RSA_EXPONENT5,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT4}}};

  [[nodiscard]] static Number fresh() { return Number(BN_secure_new()); }

  [[nodiscard]] Number number(const char* name) const {
    auto owner = fresh();
    BIGNUM* target = owner.get();
    if (target == nullptr || EVP_PKEY_get_bn_param(key_, name, &target) != 1) return nullptr;
    BN_set_flags(target, BN_FLG_CONSTTIME);
    return owner;
  }

  [[nodiscard]] bool exponent_fits(const BIGNUM& r, const BIGNUM& e, const BIGNUM& d,
                                   const BIGNUM* d_i) const {
    const auto order = fresh();
    const auto result = fresh();
    return d_i != nullptr && order && result && BN_sub(order.get(), &r, one_.get()) == 1 &&
           BN_mod(result.get(), &d, order.get(), context_.get()) == 1 &&
           BN_cmp(result.get(), d_i) == 0 &&
           BN_mod_mul(result.get(), &e, d_i, order.get(), context_.get()) == 1 &&
           BN_is_one(result.get()) == 1;
  }

  /// t * factor = 1 mod r.
  [[nodiscard]] bool undoes(const BIGNUM* t, const BIGNUM& factor, const BIGNUM& r) const {
    const auto result = fresh();
    return t != nullptr && result &&
           BN_mod_mul(result.get(), t, &factor, &r, context_.get()) == 1 &&
           BN_is_one(result.get()) == 1;
  }

  const EVP_PKEY* key_;
  openssl::NumberContext context_;
  Number one_;
};

/// `der` as a key of `type`, using all of it; null otherwise.
std::shared_ptr<EVP_PKEY> decode(int type, std::span<const std::uint8_t> der) {
  const std::uint8_t* position = der.data();
  auto key =
      openssl::shared_key(d2i_PrivateKey(type, nullptr, &position, static_cast<long>(der.size())));
  return position == der.data() + der.size() ? key : nullptr;
}

}  // namespace

/// Reads the private keys of PEM text one by one.
struct PrivateKeyReader {
  explicit PrivateKeyReader(std::string_view pem) : blocks(pem) {}

  /// The next block that is a private key, or why it can't be used; nothing at the end.
  std::optional<Result<PrivateKey>> next() {
    while (!found_other_kind) {
      const auto block = blocks.next();
      if (!block) break;
      if (block->type == "ENCRYPTED PRIVATE KEY" ||
          (block->is_encrypted && block->type.ends_with("PRIVATE KEY"))) {
        return refused("the private key is encrypted: decrypt it first (openssl pkey)");
      }
      if (block->type == pkcs1_type) return rsa(block->der.expose_secret());
      if (block->type == "PRIVATE KEY") return pkcs8(block->der.expose_secret());
      if (block->type == "EC PRIVATE KEY") return ec(block->der.expose_secret());
    }
    return std::nullopt;
  }

 private:
  static Result<PrivateKey> rsa(std::span<const std::uint8_t> der) {
    const Error damaged = refused("the private key is damaged");
    if (der.size() > key_der_bytes_max) return refused("the private key is too large");
    auto key = decode(EVP_PKEY_RSA, der);
    if (!key) return damaged;
    auto adopted = PublicKey::adopt(key, "the private key");
    if (!adopted) return std::move(adopted).error();
    if (!ConsistencyCheck(key.get()).passes())
      return refused("the private key is damaged: its numbers don't belong together");
    return PrivateKey(std::move(*adopted));
  }

  Result<PrivateKey> pkcs8(std::span<const std::uint8_t> der) {
    if (der.size() > key_der_bytes_max) return refused("the private key is too large");
    const std::uint8_t* position = der.data();
    const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(der.size())));
    const ASN1_OBJECT* algorithm = nullptr;
    const std::uint8_t* key = nullptr;
    int size = 0;
    if (!info || position != der.data() + der.size() ||
        PKCS8_pkey_get0(&algorithm, &key, &size, nullptr, info.get()) != 1)
      return refused("the private key is damaged");
    const int kind = OBJ_obj2nid(algorithm);
    if (kind == NID_rsaEncryption) return rsa({key, static_cast<std::size_t>(size)});
    const char* name = OBJ_nid2sn(kind);
    return other_kind(kind == NID_X9_62_id_ecPublicKey ? "EC" : name);
  }

  Result<PrivateKey> ec(std::span<const std::uint8_t> der) {
    if (der.size() > key_der_bytes_max || !decode(EVP_PKEY_EC, der))
      return refused("the private key is damaged");
    return other_kind("EC");
  }

  Result<PrivateKey> other_kind(std::string_view name) {
    found_other_kind = true;
    return refused("the private key is of type " + std::string(name) + ", but unsealing needs RSA");
  }

  PemReader blocks;
  bool found_other_kind = false;
};

Result<PrivateKey> PrivateKey::generate(int bits) {
  const openssl::DrainsErrorQueue drains;
  if (bits < limits::new_key_bits_min || bits > limits::new_key_bits_max) {
    return refused("a key of " + std::to_string(bits) + " bits: use " +
                   std::to_string(limits::new_key_bits_min) + " to " +
                   std::to_string(limits::new_key_bits_max));
  }
  auto key = openssl::shared_key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  if (!key) return openssl::failure("generating a key");
  auto adopted = PublicKey::adopt(std::move(key), "the new key");
  if (!adopted) return std::move(adopted).error();
  return PrivateKey(std::move(*adopted));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const openssl::DrainsErrorQueue drains;
  PrivateKeyReader reader(pem);
  std::optional<Error> first_error;
  while (auto found = reader.next()) {
    if (*found) return std::move(**found);
    if (!first_error) first_error = std::move(*found).error();
  }
  if (first_error) return *first_error;
  return refused("no private key in it");
}

SecretBuffer PrivateKey::to_pem() const {
  const openssl::DrainsErrorQueue drains;
  std::uint8_t* der = nullptr;
  const int size = i2d_PrivateKey(native(), &der);  // for RSA: PKCS#1
  BULLA_ASSERT(size > 0);
  const auto length = static_cast<std::size_t>(size);
  auto pem = write_pem(pkcs1_type, {der, length});
  OPENSSL_clear_free(der, length);
  return pem;
}

std::vector<PrivateKey> parse_private_keys(std::string_view pem) {
  const openssl::DrainsErrorQueue drains;
  std::vector<PrivateKey> keys;
  PrivateKeyReader reader(pem);
  while (auto found = reader.next()) {
    if (*found) keys.push_back(std::move(**found));
  }
  return keys;
}

}  // namespace bulla
