// SPDX-License-Identifier: Apache-2.0
#include "template/functions/private_keys.hpp"

#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <limits>

namespace bulla::tmpl {
namespace {

/// Far above any key or certificate; parsed, one takes many times its size.
constexpr std::size_t pem_bytes_max = std::size_t{256} * 1024;

struct Freed {
  void operator()(char* text) const noexcept { OPENSSL_free(text); }
};

/// A text for OpenSSL to read from.
openssl::Bio reader(std::string_view text) {
  openssl::require(text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  openssl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  openssl::require(bio != nullptr);
  return bio;
}

/// OpenSSL calls it while it looks for primes.
int may_go_on(EVP_PKEY_CTX* context) {
  const auto& keep_going = *static_cast<const KeepGoing*>(EVP_PKEY_CTX_get_app_data(context));
  return keep_going.ask(keep_going.whom) ? 1 : 0;
}

void let_stop(EVP_PKEY_CTX& context, const KeepGoing& keep_going) {
  // OpenSSL's interface has no const; it only hands it back.
  EVP_PKEY_CTX_set_app_data(&context, const_cast<KeepGoing*>(&keep_going));
  EVP_PKEY_CTX_set_cb(&context, may_go_on);
}

openssl::Key make_rsa(int bits, const KeepGoing& keep_going) {
  const openssl::KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr));
  EVP_PKEY* key = nullptr;
  openssl::require(context != nullptr);
  openssl::require(EVP_PKEY_keygen_init(context.get()) == 1);
  openssl::require(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) == 1);
  let_stop(*context, keep_going);
  openssl::require(EVP_PKEY_keygen(context.get(), &key) == 1);
  return openssl::Key(key);
}

openssl::Key make_dsa(const KeepGoing& keep_going) {
  const openssl::KeyContext parameters_context(EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, nullptr));
  EVP_PKEY* made = nullptr;
  openssl::require(parameters_context != nullptr);
  openssl::require(EVP_PKEY_paramgen_init(parameters_context.get()) == 1);
  openssl::require(EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters_context.get(), 2048) == 1);
  openssl::require(EVP_PKEY_CTX_set_dsa_paramgen_q_bits(parameters_context.get(), 256) == 1);
  let_stop(*parameters_context, keep_going);
  openssl::require(EVP_PKEY_paramgen(parameters_context.get(), &made) == 1);
  const openssl::Key parameters(made);

  const openssl::KeyContext context(EVP_PKEY_CTX_new(parameters.get(), nullptr));
  made = nullptr;
  openssl::require(context != nullptr);
  openssl::require(EVP_PKEY_keygen_init(context.get()) == 1);
  openssl::require(EVP_PKEY_keygen(context.get(), &made) == 1);
  return openssl::Key(made);
}

Error wrong(std::string_view what) { return {Errc::invalid_input, std::string(what)}; }

/// The key in a PKCS #8 structure.
openssl::Key read_pkcs8(const SecretBuffer& bytes) {
  using Info = std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl::FreedBy<PKCS8_PRIV_KEY_INFO_free>>;
  const auto* at = bytes.expose_secret().data();
  const Info info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(bytes.size())));
  return openssl::Key(info != nullptr ? EVP_PKCS82PKEY(info.get()) : nullptr);
}

openssl::Key read_as(int type, const SecretBuffer& bytes) {
  const auto* at = bytes.expose_secret().data();
  return openssl::Key(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(bytes.size())));
}

}  // namespace

openssl::Key make_key(KeyKind kind, const KeepGoing& keep_going) {
  const openssl::DrainsErrorQueue drains;
  openssl::Key key;
  switch (kind) {
    case KeyKind::rsa_2048: key = make_rsa(2048, keep_going); break;
    case KeyKind::rsa_4096: key = make_rsa(4096, keep_going); break;
    case KeyKind::dsa: key = make_dsa(keep_going); break;
    case KeyKind::ecdsa_p256: key.reset(EVP_EC_gen("P-256")); break;
    case KeyKind::ed25519: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
  }
  openssl::require(key != nullptr);
  return key;
}

Result<PemBlock> first_pem_block(std::string_view text) {
  if (text.size() > pem_bytes_max) return Error{Errc::not_found, ""};
  const openssl::DrainsErrorQueue drains;
  const auto bio = reader(text);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1)
    return Error{Errc::not_found, "no PEM data in input"};
  const auto bytes = static_cast<std::size_t>(size);
  const auto clear = [bytes](unsigned char* block) { OPENSSL_clear_free(block, bytes); };
  const std::unique_ptr<char, Freed> owned_name(name);
  const std::unique_ptr<char, Freed> owned_header(header);
  const std::unique_ptr<unsigned char, decltype(clear)> owned_data(data, clear);
  return PemBlock{name, SecretBuffer::copy_of({data, bytes})};
}

Result<openssl::Key> read_key(std::string_view pem) {
  const openssl::DrainsErrorQueue drains;
  const auto block = first_pem_block(pem);
  if (!block) return wrong("no PEM data in input");
  const std::string_view type = block->type;
  constexpr std::string_view suffix = " PRIVATE KEY";
  if (type == "PRIVATE KEY") {
    auto key = read_pkcs8(block->bytes);
    if (!key) return wrong("decoding PEM as PKCS#8: not a private key");
    return key;
  }
  if (!type.ends_with(suffix))
    return wrong("no private key data in PEM block of type " + block->type);
  const auto algorithm = type.substr(0, type.size() - suffix.size());
  const int id = algorithm == "RSA"   ? EVP_PKEY_RSA
                 : algorithm == "EC"  ? EVP_PKEY_EC
                 : algorithm == "DSA" ? EVP_PKEY_DSA
                                      : EVP_PKEY_NONE;
  if (id == EVP_PKEY_NONE) return wrong("invalid private key type " + block->type);
  auto key = read_as(id, block->bytes);
  if (!key)
    return wrong("parsing " + std::string(algorithm) + " private key from PEM: not a private key");
  return key;
}

SecretBuffer print_key(const EVP_PKEY& key) {
  const openssl::DrainsErrorQueue drains;
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  openssl::require(bio != nullptr);
  const int type = EVP_PKEY_get_base_id(&key);
  const bool has_own_form = type == EVP_PKEY_RSA || type == EVP_PKEY_EC || type == EVP_PKEY_DSA;
  const int written = has_own_form ? PEM_write_bio_PrivateKey_traditional(
                                         bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr)
                                   : PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr,
                                                                   nullptr, 0, nullptr, nullptr);
  openssl::require(written == 1);
  return contents(*bio);
}

SecretBuffer contents(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return SecretBuffer::copy_of(std::string_view(data, static_cast<std::size_t>(size)));
}

}  // namespace bulla::tmpl
