// SPDX-License-Identifier: Apache-2.0
#include "template/functions/x509.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "template/functions/private_keys.hpp"

namespace bulla::tmpl {
namespace {

using openssl::FreedBy;
using BitString = std::unique_ptr<ASN1_BIT_STRING, FreedBy<ASN1_BIT_STRING_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, FreedBy<ASN1_OCTET_STRING_free>>;
using Constraints = std::unique_ptr<BASIC_CONSTRAINTS, FreedBy<BASIC_CONSTRAINTS_free>>;
using KeyId = std::unique_ptr<AUTHORITY_KEYID, FreedBy<AUTHORITY_KEYID_free>>;
using Usages = std::unique_ptr<EXTENDED_KEY_USAGE, FreedBy<EXTENDED_KEY_USAGE_free>>;
using Name = std::unique_ptr<GENERAL_NAME, FreedBy<GENERAL_NAME_free>>;
using String = std::unique_ptr<ASN1_STRING, FreedBy<ASN1_STRING_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>>;
using Number = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;

/// OpenSSL takes 1 MB a name; a DNS name, the longest that means something here, has 253 bytes.
constexpr std::size_t common_name_bytes_max = std::size_t{64} * 1024;
/// All DNS names and addresses of one certificate: thousands.
constexpr std::size_t alternative_names_bytes_max = std::size_t{256} * 1024;

Error invalid(std::string_view what) { return {Errc::invalid_input, std::string(what)}; }

void add_extension(X509& certificate, int nid, void* value, bool critical) {
  openssl::require(
      X509_add1_ext_i2d(&certificate, nid, value, critical ? 1 : 0, X509V3_ADD_APPEND) == 1);
}

void add_key_usage(X509& certificate, bool is_authority) {
  // RFC 5280 section 4.2.1.3 numbers the bits.
  const BitString bits(ASN1_BIT_STRING_new());
  openssl::require(bits != nullptr);
  constexpr int digital_signature = 0;
  constexpr int key_encipherment = 2;
  constexpr int key_cert_sign = 5;
  openssl::require(ASN1_BIT_STRING_set_bit(bits.get(), digital_signature, 1) == 1);
  openssl::require(ASN1_BIT_STRING_set_bit(bits.get(), key_encipherment, 1) == 1);
  if (is_authority) openssl::require(ASN1_BIT_STRING_set_bit(bits.get(), key_cert_sign, 1) == 1);
  add_extension(certificate, NID_key_usage, bits.get(), true);

  const Usages usages(sk_ASN1_OBJECT_new_null());
  openssl::require(usages != nullptr);
  for (const int nid : {NID_server_auth, NID_client_auth})
    openssl::require(sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(nid)) > 0);
  add_extension(certificate, NID_ext_key_usage, usages.get(), false);

  const Constraints constraints(BASIC_CONSTRAINTS_new());
  openssl::require(constraints != nullptr);
  constraints->ca = is_authority ? 0xFF : 0;
  add_extension(certificate, NID_basic_constraints, constraints.get(), true);
}

/// The SHA-1 sum of the public key's bits: RFC 5280 section 4.2.1.2, method (1).
OctetString key_id(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  openssl::require(X509_pubkey_digest(&certificate, EVP_sha1(), sum.data(), &size) == 1);
  OctetString out(ASN1_OCTET_STRING_new());
  openssl::require(out != nullptr);
  openssl::require(ASN1_OCTET_STRING_set(out.get(), sum.data(), static_cast<int>(size)) == 1);
  return out;
}

void add_key_ids(X509& certificate, bool is_authority, const X509* signer) {
  if (is_authority)
    add_extension(certificate, NID_subject_key_identifier, key_id(certificate).get(), false);
  const auto* signer_id =
      signer != nullptr ? X509_get0_subject_key_id(const_cast<X509*>(signer)) : nullptr;
  if (signer_id == nullptr) return;
  const KeyId id(AUTHORITY_KEYID_new());
  openssl::require(id != nullptr);
  id->keyid = ASN1_OCTET_STRING_dup(signer_id);
  openssl::require(id->keyid != nullptr);
  add_extension(certificate, NID_authority_key_identifier, id.get(), false);
}

void push_name(GENERAL_NAMES& names, int type, std::span<const std::uint8_t> bytes) {
  Name name(GENERAL_NAME_new());
  String text(ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  openssl::require(name != nullptr && text != nullptr);
  openssl::require(ASN1_STRING_set(text.get(), bytes.data(), static_cast<int>(bytes.size())) == 1);
  GENERAL_NAME_set0_value(name.get(), type, text.release());
  openssl::require(sk_GENERAL_NAME_push(&names, name.get()) > 0);
  static_cast<void>(name.release());  // it belongs to the names now
}

Result<void> add_alternative_names(X509& certificate, const CertificateRequest& request) {
  if (request.dns_names.empty() && request.ips.empty()) return {};
  std::size_t bytes = 0;
  for (const auto name : request.dns_names) bytes += name.size();
  for (const auto& ip : request.ips) bytes += ip.size();
  if (bytes > alternative_names_bytes_max) {
    return invalid("error creating certificate: the names and addresses take more than " +
                   std::to_string(alternative_names_bytes_max) + " bytes");
  }
  const Names names(GENERAL_NAMES_new());
  openssl::require(names != nullptr);
  for (const auto name : request.dns_names) {
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(name.begin(), name.end(), ascii))
      return invalid("error creating certificate: a DNS name can't be encoded as an IA5String");
    push_name(*names, GEN_DNS, as_bytes(name));
  }
  for (const auto& ip : request.ips) push_name(*names, GEN_IPADD, ip);
  // RFC 5280 section 4.2.1.6: critical where there is no subject.
  add_extension(certificate, NID_subject_alt_name, names.get(), request.common_name.empty());
  return {};
}

/// The subject: a common name, or nothing.
Result<void> set_subject(X509& certificate, std::string_view common_name) {
  if (common_name.empty()) return {};
  if (!is_valid_utf8(common_name))
    return invalid("error creating certificate: the common name is not valid UTF-8");
  if (common_name.size() > common_name_bytes_max) {
    return invalid("error creating certificate: the common name is longer than " +
                   std::to_string(common_name_bytes_max) + " bytes");
  }
  const auto printable = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
  };
  const bool is_printable = std::all_of(common_name.begin(), common_name.end(), printable);
  const int type = is_printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
  openssl::require(
      X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate), NID_commonName, type,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) == 1);
  return {};
}

void set_serial(X509& certificate, std::span<const std::uint8_t> bytes) {
  const Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  openssl::require(number != nullptr);
  openssl::require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) !=
                   nullptr);
}

Result<void> set_validity(X509& certificate, WallTime now, std::int64_t days) {
  // What a Go duration can hold.
  constexpr std::int64_t days_max = 106'751;
  if (days > days_max || days < -days_max)
    return invalid("a certificate can be valid for 106751 days at most");
  const auto start = std::chrono::system_clock::to_time_t(now);
  auto* end = X509_getm_notAfter(&certificate);
  if (ASN1_TIME_set(X509_getm_notBefore(&certificate), start) == nullptr ||
      ASN1_TIME_adj(end, start, static_cast<int>(days), 0) == nullptr) {
    return invalid("error creating certificate: it must end between the years 1900 and 9999");
  }
  return {};
}

/// What Go signs with by default; nothing for keys it can't use. Ed25519 needs no digest.
std::optional<const EVP_MD*> digest_for(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA: return EVP_sha256();
    case EVP_PKEY_ED25519: return nullptr;
    case EVP_PKEY_EC: {
      const int bits = EVP_PKEY_get_bits(&key);
      return bits <= 256 ? EVP_sha256() : bits <= 384 ? EVP_sha384() : EVP_sha512();
    }
    default: return std::nullopt;
  }
}

Result<void> check_keys(const EVP_PKEY& key, const Signer& signer) {
  if (!digest_for(key)) return invalid("error creating certificate: x509: unsupported public key");
  if (!digest_for(*signer.key))
    return invalid("error creating certificate: x509: only RSA, ECDSA and Ed25519 keys supported");
  if (signer.certificate == nullptr) return {};
  auto* expected = X509_get0_pubkey(signer.certificate);
  if (expected == nullptr || EVP_PKEY_eq(expected, signer.key) != 1) {
    return invalid(
        "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey");
  }
  return {};
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  text.copy(terminated.data(), text.size());
  IpAddress four(4);
  if (inet_pton(AF_INET, terminated.data(), four.data()) == 1) return four;
  IpAddress sixteen(16);
  if (inet_pton(AF_INET6, terminated.data(), sixteen.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(mapped.begin(), mapped.end(), sixteen.begin()))
    return IpAddress(sixteen.begin() + 12, sixteen.end());
  return sixteen;
}

Result<openssl::Certificate> make_certificate(const CertificateRequest& request, EVP_PKEY& key,
                                              const Signer& signer) {
  const openssl::DrainsErrorQueue drains;
  if (auto good = check_keys(key, signer); !good) return std::move(good).error();
  openssl::Certificate certificate(X509_new());
  openssl::require(certificate != nullptr);
  openssl::require(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  openssl::require(X509_set_pubkey(certificate.get(), &key) == 1);
  set_serial(*certificate, request.serial);
  if (auto set = set_subject(*certificate, request.common_name); !set)
    return std::move(set).error();
  const auto* issuer = signer.certificate != nullptr ? signer.certificate : certificate.get();
  openssl::require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1);
  if (auto set = set_validity(*certificate, request.now, request.days_valid); !set)
    return std::move(set).error();
  add_key_usage(*certificate, request.is_authority);
  add_key_ids(*certificate, request.is_authority, signer.certificate);
  if (auto added = add_alternative_names(*certificate, request); !added)
    return std::move(added).error();
  if (X509_sign(certificate.get(), signer.key, *digest_for(*signer.key)) <= 0)
    return invalid("error creating certificate: the key can't sign");
  return certificate;
}

openssl::Certificate parse_certificate(std::span<const std::uint8_t> der) {
  const openssl::DrainsErrorQueue drains;
  const auto* at = der.data();
  openssl::Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate != nullptr && at != der.data() + der.size()) certificate.reset();
  return certificate;
}

SecretBuffer print_certificate(const X509& certificate) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  openssl::require(bio != nullptr);
  openssl::require(PEM_write_bio_X509(bio.get(), &certificate) == 1);
  return contents(*bio);
}

}  // namespace bulla::tmpl
