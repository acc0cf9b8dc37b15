// SPDX-License-Identifier: Apache-2.0
#include "resource/rotate.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/envelope.hpp"
#include "resource/seal.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

namespace json = boost::json;

Keyring::Entry entry(const std::string& key_file) {
  return std::make_shared<const KeyringEntry>(
      KeyringEntry{private_key(key_file), std::nullopt, WallTime()});
}

const Keyring::Entry& old_key() {
  static const auto key = entry("rsa2048-a.pkcs1.pem");
  return key;
}
const Keyring::Entry& new_key() {
  static const auto key = entry("rsa2048-b.pkcs1.pem");
  return key;
}
const std::vector<Keyring::Entry>& both() {
  static const std::vector<Keyring::Entry> keys{new_key(), old_key()};
  return keys;
}
const std::vector<Keyring::Entry>& only_new() {
  static const std::vector<Keyring::Entry> keys{new_key()};
  return keys;
}

/// prod/db with two items, sealed for the old key.
SealedSecret sealed(Scope scope) {
  const auto text =
      R"({"metadata":{"name":"db","namespace":"prod"},"data":{"a":"aHVudGVyMg==","b":"Yg=="}})";
  const auto secret = Secret::from_json(json::parse(text)).value();
  return seal(secret, old_key()->key.public_key(), scope).value();
}

Result<SealedSecret> rotated(const SealedSecret& object) {
  return rotate(object, both(), new_key()->key.public_key());
}

json::object annotated(std::string_view name) { return {{"annotations", {{name, "true"}}}}; }

}  // namespace

TEST_CASE("what is encrypted anew opens with the new key, in the same scope and no other") {
  for (const Scope scope : {Scope::strict, Scope::namespace_wide, Scope::cluster_wide}) {
    CAPTURE(scope_name(scope));
    const auto out = rotated(sealed(scope));
    REQUIRE(out.has_value());
    CHECK(scope_of(out->metadata) == scope);
    CHECK(scope_of(out->secret_template.metadata) == scope);
    const auto opened = unseal(*out, only_new());
    REQUIRE(opened.has_value());
    CHECK(opened->secret.data.at("a").expose_secret_text() == "hunter2");

    auto elsewhere = *out;
    elsewhere.metadata["name"] = "db2";
    CHECK(unseal(elsewhere, only_new()).has_value() == (scope != Scope::strict));
    elsewhere.metadata["namespace"] = "prod2";
    CHECK(unseal(elsewhere, only_new()).has_value() == (scope == Scope::cluster_wide));
  }
}

TEST_CASE("annotations in the template don't widen the scope (CVE-2026-22728)") {
  for (const auto name : {annotation::cluster_wide, annotation::namespace_wide}) {
    auto object = sealed(Scope::strict);
    object.secret_template.metadata = annotated(name);
    const auto out = rotated(object);
    REQUIRE(out.has_value());
    CHECK(json::serialize(out->secret_template.metadata) == "{}");
    CHECK(json::serialize(out->metadata) == R"({"name":"db","namespace":"prod"})");
    auto moved = *out;
    moved.metadata = annotated(name);
    moved.metadata["name"] = "mine";
    moved.metadata["namespace"] = "prod";
    CHECK_FALSE(unseal(moved, only_new()).has_value());
  }
}

TEST_CASE("annotations of the object can't widen the scope: it does not open then") {
  for (const auto name : {annotation::cluster_wide, annotation::namespace_wide}) {
    auto object = sealed(Scope::strict);
    object.metadata["annotations"] = {{name, "true"}};
    const auto out = rotated(object);
    REQUIRE_FALSE(out.has_value());
    CHECK(out.error().code == Errc::cannot_decrypt);
  }
}

TEST_CASE("the template is carried over as text, and never run") {
  auto object = sealed(Scope::strict);
  object.secret_template.type = "x/y";
  object.secret_template.immutable = true;
  object.secret_template.data = {{"conf", "{{ .a }}"}, {"bad", "{{ fail .a }}"}, {"worse", "{{"}};
  CHECK(check_opens(object, both()).has_value());
  const auto out = rotated(object);
  REQUIRE(out.has_value());
  CHECK(out->secret_template.type == "x/y");
  CHECK(out->secret_template.immutable == true);
  CHECK(out->secret_template.data == object.secret_template.data);
  CHECK(out->encrypted_data.size() == 2);
}

TEST_CASE("of the metadata stays what people wrote, where it agrees") {
  auto object = sealed(Scope::strict);
  object.metadata =
      json::parse(
          R"({"name":"db","namespace":"prod","uid":"u","resourceVersion":"7","generation":3,
              "labels":{"l":"v"},"annotations":{"n":"1"},"finalizers":["f"],
              "ownerReferences":[{"apiVersion":"v1","kind":"X","name":"x","uid":"u"}]})")
          .as_object();
  object.secret_template.metadata =
      json::parse(R"({"name":"other","namespace":"elsewhere","labels":{"t":"1"},"uid":"u"})")
          .as_object();
  const auto out = rotated(object);
  REQUIRE(out.has_value());
  CHECK(json::serialize(out->metadata) ==
        R"({"name":"db","namespace":"prod","labels":{"l":"v"},"annotations":{"n":"1"}})");
  CHECK(json::serialize(out->secret_template.metadata) ==
        R"({"name":"db","namespace":"prod","labels":{"t":"1"}})");
}

TEST_CASE("whatever fails, the answer is the same, and all is tried") {
  struct Case {
    const char* name;
    std::function<void(SealedSecret&)> tamper;
  };
  const auto other_item = [](SealedSecret& s) { s.encrypted_data["c"] = "AgAA"; };
  const Case cases[] = {
      {"another name", [](SealedSecret& s) { s.metadata["name"] = "db2"; }},
      {"another namespace", [](SealedSecret& s) { s.metadata["namespace"] = "n"; }},
      {"the first item flipped", [](SealedSecret& s) { s.encrypted_data["a"][9] ^= 1; }},
      {"the last item cut", [](SealedSecret& s) { s.encrypted_data["b"] = "AgA="; }},
      {"no base64", [](SealedSecret& s) { s.encrypted_data["a"] = "!"; }},
      {"nothing", [](SealedSecret& s) { s.encrypted_data["a"] = ""; }},
      {"one item more", other_item},
      {"both forms", [](SealedSecret& s) { s.deprecated_data = s.encrypted_data["a"]; }},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto object = sealed(Scope::strict);
    c.tamper(object);
    std::size_t items = 0;
    const StrangerOptions counting{true, [&] { return ++items > 0; }};
    const auto checked = check_opens(object, both(), counting);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == Errc::cannot_decrypt);
    CHECK(checked.error().message == cannot_decrypt().message);
    CHECK(items == object.encrypted_data.size() + (object.deprecated_data ? 1 : 0));
    CHECK(rotated(object).error().message == cannot_decrypt().message);
  }
}

TEST_CASE("the V1 form stays one envelope, and none of it becomes public") {
  const std::string_view inner =
      R"({"metadata":{"name":"db","annotations":{"private":"yes"}},"data":{"hidden":"aHVudGVyMg=="}})";
  SealedSecret object;
  object.metadata = json::parse(R"({"name":"db","namespace":"prod"})").as_object();
  object.deprecated_data =
      seal_item(as_bytes(inner), old_key()->key.public_key(), "prod/db").value();
  const auto out = rotated(object);
  REQUIRE(out.has_value());
  const auto text = json::serialize(out->to_json());
  CHECK(text.find("hidden") == std::string::npos);
  CHECK(text.find("private") == std::string::npos);
  const auto opened = unseal(*out, only_new());
  REQUIRE(opened.has_value());
  CHECK(opened->secret.data.at("hidden").expose_secret_text() == "hunter2");

  CHECK_FALSE(check_opens(object, both(), {.accept_deprecated_data = false}).has_value());
}

TEST_CASE("work that takes too long is broken off") {
  const auto checked = check_opens(sealed(Scope::strict), both(), {true, [] { return false; }});
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == Errc::unavailable);
}

}  // namespace bulla::test
