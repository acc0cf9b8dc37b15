// SPDX-License-Identifier: Apache-2.0
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <string>

#include "template/functions/common.hpp"
#include "template/functions/openssl.hpp"
#include "template/go/unicode.hpp"

// derivePassword: the Master Password algorithm, version 0 (masterpassword.app), which makes a
// site's password of a user's name and one password for everything.
namespace bulla::tmpl {
namespace {

constexpr std::string_view scope = "com.lyndir.masterpassword";
constexpr std::size_t key_bytes = 64;
constexpr std::size_t scrypt_steps = 150'000;
/// What OpenSSL takes for N = 32768, r = 8, p = 2, beside our own allocations.
constexpr std::size_t scrypt_bytes = std::size_t{128} * 8 * (32'768 + 2 + 2);

/// The shapes that a type of password can have, a class of characters a letter; one is chosen by
/// the seed.
struct PasswordType {
  std::string_view name;
  std::string_view shapes;  ///< with spaces between them
};
constexpr std::array<PasswordType, 6> password_types = {{
    {"maximum", "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno"},
    {"long",
     "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno "
     "CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno "
     "CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno "
     "CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"},
    {"medium", "CvcnoCvc CvcCvcno"},
    {"short", "Cvcn"},
    {"basic", "aaanaaan aannaaan aaannaaa"},
    {"pin", "nnnn"},
}};

std::string_view characters_of(char character_class) noexcept {
  switch (character_class) {
    case 'V': return "AEIOU";
    case 'C': return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v': return "aeiou";
    case 'c': return "bcdfghjklmnpqrstvwxyz";
    case 'a': return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n': return "0123456789";
    case 'o': return "@&%?,=[]_:-+*$#!'^~;()/.";
    default: return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
  }
}

void append_big_endian(SecretBuffer& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0})
    go::append_char(out, static_cast<char>(number >> shift & 0xFF));
}

SecretBuffer scoped(std::string_view text) {
  SecretBuffer out;
  out.append(scope);
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
  return out;
}

/// The seed from which shape and characters are taken.
SecretBuffer make_seed(std::uint32_t counter, std::string_view password, std::string_view user,
                       std::string_view site) {
  const openssl::DrainsErrorQueue drains;
  const auto salt = scoped(user);
  SecretBuffer key(key_bytes);
  constexpr std::uint64_t memory_max = std::uint64_t{64} * 1024 * 1024;
  openssl::require(EVP_PBE_scrypt(password.data(), password.size(), salt.expose_secret().data(),
                                  salt.size(), 32'768, 8, 2, memory_max, key.expose_secret().data(),
                                  key.size()) == 1);
  auto message = scoped(site);
  append_big_endian(message, counter);
  SecretBuffer seed(32);
  unsigned size = 0;
  openssl::require(HMAC(EVP_sha256(), key.expose_secret().data(), static_cast<int>(key.size()),
                        message.expose_secret().data(), message.size(), seed.expose_secret().data(),
                        &size) != nullptr);
  return seed;
}

Result<Value> derive_password(Context& context, Arguments arguments) {
  const auto type = arguments[1].as_text();
  const auto known = std::find_if(password_types.begin(), password_types.end(),
                                  [&](const auto& known_type) { return known_type.name == type; });
  if (known == password_types.end()) {
    SecretBuffer out;
    out.append("cannot find password template ");
    out.append(type);
    return Value::string(std::move(out));
  }
  if (auto spent = context.spend_steps(scrypt_steps); !spent) return std::move(spent).error();
  const auto counter = static_cast<std::uint32_t>(arguments[0].as_unsigned_integer());
  const AllocationBudget::Reserved memory(scrypt_bytes);
  const auto seed =
      make_seed(counter, arguments[2].as_text(), arguments[3].as_text(), arguments[4].as_text());
  const auto bytes = seed.expose_secret();

  const auto shape_size = known->shapes.substr(0, known->shapes.find(' ')).size();
  const auto shapes = (known->shapes.size() + 1) / (shape_size + 1);
  const auto shape = known->shapes.substr(bytes[0] % shapes * (shape_size + 1), shape_size);
  SecretBuffer out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto characters = characters_of(shape[i]);
    go::append_char(out, characters[bytes[i + 1] % characters.size()]);
  }
  return Value::string(std::move(out));
}

constexpr Function table[] = {
    {"derivePassword",
     {Type::uint32, Type::string, Type::string, Type::string, Type::string},
     derive_password},
};

}  // namespace

std::span<const Function> master_password_functions() noexcept { return table; }

}  // namespace bulla::tmpl
