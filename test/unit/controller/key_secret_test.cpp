// SPDX-License-Identifier: Apache-2.0
#include "controller/key_secret.hpp"

#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"

namespace bulla::test {

namespace {

std::string pem_of(const std::string& name) {
  auto contents = read_file(std::string(BULLA_TEST_DATA) + "/keys/" + name, limits::mib);
  return std::string(contents.value().expose_secret_text());
}

boost::json::value key_secret(const std::string& key_pem, const std::string& certificate_pem) {
  boost::json::object data;
  if (!key_pem.empty()) data["tls.key"] = encode_base64(as_bytes(key_pem));
  if (!certificate_pem.empty()) data["tls.crt"] = encode_base64(as_bytes(certificate_pem));
  boost::json::object secret;
  secret["metadata"] = {{"name", "k"}, {"creationTimestamp", "2026-02-03T04:05:06Z"}};
  secret["data"] = std::move(data);
  return secret;
}

const auto by_certificate = KeyOrder::certificate_not_before;

}  // namespace

TEST_CASE("a key Secret of the reference is read") {
  const auto secret = controller_json("key-secret.json");
  const auto entry = parse_key_secret(secret, by_certificate);
  REQUIRE(entry.has_value());
  CHECK(entry->key.public_key().bits() == 4096);
  REQUIRE(entry->certificate.has_value());
  CHECK(entry->ordered_by == entry->certificate->not_before());
}

TEST_CASE("keys are ordered by their certificate or by their Secret") {
  const auto secret = key_secret(pem_of("rsa2048-a.pkcs1.pem"), pem_of("rsa2048-a.crt"));
  const auto by_creation = parse_key_secret(secret, KeyOrder::secret_creation);
  REQUIRE(by_creation.has_value());
  CHECK(format_rfc3339(by_creation->ordered_by) == "2026-02-03T04:05:06Z");
}

TEST_CASE("a lost key is stored under the name of its Secret, and five characters of its own") {
  const auto name = lost_key_secret_name("my-key", "SHA256:a");
  CHECK(name.starts_with("my-key-lost-"));
  CHECK(name.size() == std::string("my-key-lost-12345").size());
  CHECK(lost_key_secret_name("my-key", "SHA256:b") != name);
  CHECK(lost_key_secret_name(name, "SHA256:a") == name);
  CHECK(lost_key_secret_name(name, "SHA256:b").starts_with(name + "-lost-"));
  CHECK(lost_key_secret_name(std::string(253, 'a'), "SHA256:a").size() <= 253);
}

TEST_CASE("a key is found in a Secret whatever else is wrong with it") {
  const auto pem = pem_of("rsa2048-a.pkcs1.pem");
  const auto right = key_secret(pem, pem_of("rsa2048-a.crt"));
  const auto fingerprint = parse_key_secret(right, by_certificate)->key.fingerprint();
  CHECK(holds_key(right, fingerprint));
  CHECK(holds_key(key_secret(pem, ""), fingerprint));
  CHECK_FALSE(holds_key(right, "SHA256:another"));
  CHECK_FALSE(holds_key(key_secret(pem_of("rsa2048-b.pkcs1.pem"), ""), fingerprint));
  CHECK_FALSE(holds_key(key_secret("no key", ""), fingerprint));
  CHECK_FALSE(holds_key(key_secret("", ""), fingerprint));
  CHECK_FALSE(holds_key(boost::json::value(), fingerprint));
}

TEST_CASE("a new key gets no annotation that would keep it from being one") {
  const auto old = parse_key_secret(
      key_secret(pem_of("rsa2048-a.pkcs1.pem"), pem_of("rsa2048-a.crt")), by_certificate);
  bulla::Options options;
  options.key_annotations = {{"note", "b"}, {"sealedsecrets.bitnami.com/managed", "true"}};
  const auto secret = make_key_secret(old->key, *old->certificate, options);
  CHECK(secret.at("metadata").at("annotations") == json_of("{'note':'b'}"));
}

TEST_CASE("a certificate brought along may be a chain, and the key in PKCS#8") {
  const auto secret = key_secret(pem_of("rsa2048-a.pkcs8.pem"), pem_of("chain-ab.crt"));
  CHECK(parse_key_secret(secret, by_certificate).has_value());
}

TEST_CASE("a malformed key Secret is refused with what is wrong") {
  const std::string key = pem_of("rsa2048-a.pkcs1.pem");
  const std::string certificate = pem_of("rsa2048-a.crt");
  struct Case {
    const char* name;
    boost::json::value secret;
    std::string says;
  };
  auto not_base64 = key_secret(key, certificate);
  not_base64.at("data").as_object()["tls.key"] = "!";
  auto number = key_secret(key, certificate);
  number.at("data").as_object()["tls.crt"] = 7;
  const Case cases[] = {
      {"no key", key_secret("", certificate), "it has no item \"tls.key\""},
      {"no certificate", key_secret(key, ""), "it has no item \"tls.crt\""},
      {"an item that is no text", number, "it has no item \"tls.crt\""},
      {"another key's certificate", key_secret(key, pem_of("rsa2048-b.crt")),
       "the certificate in tls.crt belongs to another key"},
      {"no PEM", key_secret("hello", certificate), "tls.key: "},
      {"no certificate PEM", key_secret(key, "hello"), "tls.crt: "},
      {"no base64", not_base64, "tls.key: illegal base64 data at input byte 0"},
      {"no data at all", json_of("{'metadata':{'name':'k'}}"), "it has no item \"tls.key\""},
      {"no object", json_of("7"), "it has no item \"tls.key\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto entry = parse_key_secret(c.secret, by_certificate);
    REQUIRE_FALSE(entry.has_value());
    CHECK(entry.error().code == Errc::invalid_input);
    CHECK(entry.error().message.starts_with(c.says));
  }
}

TEST_CASE("a new key Secret looks like the reference's and reads back") {
  auto key = PrivateKey::generate(2048).value();
  const auto certificate =
      Certificate::self_signed(key, {"", system_clock().now(), std::chrono::hours(1)}).value();
  Options options;
  options.own_namespace = "kube-system";
  options.key_labels = {{"team", "a"}};
  options.key_annotations = {{"note", "b"}};
  const auto secret = make_key_secret(key, certificate, options);

  const auto recorded = controller_json("key-secret.json");
  CHECK(secret.at("type") == recorded.at("type"));
  CHECK(secret.at("apiVersion") == recorded.at("apiVersion"));
  CHECK(secret.at("kind") == recorded.at("kind"));
  CHECK(secret.at("metadata").at("generateName") == recorded.at("metadata").at("generateName"));
  CHECK(secret.at("metadata").at("namespace") == recorded.at("metadata").at("namespace"));
  CHECK(secret.at("metadata").at("labels") ==
        json_of("{'team':'a','sealedsecrets.bitnami.com/sealed-secrets-key':'active'}"));
  CHECK(secret.at("metadata").at("annotations") == json_of("{'note':'b'}"));

  // With both, an API server would not say AlreadyExists when a backup is restored a second time.
  const auto named = make_key_secret(key, certificate, options, "sealed-secrets-keyabcde");
  CHECK(named.at("metadata").at("name") == "sealed-secrets-keyabcde");
  CHECK_FALSE(named.at("metadata").as_object().contains("generateName"));
  CHECK(*secret.at("data").at("tls.key").storage() == *wiping_memory());

  const auto read = parse_key_secret(secret, by_certificate);
  REQUIRE(read.has_value());
  CHECK(read->key.fingerprint() == key.fingerprint());
}

TEST_CASE("a key is due when there is none, or the newest is too old") {
  const auto time = [](const char* text) { return parse_rfc3339(text).value(); };
  const WallTime now = time("2026-03-01T00:00:00Z");
  const auto day = std::chrono::hours(24);
  struct Case {
    const char* name;
    KeyAge age;
    bool due;
  };
  const Case cases[] = {
      {"none", {{}, {}, 30 * day}, true},
      {"none, renewal off", {{}, {}, {}}, true},
      {"younger than the period", {time("2026-02-01T00:00:00Z"), {}, 30 * day}, false},
      {"as old as the period", {time("2026-01-30T00:00:00Z"), {}, 30 * day}, true},
      {"old, renewal off", {time("2020-01-01T00:00:00Z"), {}, {}}, false},
      {"from the future", {time("2026-04-01T00:00:00Z"), {}, 30 * day}, false},
      {"a period longer than a clock can say",
       {time("2026-01-30T00:00:00Z"), {}, std::chrono::hours(2562000)},
       false},
      {"older than the cutoff",
       {time("2026-02-01T00:00:00Z"), time("2026-02-02T00:00:00Z"), {}},
       true},
      {"newer than the cutoff",
       {time("2026-02-03T00:00:00Z"), time("2026-02-02T00:00:00Z"), {}},
       false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(key_is_due(c.age, now) == c.due);
  }
}

}  // namespace bulla::test
