// SPDX-License-Identifier: Apache-2.0
// Random results can't be compared with recorded ones: they are checked by other means.
#include <crypt.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "unit/template/functions/run.hpp"

namespace bulla::test {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}
Certificate certificate_in(const std::string& text) {
  Certificate out(PEM_read_bio_X509(reader(text).get(), nullptr, nullptr, nullptr), X509_free);
  REQUIRE(out != nullptr);
  return out;
}
Key key_in(const std::string& text) {
  Key out(PEM_read_bio_PrivateKey(reader(text).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  REQUIRE(out != nullptr);
  return out;
}

/// The part of a text from the nth "-----BEGIN" on.
std::string block(const std::string& text, int nth) {
  std::size_t at = 0;
  for (int i = 0; i < nth; ++i) at = text.find("-----BEGIN", at + 1);
  return text.substr(at);
}

bool hashes_to(const std::string& password, const std::string& hash) {
  auto data = std::make_unique<crypt_data>();
  const char* again = crypt_r(password.c_str(), hash.c_str(), data.get());
  return again != nullptr && hash == again;
}

}  // namespace

TEST_CASE("bcrypt's hashes are accepted by crypt(3)") {
  for (const auto* password : {"", "secret", "\xff\xa3pässword",
                               "0123456789012345678901234567890"
                               "1234567890123456789012345678901"
                               "2345678901"}) {
    CAPTURE(std::string(password));
    const auto hash = run("{{bcrypt .s}}", password);
    CHECK(hash.starts_with("$2a$10$"));
    CHECK(hashes_to(password, hash));
    const auto line = run("{{htpasswd \"user\" .s}}", password);
    CHECK(line.starts_with("user:"));
    CHECK(hashes_to(password, line.substr(5)));
  }
  CHECK(run("{{bcrypt .s}}", std::string("a\0b", 3)).starts_with("error: "));
}

TEST_CASE("an authority signs certificates") {
  const auto text = run(R"(
      {{- $ca := genCAWithKey "my ca" 365 (genPrivateKey "ecdsa") -}}
      {{- $c := genSignedCertWithKey "example.org" (list "10.0.0.1" "::1") (list "a.example.org")
                30 $ca (genPrivateKey "ed25519") -}}
      {{- $ca.Cert}}{{$c.Cert}}{{$c.Key}})");
  const auto authority = certificate_in(text);
  const auto certificate = certificate_in(block(text, 1));
  const auto key = key_in(block(text, 2));

  CHECK(X509_verify(authority.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_check_ca(authority.get()) == 1);
  CHECK(X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_check_issued(authority.get(), certificate.get()) == X509_V_OK);
  CHECK(X509_check_ca(certificate.get()) == 0);
  CHECK(X509_check_private_key(certificate.get(), key.get()) == 1);
  CHECK(X509_check_host(certificate.get(), "a.example.org", 0, 0, nullptr) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "10.0.0.1", 0) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "::1", 0) == 1);
  CHECK(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_SERVER, 0) == 1);
  CHECK(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1);

  // From the run's clock, for thirty days.
  time_t start = LeapDay().now().time_since_epoch() / std::chrono::seconds(1);
  CHECK(X509_cmp_time(X509_get0_notBefore(certificate.get()), &start) == -1);  // equal counts so
  int days = 0;
  int seconds = 0;
  REQUIRE(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate.get()),
                         X509_get0_notAfter(certificate.get())) == 1);
  CHECK(days == 30);
  CHECK(seconds == 0);
}

TEST_CASE("self-signed certificates, and keys of each kind") {
  const auto text = run(R"({{$c := genSelfSignedCert "x" nil (list "x") 1}}{{$c.Cert}}{{$c.Key}})");
  const auto certificate = certificate_in(text);
  CHECK(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())) == 1);
  CHECK(X509_check_private_key(certificate.get(), key_in(block(text, 1)).get()) == 1);
  CHECK(block(text, 1).starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));

  for (const auto& c : {std::pair{"ecdsa", "-----BEGIN EC PRIVATE KEY-----"},
                        std::pair{"ed25519", "-----BEGIN PRIVATE KEY-----"}}) {
    const auto kind = c.first;
    const auto header = c.second;

    const auto key = run("{{genPrivateKey \"" + std::string(kind) + "\"}}");
    CHECK(key.starts_with(header));
    static_cast<void>(key_in(key));
  }
  CHECK(run(R"({{genPrivateKey "nope"}})") == "Unknown type nope");
}

TEST_CASE("what can't be used for a certificate is named, not shown") {
  struct Case {
    std::string_view program, error;
  };
  for (const auto& c :
       {Case{R"({{genCAWithKey "x" 1 .s}})",
             "parsing private key: no private key that can be used"},
        {R"({{genCAWithKey "x" 1 "none"}})", "parsing private key: no PEM data in input"},
        {R"({{genCAWithKey "x" 200000 (genPrivateKey "ed25519")}})",
         "a certificate can be valid for 106751 days at most"},
        {R"({{genSelfSignedCertWithKey "x" (list .s) nil 1 (genPrivateKey "ed25519")}})",
         "error parsing ip: a value of type string is no address"},
        {R"({{genSelfSignedCert "x" (list 5) nil 1}})", "error parsing ip: 5 is not a string"},
        {R"({{genSelfSignedCertWithKey "x" nil (list "ä") 1 (genPrivateKey "ed25519")}})",
         "error creating certificate: a DNS name can't be encoded as an IA5String"},
        {R"({{buildCustomCert "YQ==" "YQ=="}})", "unable to decode certificate"}}) {
    CAPTURE(c.program);
    CHECK(run(c.program, "hidden").ends_with(": " + std::string(c.error)));
  }
}

TEST_CASE("AES round trips, and refuses what is no ciphertext") {
  for (const auto* text : {"x", "exactly16bytes!!", "пароль 😀"}) {
    CHECK(run(R"({{encryptAES "key" .s | decryptAES "key"}})", text) == text);
  }
  CHECK(run(R"({{encryptAES "k" "0123456789abcdef" | b64dec | len}})") == "48");
  CHECK(run(R"({{decryptAES "k" "QUFBQUFBQUFBQUFBQUFBQUI="}})")
            .ends_with("crypto/cipher: input not full blocks"));
  CHECK(run(R"({{decryptAES "k" "AAAA"}})").ends_with("the ciphertext is too short"));
}

TEST_CASE("arguments that a certificate can't hold are errors, not the end of the process") {
  const char* const makers[] = {
      R"({{genCAWithKey $name $days $key}})",
      R"({{genSelfSignedCertWithKey $name (list "127.0.0.1") (list "a") $days $key}})",
      R"({{genSignedCertWithKey $name nil nil $days (genCAWithKey "ca" 1 $key) $key}})",
  };
  struct Case {
    const char* name;
    const char* days;
    const char* expected;
  };
  const Case cases[] = {
      {R"("x")", "-100000", "it must end between the years 1900 and 9999"},
      {R"("x")", "-46360", "it must end between the years 1900 and 9999"},
      {R"("x")", "9223372036854775807", "106751 days at most"},
      {R"("x")", "-9223372036854775808", "106751 days at most"},
      {R"((b64dec "/////w=="))", "1", "the common name is not valid UTF-8"},
      {R"((b64dec "w6nDKA=="))", "1", "the common name is not valid UTF-8"},
      {R"((repeat 1100000 "a"))", "1", "the common name is longer than 65536 bytes"},
  };
  for (const auto* maker : makers) {
    for (const auto& c : cases) {
      const std::string program = std::string("{{$name := ") + c.name + "}}{{$days := int " +
                                  c.days + R"(}}{{$key := genPrivateKey "ecdsa"}})" + maker;
      CAPTURE(program);
      const auto said = run(program);
      CAPTURE(said.substr(0, 300));
      CHECK(said.find(c.expected) != std::string::npos);
    }
    const std::string zero = std::string(R"({{$name := b64dec "YQBi"}}{{$days := 1}})") +
                             R"({{$key := genPrivateKey "ecdsa"}})" + maker;
    CHECK(run(zero).find("error") == std::string::npos);  // Go takes a zero byte
  }
}

TEST_CASE("a certificate holds a bounded number of names") {
  CHECK(run(R"({{genSelfSignedCert "x" nil (compact (splitList "," (repeat 80000 "abcd,"))) 1}})")
            .find("take more than 262144 bytes") != std::string::npos);
}

}  // namespace bulla::test
