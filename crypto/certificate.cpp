// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.hpp"

#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <span>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pem.hpp"

namespace bulla {

using std::chrono::floor;
using std::chrono::seconds;

namespace {

using BitString = std::unique_ptr<ASN1_BIT_STRING, openssl::FreedBy<ASN1_BIT_STRING_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, openssl::FreedBy<ASN1_OCTET_STRING_free>>;
using Constraints = std::unique_ptr<BASIC_CONSTRAINTS, openssl::FreedBy<BASIC_CONSTRAINTS_free>>;

constexpr std::string_view pem_type = "CERTIFICATE";

/// Seconds since 1970 of a certificate's time, which ends in the year 9999.
std::optional<seconds> epoch_seconds(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const auto date = year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return sys_days(date).time_since_epoch() + hours(parts.tm_hour) + minutes(parts.tm_min) +
         seconds(parts.tm_sec);
}

WallTime clamped(seconds since_epoch) {
  constexpr auto first = std::chrono::ceil<seconds>(WallTime::min().time_since_epoch());
  constexpr auto last = floor<seconds>(WallTime::max().time_since_epoch());
  return WallTime(std::clamp(since_epoch, first, last));
}

bool set_serial(X509* certificate) {
  // RFC 5280 section 4.1.2.2: positive, at most 20 bytes. The reference takes 128 random bits.
  constexpr int serial_bits = 128;
  const openssl::Number number(BN_new());
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& common_name) {
  if (common_name.empty()) return true;
  X509_NAME* subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    as_bytes(common_name).data(),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool set_dates(X509* certificate, const Certificate::Subject& subject) {
  const auto from = floor<seconds>(subject.not_before.time_since_epoch());
  const auto until = from + floor<seconds>(subject.valid_for);
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from.count()) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until.count()) != nullptr;
}

bool add_extension(X509* certificate, int kind, void* value, bool critical) {
  return X509_add1_ext_i2d(certificate, kind, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extensions(X509* certificate) {
  constexpr int encipher_only_bit = 7;  // RFC 5280 section 4.2.1.3
  const BitString usage(ASN1_BIT_STRING_new());
  const Constraints constraints(BASIC_CONSTRAINTS_new());
  const OctetString key_identifier(ASN1_OCTET_STRING_new());
  // RFC 7093 section 2, method 1: the leftmost 160 bits of SHA-256 over the key.
  constexpr int identifier_bytes = 20;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  if (!usage || !constraints || !key_identifier ||
      ASN1_BIT_STRING_set_bit(usage.get(), encipher_only_bit, 1) != 1 ||
      X509_pubkey_digest(certificate, EVP_sha256(), digest.data(), &digest_size) != 1 ||
      ASN1_OCTET_STRING_set(key_identifier.get(), digest.data(), identifier_bytes) != 1)
    return false;
  constraints->ca = 0xFF;  // ASN.1's TRUE (X.690 section 11.1)
  return add_extension(certificate, NID_key_usage, usage.get(), true) &&
         add_extension(certificate, NID_basic_constraints, constraints.get(), true) &&
         add_extension(certificate, NID_subject_key_identifier, key_identifier.get(), false);
}

}  // namespace

struct CertificateReader {
  /// The certificate in `der`, all of it.
  static Result<Certificate> read(std::span<const std::uint8_t> der) {
    const Error malformed{Errc::invalid_input, "x509: malformed certificate"};
    const std::uint8_t* position = der.data();
    const openssl::X509Handle x509(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
    if (!x509 || position != der.data() + der.size()) return malformed;

    const auto from = epoch_seconds(X509_get0_notBefore(x509.get()));
    const auto until = epoch_seconds(X509_get0_notAfter(x509.get()));
    auto native = openssl::shared_key(X509_get_pubkey(x509.get()));
    if (!from || !until || !native) return malformed;
    auto key = PublicKey::adopt(std::move(native), "the certificate");
    if (!key) return std::move(key).error();

    // From the bytes that came, not from OpenSSL's copy: what was signed stays as it was.
    const auto pem = write_pem(pem_type, der);
    return Certificate(std::move(*key), std::string(pem.expose_secret_text()), clamped(*from),
                       clamped(*until));
  }
};

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  const openssl::DrainsErrorQueue drains;
  if (pem.size() > limits::certificate_bytes_max) {
    return Error{Errc::invalid_input, "certificates of more than " +
                                          std::to_string(limits::certificate_bytes_max) + " bytes"};
  }
  PemReader blocks(pem);
  while (const auto block = blocks.next()) {
    if (block->type == pem_type && !block->has_headers)
      return CertificateReader::read(block->der.expose_secret());
  }
  return Error{Errc::not_found, "data does not contain any valid RSA or ECDSA certificates"};
}

Result<Certificate> Certificate::self_signed(const PrivateKey& key, const Subject& subject) {
  const openssl::DrainsErrorQueue drains;
  const openssl::X509Handle x509(X509_new());
  if (!x509) return openssl::failure("making a certificate");
  if (!set_name(x509.get(), subject.common_name)) {
    return Error{Errc::invalid_input, "a certificate can't have the common name " +
                                          quoted(subject.common_name) +
                                          ": use up to 64 characters of UTF-8"};
  }
  constexpr long version_3 = 2;
  const bool made = X509_set_version(x509.get(), version_3) == 1 && set_serial(x509.get()) &&
                    set_dates(x509.get(), subject) &&
                    X509_set_pubkey(x509.get(), key.native()) == 1 && add_extensions(x509.get()) &&
                    X509_sign(x509.get(), key.native(), EVP_sha256()) > 0;
  if (!made) return openssl::failure("making a certificate");

  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  if (size <= 0) return openssl::failure("writing a certificate");
  auto certificate = CertificateReader::read({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return certificate;
}

}  // namespace bulla
