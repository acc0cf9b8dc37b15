// SPDX-License-Identifier: Apache-2.0
#include "crypto/envelope.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>

#include "crypto/internal.hpp"
#include "crypto/openssl.hpp"

namespace bulla {

using detail::nonce_bytes;
using detail::session_key_bytes;
using detail::tag_bytes;

namespace {

constexpr std::size_t length_bytes = 2;
/// Below this RSA is no protection; the reference refuses it too, in both directions.
constexpr int key_bits_min = 1024;
constexpr std::array<std::uint8_t, nonce_bytes> zero_nonce{};

std::atomic<std::uint64_t> operations = 0;

std::size_t modulus_bytes(const PublicKey& key) {
  return static_cast<std::size_t>(EVP_PKEY_get_size(key.native()));
}

/// Fetching by name walks OpenSSL's providers; once is enough. Never freed: threads may still use
/// it while the process exits.
const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

using StartOperation = int (*)(EVP_PKEY_CTX*, const OSSL_PARAM*);

/// A context for OAEP with SHA-256, MGF1-SHA-256 and `label`; null when OpenSSL refuses the key.
openssl::KeyContext oaep_context(const PublicKey& key, std::string_view label,
                                 StartOperation start) {
  openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.native(), nullptr));
  if (!context) return nullptr;
  // OpenSSL takes these by non-const pointer, reads them and copies the label.
  std::string oaep = OSSL_PKEY_RSA_PAD_MODE_OAEP;
  std::string sha256 = "SHA256";
  std::array<OSSL_PARAM, 5> params{
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, oaep.data(), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, sha256.data(), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, sha256.data(), 0),
      OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  // No label and the empty label are the same thing; OpenSSL 3.0 can't copy zero bytes.
  if (!label.empty()) {
    params[3] = OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
                                                  const_cast<char*>(label.data()), label.size());
  }
  return start(context.get(), params.data()) == 1 ? std::move(context) : nullptr;
}

/// Feeds `in` to the cipher; without `out` it is additional data. OpenSSL counts in int.
bool gcm_update(EVP_CIPHER_CTX* context, std::span<const std::uint8_t> in, std::uint8_t* out) {
  constexpr std::size_t piece_bytes_max = std::size_t{1} << 30;
  while (!in.empty()) {
    const auto piece = in.first(std::min(in.size(), piece_bytes_max));
    int written = 0;
    if (EVP_CipherUpdate(context, out, &written, piece.data(), static_cast<int>(piece.size())) != 1)
      return false;
    if (out != nullptr) out += piece.size();
    in = in.subspan(piece.size());
  }
  return true;
}

/// AES-256-GCM encryption of `plaintext` to `out`: as many bytes, and the tag.
bool gcm_seal(std::span<const std::uint8_t> key, std::span<const std::uint8_t> plaintext,
              std::span<std::uint8_t> out) {
  const openssl::CipherContext context(EVP_CIPHER_CTX_new());
  if (!context || EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), key.data(), zero_nonce.data(),
                                      nullptr) != 1)
    return false;
  int rest = 0;
  const auto tag = out.last(tag_bytes);
  return gcm_update(context.get(), plaintext, out.data()) &&
         EVP_EncryptFinal_ex(context.get(), tag.data(), &rest) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) == 1;
}

/// An envelope taken apart. A damaged one yields stand-ins of the same sizes to work on.
struct Parts {
  unsigned well_formed = 0;
  std::vector<std::uint8_t> block;  ///< as long as the modulus, and smaller as a number
  std::span<const std::uint8_t> text;
  std::array<std::uint8_t, tag_bytes> tag{};
};

/// RFC 8017 section 5.1.2: an RSADP input is below the modulus. Both are public.
bool is_below_modulus(const PublicKey& key, std::span<const std::uint8_t> block) {
  BIGNUM* modulus = nullptr;
  if (EVP_PKEY_get_bn_param(key.native(), OSSL_PKEY_PARAM_RSA_N, &modulus) != 1) return false;
  const openssl::Number owner(modulus);
  std::vector<std::uint8_t> bytes(block.size());
  return BN_bn2binpad(modulus, bytes.data(), static_cast<int>(bytes.size())) > 0 &&
         std::ranges::lexicographical_compare(block, bytes);
}

Parts take_apart(const PublicKey& key, std::span<const std::uint8_t> envelope) {
  const auto block_size = modulus_bytes(key);
  Parts parts;
  parts.block.assign(block_size, 1);
  parts.block[0] = 0;

  std::size_t stated = 0;
  if (envelope.size() >= length_bytes) stated = std::size_t{envelope[0]} << 8 | envelope[1];
  const auto body = envelope.subspan(std::min(length_bytes, envelope.size()));
  const bool fits = stated == block_size && body.size() >= block_size + tag_bytes &&
                    is_below_modulus(key, body.first(block_size));
  if (fits) std::ranges::copy(body.first(block_size), parts.block.begin());

  auto sealed = body.subspan(std::min(block_size, body.size()));
  if (sealed.size() >= tag_bytes) {
    std::ranges::copy(sealed.last(tag_bytes), parts.tag.begin());
    sealed = sealed.first(sealed.size() - tag_bytes);
  }
  parts.text = sealed;
  parts.well_formed = fits ? 1 : 0;
  return parts;
}

/// The recovered session key where `fitted` is 1, else random bytes; no branch on `fitted`.
SecretBytes select_session_key(unsigned fitted, std::span<const std::uint8_t> recovered) {
  SecretBytes session(session_key_bytes);
  const auto bytes = session.expose_secret();
  randombytes_buf(bytes.data(), bytes.size());
  const volatile auto mask = static_cast<std::uint8_t>(0U - fitted);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t keep = mask;
    bytes[i] = static_cast<std::uint8_t>((recovered[i] & keep) | (bytes[i] & ~keep));
  }
  return session;
}

}  // namespace

namespace detail {

OaepOutcome oaep_decrypt(const PrivateKey& key, std::span<const std::uint8_t> block,
                         std::string_view label, std::span<std::uint8_t> message) {
  const auto context = oaep_context(key.public_key(), label, EVP_PKEY_decrypt_init_ex);
  if (!context) return {0, 0};
  std::size_t size = message.size();
  const int result =
      EVP_PKEY_decrypt(context.get(), message.data(), &size, block.data(), block.size());
  return {static_cast<unsigned>(result == 1), size};
}

bool gcm_open(const GcmInput& input, std::span<std::uint8_t> plaintext) {
  const openssl::CipherContext context(EVP_CIPHER_CTX_new());
  if (!context || EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), input.key.data(),
                                      input.nonce.data(), nullptr) != 1)
    return false;
  std::array<std::uint8_t, tag_bytes> tag{};  // OpenSSL takes it by non-const pointer
  std::ranges::copy(input.tag, tag.begin());
  int rest = 0;
  return gcm_update(context.get(), input.aad, nullptr) &&
         gcm_update(context.get(), input.text, plaintext.data()) &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context.get(), tag.data(), &rest) == 1;
}

}  // namespace detail

bool is_envelope_for(const PublicKey& key, std::span<const std::uint8_t> envelope) {
  const openssl::DrainsErrorQueue drains;
  const auto block_size = modulus_bytes(key);
  if (envelope.size() < length_bytes + block_size + tag_bytes) return false;
  const std::size_t stated = std::size_t{envelope[0]} << 8 | envelope[1];
  return stated == block_size && is_below_modulus(key, envelope.subspan(length_bytes, block_size));
}

std::uint64_t private_key_operations() noexcept {
  return operations.load(std::memory_order_relaxed);
}

Error cannot_decrypt() { return {Errc::cannot_decrypt, "no key could decrypt secret"}; }

Result<std::vector<std::uint8_t>> encrypt_envelope(const PublicKey& key,
                                                   std::span<const std::uint8_t> plaintext,
                                                   std::string_view label) {
  const openssl::DrainsErrorQueue drains;
  if (key.bits() < key_bits_min) {
    return Error{
        Errc::invalid_input,
        "crypto/rsa: " + std::to_string(key.bits()) +
            "-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"};
  }
  SecretBytes session(session_key_bytes);
  const auto session_key = session.expose_secret();
  randombytes_buf(session_key.data(), session_key.size());

  const auto block_size = modulus_bytes(key);
  std::vector<std::uint8_t> envelope(length_bytes + block_size + plaintext.size() + tag_bytes);
  envelope[0] = static_cast<std::uint8_t>(block_size >> 8);
  envelope[1] = static_cast<std::uint8_t>(block_size & 0xFF);
  const auto body = std::span(envelope).subspan(length_bytes);

  const auto context = oaep_context(key, label, EVP_PKEY_encrypt_init_ex);
  std::size_t written = block_size;
  if (!context || EVP_PKEY_encrypt(context.get(), body.data(), &written, session_key.data(),
                                   session_key.size()) != 1)
    return openssl::failure("encrypting the session key");
  BULLA_ASSERT(written == block_size);

  if (!gcm_seal(session_key, plaintext, body.subspan(block_size)))
    return openssl::failure("encrypting with AES-GCM");
  return envelope;
}

Result<SecretBuffer> decrypt_envelope(const PrivateKey& key, std::span<const std::uint8_t> envelope,
                                      std::string_view label) {
  const openssl::DrainsErrorQueue drains;
  if (key.public_key().bits() < key_bits_min) return cannot_decrypt();  // the size is public

  const Parts parts = take_apart(key.public_key(), envelope);
  SecretBytes recovered(std::max(parts.block.size(), session_key_bytes));
  const auto message = recovered.expose_secret();
  operations.fetch_add(1, std::memory_order_relaxed);
  const auto outcome = detail::oaep_decrypt(key, parts.block, label, message);
  const unsigned fitted =
      parts.well_formed & outcome.fitted & static_cast<unsigned>(outcome.size == session_key_bytes);
  const auto session = select_session_key(fitted, message);

  SecretBuffer plaintext(parts.text.size());
  const bool authentic = detail::gcm_open(
      {session.expose_secret(), zero_nonce, {}, parts.text, parts.tag}, plaintext.expose_secret());
  if ((fitted & static_cast<unsigned>(authentic)) == 0) return cannot_decrypt();
  return plaintext;
}

}  // namespace bulla
