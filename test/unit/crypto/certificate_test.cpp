// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/clock.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

using Handle = std::unique_ptr<X509, decltype(&X509_free)>;

/// The certificate through OpenSSL's own PEM reader.
Handle openssl_view(const std::string& pem) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Handle x509(PEM_read_bio_X509(in, nullptr, nullptr, nullptr), X509_free);
  BIO_free(in);
  return x509;
}

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

}  // namespace

TEST_CASE("a certificate is found in PEM, or the message says why not") {
  constexpr const char* none = "data does not contain any valid RSA or ECDSA certificates";
  struct Case {
    const char *file, *error;  ///< no error: it is found
  };
  const Case cases[] = {
      {"rsa2048-a.crt", nullptr},
      {"rsa512.crt", nullptr},
      {"chain-ab.crt", nullptr},
      {"commented.crt", nullptr},
      {"crlf.crt", nullptr},
      {"controllerstyle.crt", nullptr},
      {"keyandcert.crt", nullptr},
      {"cert-then-key.pem", nullptr},
      {"expired.crt", nullptr},
      {"notyet.crt", nullptr},
      {"badder.crt", "x509: malformed certificate"},
      {"ec.crt", "the certificate holds an EC key, but sealing needs RSA"},
      {"chain-ec-a.crt", "the certificate holds an EC key, but sealing needs RSA"},
      {"ed25519.crt", "the certificate holds an ED25519 key, but sealing needs RSA"},
      {"truncated.crt", none},
      {"trusted.crt", none},
      {"rsa2048-a.der", none},
      {"rsa2048-a.pkcs8.pem", none},
      {"rsa2048-a.pub.pem", none},
      {"rsa2048-a.pub1.pem", none},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file);
    const auto found = Certificate::from_pem(key_file(c.file));
    CHECK(found.has_value() == (c.error == nullptr));
    if (!found && c.error != nullptr) CHECK(found.error().message == c.error);
    const auto code = c.error == none ? Errc::not_found : Errc::invalid_input;
    if (!found) CHECK(found.error().code == code);
  }
}

TEST_CASE("the first certificate of several counts, and is given back alone") {
  const auto first = certificate("rsa2048-a.crt");
  CHECK(first.pem() == key_file("rsa2048-a.crt"));
  for (const auto* file : {"chain-ab.crt", "commented.crt", "crlf.crt", "keyandcert.crt"}) {
    CAPTURE(file);
    CHECK(certificate(file).pem() == first.pem());
  }
}

TEST_CASE("a byte order mark in front of a certificate is no obstacle") {
  constexpr const char* mark = "\xEF\xBB\xBF";
  const auto pem = key_file("rsa2048-a.crt");
  CHECK(Certificate::from_pem(mark + pem).has_value());
  CHECK(Certificate::from_pem("# comment\r\n" + std::string(mark) + pem).has_value());
  CHECK(parse_private_keys(mark + key_file("rsa2048-a.pkcs1.pem") + mark +
                           key_file("rsa2048-b.pkcs8.pem"))
            .size() == 2);
}

TEST_CASE("PEM is read by Go's rules") {
  const auto good = key_file("rsa2048-a.crt");
  const auto body = good.substr(28, good.find("-----END") - 28);
  const std::string begin = "-----BEGIN CERTIFICATE-----\n";
  const std::string end = "-----END CERTIFICATE-----\n";
  struct Case {
    const char* name;
    std::string text;
    bool found;
  };
  const Case cases[] = {
      {"as it should be", begin + body + end, true},
      {"spaces and tabs in the body", begin + " \t" + body + end, true},
      {"white space behind the marks",
       "-----BEGIN CERTIFICATE----- \t\r\n" + body + "-----END CERTIFICATE----- \n", true},
      {"no line feed at the end", begin + body + "-----END CERTIFICATE-----", true},
      {"a BEGIN that never ends in front", begin + begin + body + end, true},
      {"a damaged block in front", begin + "!!!!\n" + end + begin + body + end, true},
      {"a block that ends as another in front",
       begin + "AAAA\n-----END X-----\n" + begin + body + end, true},
      {"a mark inside a line", "x" + begin + body + end, false},
      {"a header", begin + "a: b\n\n" + body + end, false},
      {"another type at the end", begin + body + "-----END CERT-----\n", false},
      {"text behind the end mark", begin + body + "-----END CERTIFICATE-----x\n", false},
      {"four dashes", "-----BEGIN CERTIFICATE----\n" + body + end, false},
      {"a stray character", begin + body + "*\n" + end, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(Certificate::from_pem(c.text).has_value() == c.found);
  }
}

TEST_CASE("many unfinished blocks cost no more than their text") {
  std::string text;
  while (text.size() < limits::certificate_bytes_max - 100) text += "-----BEGIN CERTIFICATE-----\n";
  CHECK(!Certificate::from_pem(text + "-----END CERTIFICATE-----\n").has_value());
  text += std::string(200, ' ');
  const auto too_long = Certificate::from_pem(text);
  REQUIRE(!too_long.has_value());
  CHECK(too_long.error().message == "certificates of more than 1048576 bytes");
}

TEST_CASE("dates are those of the certificate") {
  CHECK(certificate("expired.crt").not_after() == at("2020-03-04T10:00:00Z"));
  CHECK(certificate("notyet.crt").not_before() == at("2095-01-02T03:04:05Z"));
  const auto controller = certificate("controllerstyle.crt");
  CHECK(controller.not_before() == at("2024-01-01T00:00:00Z"));
  CHECK(controller.not_after() == at("2123-12-08T00:00:00Z"));
}

TEST_CASE("a self-signed certificate is what the controller makes") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  using std::chrono::hours;
  const auto made =
      Certificate::self_signed(key, {"bulla", at("2026-01-02T03:04:05Z"), hours(24 * 3650)})
          .value();
  CHECK(made.public_key().fingerprint() == key.fingerprint());
  CHECK(made.not_before() == at("2026-01-02T03:04:05Z"));
  CHECK(made.not_after() == at("2035-12-31T03:04:05Z"));

  const auto x509 = openssl_view(made.pem());
  REQUIRE(x509);
  CHECK(X509_get_version(x509.get()) == 2);
  CHECK(X509_verify(x509.get(), key.native()) == 1);
  CHECK((X509_get_extension_flags(x509.get()) & EXFLAG_CA) != 0);
  CHECK(X509_get_key_usage(x509.get()) == KU_ENCIPHER_ONLY);
  CHECK(X509_get0_subject_key_id(x509.get()) != nullptr);
  CHECK(X509_get_signature_nid(x509.get()) == NID_sha256WithRSAEncryption);
  CHECK(X509_NAME_cmp(X509_get_subject_name(x509.get()), X509_get_issuer_name(x509.get())) == 0);
  for (const int kind : {NID_key_usage, NID_basic_constraints}) {
    const int place = X509_get_ext_by_NID(x509.get(), kind, -1);
    REQUIRE(place >= 0);
    CHECK(X509_EXTENSION_get_critical(X509_get_ext(x509.get(), place)) == 1);
  }
  BIGNUM* serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509.get()), nullptr);
  CHECK(BN_num_bits(serial) <= 128);
  CHECK(BN_num_bits(serial) > 64);  // 1 in 2^64 runs may fail
  CHECK(BN_is_negative(serial) == 0);
  BN_free(serial);
  CHECK(Certificate::self_signed(key, {"bulla", made.not_before(), hours(1)}).value().pem() !=
        made.pem());
}

TEST_CASE("a common name may be empty or UTF-8, of at most 64 characters") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const auto make = [&](std::string name) {
    return Certificate::self_signed(
        key, {std::move(name), at("2026-01-01T00:00:00Z"), std::chrono::hours(1)});
  };
  const auto nameless = make("").value();
  CHECK(X509_NAME_entry_count(X509_get_subject_name(openssl_view(nameless.pem()).get())) == 0);
  CHECK(make("k\xC3\xA4se").has_value());
  CHECK(make(std::string(64, 'x')).has_value());
  CHECK(!make(std::string(65, 'x')).has_value());
  CHECK(!make("\xFF").has_value());
}

TEST_CASE("a date beyond what a clock can hold is the nearest that it can") {
  const auto key = private_key("rsa2048-a.pkcs1.pem");
  const auto made = Certificate::self_signed(
                        key, {"", at("2200-01-01T00:00:00Z"), std::chrono::nanoseconds::max()})
                        .value();
  CHECK(made.not_before() == at("2200-01-01T00:00:00Z"));
  CHECK(made.not_after() > at("2261-12-31T23:59:59Z"));
  CHECK(std::string_view(made.pem()).starts_with("-----BEGIN CERTIFICATE-----\n"));
}

}  // namespace bulla::test
