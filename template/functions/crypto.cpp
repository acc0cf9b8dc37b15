// SPDX-License-Identifier: Apache-2.0
#include <crypt.h>
#include <zlib.h>

#include <array>
#include <string>

#include "base/base64.hpp"
#include "template/functions/common.hpp"
#include "template/functions/openssl.hpp"
#include "template/functions/random_bytes.hpp"
#include "template/go/unicode.hpp"

// Sums, passwords and ciphers. Keys and certificates are in certificates.cpp.
namespace bulla::tmpl {
namespace {

// --- sums ---------------------------------------------------------------------------------------

template <const EVP_MD* (*algorithm)()>
Result<Value> digest(Context&, Arguments arguments) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto text = arguments[0].as_text();
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  openssl::require(EVP_Digest(text.data(), text.size(), sum.data(), &size, algorithm(), nullptr) ==
                   1);
  SecretBuffer out;
  for (std::size_t i = 0; i < size; ++i) {
    go::append_char(out, hex[sum[i] >> 4]);
    go::append_char(out, hex[sum[i] & 15]);
  }
  return Value::string(std::move(out));
}

Result<Value> adler32sum(Context&, Arguments arguments) {
  const auto bytes = as_bytes(arguments[0].as_text());
  return Value::string(std::to_string(adler32_z(1, bytes.data(), bytes.size())));
}

// --- bcrypt -------------------------------------------------------------------------------------

constexpr std::size_t bcrypt_bytes_max = 72;
constexpr unsigned bcrypt_cost = 10;  // golang.org/x/crypto/bcrypt.DefaultCost
constexpr std::size_t bcrypt_steps = 70'000;

/// A bcrypt hash, or what Go's library says against the password.
Result<SecretBuffer> bcrypt_hash(Context& context, std::string_view password) {
  if (password.size() > bcrypt_bytes_max) {
    return SecretBuffer::copy_of(
        "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes");
  }
  // crypt(3) takes a C string, and would leave out what follows the zero.
  if (password.find('\0') != std::string_view::npos)
    return context.failure("a password with a zero byte can't be hashed");
  if (auto spent = context.spend_steps(bcrypt_steps); !spent) return std::move(spent).error();

  const auto salt = random_bytes(context, 16);
  // The same function as Go's $2a$. The C library's $2a$ differs where a hash might be mistaken for
  // one of a broken implementation of old, so the name is put in afterwards.
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  openssl::require(crypt_gensalt_rn("$2b$", bcrypt_cost,
                                    reinterpret_cast<const char*>(salt.expose_secret().data()),
                                    static_cast<int>(salt.size()), setting.data(),
                                    static_cast<int>(setting.size())) != nullptr);
  SecretBuffer terminated;
  terminated.append(password);
  go::append_char(terminated, '\0');
  SecretBuffer state(sizeof(crypt_data));
  const char* hash = crypt_rn(terminated.expose_secret_text().data(), setting.data(),
                              state.expose_secret().data(), static_cast<int>(state.size()));
  openssl::require(hash != nullptr);
  auto out = SecretBuffer::copy_of(std::string_view(hash));
  out.expose_secret()[2] = 'a';
  return out;
}

Result<Value> bcrypt(Context& context, Arguments arguments) {
  return string_value(bcrypt_hash(context, arguments[0].as_text()));
}

Result<Value> htpasswd(Context& context, Arguments arguments) {
  const auto user = arguments[0].as_text();
  SecretBuffer out;
  if (user.find(':') != std::string_view::npos) {
    out.append("invalid username: ");
    out.append(user);
    return Value::string(std::move(out));
  }
  const auto hash = bcrypt_hash(context, arguments[1].as_text());
  if (!hash) return hash.error();
  out.append(user);
  out.append(":");
  out.append(hash->expose_secret_text());
  return Value::string(std::move(out));
}

// --- AES ----------------------------------------------------------------------------------------

constexpr std::size_t block_bytes = 16;
constexpr std::size_t key_bytes = 32;

/// AES-256-CBC over whole blocks, without padding. The key is the password, cut or filled up with
/// zeros, as sprig has it.
SecretBuffer aes_cbc(bool encrypts, std::string_view password, std::span<const std::uint8_t> iv,
                     std::span<const std::uint8_t> text) {
  const openssl::DrainsErrorQueue drains;
  SecretBuffer key = SecretBuffer::copy_of(password.substr(0, key_bytes));
  key.resize(key_bytes);
  SecretBuffer out(text.size() + block_bytes);
  const openssl::CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  openssl::require(cipher != nullptr);
  openssl::require(EVP_CipherInit_ex2(cipher.get(), EVP_aes_256_cbc(), key.expose_secret().data(),
                                      iv.data(), encrypts ? 1 : 0, nullptr) == 1);
  openssl::require(EVP_CIPHER_CTX_set_padding(cipher.get(), 0) == 1);
  openssl::require(EVP_CipherUpdate(cipher.get(), out.expose_secret().data(), &size, text.data(),
                                    static_cast<int>(text.size())) == 1);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<Value> encrypt_aes(Context& context, Arguments arguments) {
  const auto text = arguments[1].as_text();
  if (text.empty()) return Value::string("");
  // PKCS #7: as many bytes as are missing, each of that value.
  const auto padding = block_bytes - text.size() % block_bytes;
  auto padded = SecretBuffer::copy_of(text);
  padded.append(std::string(padding, static_cast<char>(padding)));
  auto out = random_bytes(context, block_bytes);
  const auto blocks =
      aes_cbc(true, arguments[0].as_text(), out.expose_secret(), padded.expose_secret());
  out.append(blocks.expose_secret_text());
  return Value::string(encode_base64_secret(out.expose_secret()));
}

Result<Value> decrypt_aes(Context& context, Arguments arguments) {
  if (arguments[1].as_text().empty()) return Value::string("");
  const auto sealed = decode_base64_secret(arguments[1].as_text());
  if (!sealed) return context.failure("the ciphertext is not base64", sealed.error().message);
  const auto bytes = sealed->expose_secret();
  if (bytes.size() < 2 * block_bytes) {
    if (bytes.size() > block_bytes) return context.failure("crypto/cipher: input not full blocks");
    return context.failure("the ciphertext is too short");
  }
  if (bytes.size() % block_bytes != 0)
    return context.failure("crypto/cipher: input not full blocks");
  auto text =
      aes_cbc(false, arguments[0].as_text(), bytes.first(block_bytes), bytes.subspan(block_bytes));
  const std::size_t padding = text.expose_secret().back();
  if (padding > text.size()) return context.failure("the ciphertext doesn't fit the password");
  text.resize(text.size() - padding);
  return Value::string(std::move(text));
}

constexpr auto string = Type::string;

constexpr Function table[] = {
    {"adler32sum", {string}, adler32sum},          {"bcrypt", {string}, bcrypt},
    {"decryptAES", {string, string}, decrypt_aes}, {"encryptAES", {string, string}, encrypt_aes},
    {"htpasswd", {string, string}, htpasswd},      {"sha1sum", {string}, digest<EVP_sha1>},
    {"sha256sum", {string}, digest<EVP_sha256>},   {"sha512sum", {string}, digest<EVP_sha512>},
};

}  // namespace

std::span<const Function> crypto_functions() noexcept { return table; }

}  // namespace bulla::tmpl
