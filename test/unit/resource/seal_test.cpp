// SPDX-License-Identifier: Apache-2.0
#include "resource/seal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "crypto/envelope.hpp"
#include "resource/document.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

namespace {

namespace json = boost::json;

Keyring::Entry entry(const std::string& key_file) {
  return std::make_shared<const KeyringEntry>(
      KeyringEntry{private_key(key_file), std::nullopt, WallTime()});
}

const std::vector<Keyring::Entry>& keys() {
  static const std::vector<Keyring::Entry> all{entry("rsa2048-b.pkcs1.pem"),
                                               entry("rsa2048-a.pkcs1.pem")};
  return all;
}

/// The Secret prod/db with the items and annotations that a test is about.
Secret secret(std::string_view annotations = "{}",
              std::string_view items = R"("data":{"password":"aHVudGVyMg=="})") {
  const std::string text =
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"prod","annotations":)" +
      std::string(annotations) + "}," + std::string(items) + "}";
  return Secret::from_json(json::parse(text)).value();
}

SealedSecret sealed_for_a(const Secret& object, std::optional<Scope> scope = std::nullopt) {
  return seal(object, private_key("rsa2048-a.pkcs1.pem").public_key(), scope).value();
}

std::string item_of(const Result<Unsealed>& unsealed, const std::string& name) {
  REQUIRE(unsealed.has_value());
  return std::string(unsealed->secret.data.at(name).expose_secret_text());
}

void move_to(SealedSecret& sealed, std::string_view namespace_, std::string_view name) {
  sealed.metadata["namespace"] = namespace_;
  sealed.metadata["name"] = name;
}

}  // namespace

TEST_CASE("what is sealed opens, and says which key did it") {
  const auto opened = unseal(sealed_for_a(secret()), keys());
  CHECK(item_of(opened, "password") == "hunter2");
  CHECK(opened->keys == std::vector<Fingerprint>{keys()[1]->key.fingerprint()});
}

TEST_CASE("items of several keys open in one object, on one core and on all") {
  auto sealed = sealed_for_a(secret("{}", R"("data":{"a":"MQ==","c":"Mw=="})"));
  const auto& key_b = keys()[0]->key;
  for (const auto* item : {"b", "d"})
    sealed.encrypted_data[item] = seal_item(as_bytes(item), key_b.public_key(), "prod/db").value();
  for (const auto cores : {Cores::one, Cores::all}) {
    const auto opened = unseal(sealed, keys(), {.cores = cores});
    CHECK(item_of(opened, "a") + item_of(opened, "b") + item_of(opened, "c") +
              item_of(opened, "d") ==
          "1b3d");
    CHECK(opened->keys ==
          std::vector<Fingerprint>{keys()[1]->key.fingerprint(), key_b.fingerprint()});
  }
}

TEST_CASE("a scope is where a SealedSecret may go, and no further") {
  struct Place {
    const char* namespace_;
    const char* name;
  };
  struct Case {
    Scope scope;
    Place place;
    bool opens;
  };
  const Place other_name{"prod", "db2"};
  const Place other_namespace{"prod2", "db"};
  const Case cases[] = {
      {Scope::strict, other_name, false},        {Scope::strict, other_namespace, false},
      {Scope::namespace_wide, other_name, true}, {Scope::namespace_wide, other_namespace, false},
      {Scope::cluster_wide, other_name, true},   {Scope::cluster_wide, other_namespace, true},
  };
  for (const auto& c : cases) {
    CAPTURE(scope_name(c.scope));
    CAPTURE(c.place.namespace_);
    auto sealed = sealed_for_a(secret(), c.scope);
    move_to(sealed, c.place.namespace_, c.place.name);
    CHECK(unseal(sealed, keys()).has_value() == c.opens);
  }
}

TEST_CASE("widening the scope by an annotation opens nothing") {
  for (const auto scope : {Scope::namespace_wide, Scope::cluster_wide}) {
    auto sealed = sealed_for_a(secret());
    set_scope_annotation(sealed.metadata, scope);
    const auto opened = unseal(sealed, keys());
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == Errc::cannot_decrypt);
  }
}

TEST_CASE("the Secret's annotations ask for a scope, and the caller's word wins") {
  const auto annotated = secret(R"({"sealedsecrets.bitnami.com/namespace-wide":"true"})");
  CHECK(scope_of(sealed_for_a(annotated).metadata) == Scope::namespace_wide);
  const auto widest = secret(
      R"({"sealedsecrets.bitnami.com/namespace-wide":"true","sealedsecrets.bitnami.com/cluster-wide":"true"})");
  CHECK(scope_of(sealed_for_a(widest).metadata) == Scope::cluster_wide);
  const auto strict = sealed_for_a(annotated, Scope::strict);
  CHECK(scope_of(strict.metadata) == Scope::strict);
  CHECK(scope_of(strict.secret_template.metadata) == Scope::strict);
}

TEST_CASE("stringData wins over data") {
  const auto both = secret("{}", R"("data":{"a":"b2xk","b":"Yg=="},"stringData":{"a":"new"})");
  const auto opened = unseal(sealed_for_a(both), keys());
  CHECK(item_of(opened, "a") == "new");
  CHECK(item_of(opened, "b") == "b");
}

TEST_CASE("annotations that hold a copy of the plaintext don't get out") {
  const auto leaking = secret(
      R"({"kubectl.kubernetes.io/last-applied-configuration":"hunter2",
          "kubecfg.ksonnet.io/last-applied-configuration":"hunter2","keep":"me"})");
  const auto text = json::serialize(sealed_for_a(leaking).to_json());
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("last-applied") == std::string::npos);
  CHECK(text.find(R"("keep":"me")") != std::string::npos);
}

TEST_CASE("the Secret belongs to its SealedSecret, unless it is asked not to") {
  auto sealed = sealed_for_a(secret());
  sealed.metadata["uid"] = "u-1";
  const auto owned = unseal(sealed, keys());
  REQUIRE(owned.has_value());
  CHECK(
      json::serialize(owned->secret.metadata.at("ownerReferences")) ==
      R"([{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret","name":"db","uid":"u-1","controller":true}])");
  const auto free =
      sealed_for_a(secret(R"({"sealedsecrets.bitnami.com/skip-set-owner-references":"true"})"));
  CHECK_FALSE(unseal(free, keys())->secret.metadata.contains("ownerReferences"));
}

TEST_CASE("every item that fails is named, and none of the others gets out") {
  auto sealed = sealed_for_a(secret("{}", R"("data":{"a":"YQ==","b":"Yg==","c":"Yw=="})"));
  sealed.encrypted_data["a"] = "AgAA";
  sealed.encrypted_data["c"] = "not base64!";
  const auto opened = unseal(sealed, keys());
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == Errc::invalid_input);
  CHECK(opened.error().message.starts_with("no key could decrypt secret (a)\n"));
  CHECK(opened.error().message.ends_with(" (c)"));
  CHECK(opened.error().message.find("(b)") == std::string::npos);
}

TEST_CASE("each bit of an item counts") {
  auto sealed = sealed_for_a(secret());
  auto envelope = decode_base64(sealed.encrypted_data.at("password")).value();
  // In the RSA part, in the ciphertext, and in the tag; the core's own tests flip every bit.
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{2}, std::size_t{257}, std::size_t{259}, envelope.size() - 1}) {
    CAPTURE(at);
    envelope[at] ^= 1U;
    sealed.encrypted_data["password"] = encode_base64(envelope);
    const auto opened = unseal(sealed, keys());
    REQUIRE(!opened.has_value());
    CHECK(opened.error().message == "no key could decrypt secret (password)");
    envelope[at] ^= 1U;
  }
}

TEST_CASE("an item can't be swapped for one of another object, but for one of its own") {
  auto one = sealed_for_a(secret("{}", R"("data":{"a":"YQ==","b":"Yg=="})"));
  // The item's name is no part of the label: that is the format (COMPATIBILITY, section 1).
  std::swap(one.encrypted_data["a"], one.encrypted_data["b"]);
  CHECK(item_of(unseal(one, keys()), "a") == "b");
  auto other = sealed_for_a(secret());
  move_to(other, "prod", "elsewhere");
  CHECK_FALSE(unseal(other, keys()).has_value());
}

TEST_CASE("the owner is told why") {
  auto sealed = sealed_for_a(secret());
  move_to(sealed, "prod", "db2");
  CHECK(explain_failure(sealed, keys()) ==
        "item \"password\" was sealed as prod/db, strict; this object is prod/db2, strict");
  const std::vector<Keyring::Entry> wrong{keys()[0]};
  const std::string causes =
      ": it was sealed for another name, namespace or scope, or for another key, or is damaged";
  CHECK(explain_failure(sealed, wrong) ==
        "the one key here does not open it as prod/db2, strict" + causes);
  // A value of --raw, or a file in which the name was changed everywhere: nothing says where it
  // was sealed for.
  sealed.secret_template.metadata.clear();
  CHECK(explain_failure(sealed, keys()) ==
        "none of the 2 keys here opens it as prod/db2, strict" + causes);
  set_scope_annotation(sealed.metadata, Scope::namespace_wide);
  CHECK(explain_failure(sealed, keys()) ==
        "none of the 2 keys here opens it as namespace-wide in namespace prod" + causes);
  set_scope_annotation(sealed.metadata, Scope::cluster_wide);
  CHECK(explain_failure(sealed, keys()) ==
        "none of the 2 keys here opens it as cluster-wide" + causes);
  CHECK(explain_failure(sealed, {}) == "there is no key to try");
}

TEST_CASE("what can't be an envelope costs its owner no private-key operation") {
  const auto good = sealed_for_a(secret());
  const auto whole = decode_base64(good.encrypted_data.at("password")).value();
  auto long_length = whole;
  long_length[0] = 2;
  auto above_modulus = whole;
  std::fill(above_modulus.begin() + 2, above_modulus.begin() + 258, std::uint8_t{0xFF});
  const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + 273);
  for (const auto& base64 :
       {std::string(), std::string("!"), encode_base64(cut), encode_base64(long_length),
        encode_base64(above_modulus), std::string("AQA=")}) {
    CAPTURE(base64);
    auto sealed = good;
    sealed.encrypted_data["password"] = base64;
    const auto before = private_key_operations();
    CHECK_FALSE(unseal(sealed, keys()).has_value());
    const auto why = explain_failure(sealed, keys());
    if (ciphertext_fault(base64).empty()) {
      CHECK(why.starts_with("none of the 2 keys here opens it as "));
    } else {
      CHECK(why == "item \"password\" " + ciphertext_fault(base64));
    }
    CHECK(private_key_operations() == before);
  }
}

TEST_CASE("what can't be a ciphertext is told for what it is, and no key is blamed") {
  const auto good = sealed_for_a(secret());
  const auto whole = decode_base64(good.encrypted_data.at("password")).value();
  const auto first_bytes = [&](std::size_t count) {
    return encode_base64(std::span(whole).first(count));
  };
  auto long_length = whole;
  long_length[0] = 2;
  struct Case {
    std::string base64;
    const char* fault;
  };
  const auto cut = "is not a ciphertext: it does not begin as one, or is cut off";
  for (const auto& c :
       {Case{"", "is empty, or no text"}, Case{"hunter2!", "is not a ciphertext: it is not base64"},
        Case{"AQA=", "is not a ciphertext: it is too short, or cut off"},
        Case{first_bytes(145), "is not a ciphertext: it is too short, or cut off"},
        Case{first_bytes(273), cut}, Case{encode_base64(long_length), cut},
        Case{good.encrypted_data.at("password"), ""}}) {
    CAPTURE(c.base64);
    CHECK(ciphertext_fault(c.base64) == c.fault);
  }
  CHECK(explain_failure(good, keys()).empty());  // it opens
}

TEST_CASE("an object is refused before it is opened when it has more items than a Secret holds") {
  json::object items;
  for (std::size_t i = 0; i <= limits::sealed_items_max; ++i) items["i" + std::to_string(i)] = "";
  json::value object = {{"spec", {{"encryptedData", items}}}};
  const auto refused = SealedSecret::from_json(object);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message ==
        "spec.encryptedData has 8193 items; no more than 8192 are read, for no Secret holds so "
        "many");
  object.at("spec").at("encryptedData").as_object().erase("i0");
  CHECK(SealedSecret::from_json(object).has_value());
}

namespace {

/// prod/db with `count` items that `keys()` open, the second key of two.
SealedSecret with_items(std::size_t count) {
  auto sealed = sealed_for_a(secret());
  const auto one = sealed.encrypted_data.at("password");
  sealed.encrypted_data.clear();
  for (std::size_t i = 0; i < count; ++i) sealed.encrypted_data["i" + std::to_string(i)] = one;
  return sealed;
}

}  // namespace

TEST_CASE("private-key operations of an object are bounded") {
  const auto sealed = with_items(20);
  const auto before = private_key_operations();
  // The first item costs two: the key that fits is the second.
  CHECK(unseal(sealed, keys(), {.operations_max = 21}).has_value());
  CHECK(private_key_operations() == before + 21);
  const auto refused = unseal(sealed, keys(), {.operations_max = 20});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::invalid_input);
  CHECK(refused.error().message ==
        "opening its 20 items would take more than 20 private-key operations with the 2 keys "
        "here: seal it anew with the newest key, or in several objects");
  CHECK(private_key_operations() == before + 41);
}

TEST_CASE("after some items that don't open, the others are left out") {
  auto sealed = with_items(20);
  move_to(sealed, "prod", "elsewhere");
  const auto before = private_key_operations();
  const auto refused = unseal(sealed, keys(), {.closed_items_max = 2});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::cannot_decrypt);
  CHECK(refused.error().message ==
        "no key could decrypt secret (i0)\nno key could decrypt secret (i1)\n18 more were not "
        "tried");
  CHECK(private_key_operations() == before + 4);
}

TEST_CASE("opening stops between two operations when it may not go on") {
  const auto sealed = with_items(20);
  int asked = 0;
  const auto before = private_key_operations();
  const auto stopped = unseal(sealed, keys(), {.may_go_on = [&] { return ++asked <= 5; }});
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == Errc::unavailable);
  CHECK(private_key_operations() == before + 5);
}

TEST_CASE("opening can be done in pieces, and each piece opens something") {
  const auto sealed = with_items(5);
  Unsealing work(sealed, keys(), {});
  int pieces = 1;
  while (!work.open_until(std::chrono::steady_clock::time_point::min())) ++pieces;
  CHECK(pieces == 5);
  const auto opened = work.finish();
  REQUIRE(opened.has_value());
  CHECK(opened->secret.data.size() == 5);
}

TEST_CASE("an explanation costs a bounded number of operations, whatever the keys") {
  auto sealed = with_items(3);
  move_to(sealed, "other", "elsewhere");
  const std::vector<Keyring::Entry> many(400, keys()[0]);
  const auto before = private_key_operations();
  CHECK(explain_failure(sealed, many, {.item = "i0"})
            .starts_with("none of the 400 keys here opens it as other/elsewhere, strict: "));
  CHECK(private_key_operations() == before + limits::explain_operations_max);
}

// The reference from 0.37.0 (siblings, what is sealed wins) and 0.40.0 (null entries) on.
TEST_CASE("a template sees the items and the other templates' texts, and null leaves an item out") {
  struct Case {
    std::string name;
    const char* data;
    std::map<std::string, std::string> items;
  };
  const std::map<std::string, std::string> sealed{{"password", "hunter2"}};
  const auto and_sealed = [&](std::map<std::string, std::string> more) {
    more.insert(sealed.begin(), sealed.end());
    return more;
  };
  const Case cases[] = {
      {"a plaintext sibling", R"({"url":"{{.username}}:{{.password}}","username":"me"})",
       and_sealed({{"url", "me:hunter2"}, {"username", "me"}})},
      {"its text, not what it makes", R"({"a":"<{{.b}}>","b":"{{.password}}"})",
       and_sealed({{"a", "<{{.password}}>"}, {"b", "hunter2"}})},
      {"itself", R"({"a":"x{{len .a}}"})", and_sealed({{"a", "x11"}})},
      {"a name that is sealed too: the sealed item wins", R"({"password":"p","a":"{{.password}}"})",
       and_sealed({{"a", "hunter2"}})},
      {"null takes a sealed item out, after it was used",
       R"({"password":null,"a":"{{.password}}"})",
       {{"a", "hunter2"}}},
      {"null for what is nowhere", R"({"no":null,"a":"{{.no}}"})",
       and_sealed({{"a", "<no value>"}})},
      {"an empty text is no null", R"({"a":"","b":"[{{.a}}]"})",
       and_sealed({{"a", ""}, {"b", "[]"}})},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto object = sealed_for_a(secret()).to_json();
    object.at("spec").at("template").as_object()["data"] = json::parse(c.data);
    const auto opened = unseal(SealedSecret::from_json(object).value(), keys());
    REQUIRE(opened.has_value());
    std::map<std::string, std::string> items;
    for (const auto& [item, value] : opened->secret.data)
      items.emplace(item, value.expose_secret_text());
    CHECK(items == c.items);
  }
}

TEST_CASE("a template whose output is not wanted runs all the same, and its errors count") {
  auto sealed = sealed_for_a(secret());
  sealed.secret_template.data["password"] = "{{ fail \"no\" }}";
  CHECK_FALSE(unseal(sealed, keys()).has_value());
}

TEST_CASE("the deprecated form opens as the reference's controller opens it") {
  for (const std::string scope : {"clw", "nsw", "strict"}) {
    CAPTURE(scope);
    const auto file = [&](const std::string& name) {
      return read_file(
                 std::string(BULLA_SOURCE_ROOT "/test/compat/sealed/v1data-") + scope + "/" + name,
                 limits::mib)
          .value();
    };
    const auto document = read_documents(file("stdin").expose_secret_text()).value();
    const auto sealed =
        SealedSecret::from_json(document.at(0).value, document.at(0).scalars).value();
    auto key = PrivateKey::from_pem(file("files/key.pem").expose_secret_text()).value();
    const std::vector<Keyring::Entry> order{std::make_shared<const KeyringEntry>(
        KeyringEntry{std::move(key), std::nullopt, WallTime()})};
    const auto opened = unseal(sealed, order);
    REQUIRE(opened.has_value());
    const auto recorded = file("controller_unsealed.json");
    CHECK(opened->secret.to_json() ==
          json::parse(json::string_view(recorded.expose_secret_text().data(), recorded.size())));

    const auto refused = unseal(sealed, order, {.accept_deprecated_data = false});
    REQUIRE(!refused.has_value());
    CHECK(refused.error().message ==
          "using deprecated 'data' field, use 'encryptedData' or flip the feature flag");
  }
}

TEST_CASE("which of several templates failed is not told where values decided it") {
  auto sealed = sealed_for_a(secret());
  const auto error = [&](tmpl::RunErrors errors) {
    return unseal(sealed, keys(), {.template_errors = errors}).error().message;
  };
  sealed.secret_template.data = {{"a", R"({{if hasPrefix "h" .password}}{{fail "h"}}{{end}})"},
                                 {"b", R"({{if hasPrefix "x" .password}}{{fail "x"}}{{end}})"},
                                 {"c", R"({{if hasPrefix "hu" .password}}{{fail "hu"}}{{end}})"}};
  CHECK(error(tmpl::RunErrors::guarded) ==
        "the template failed; why depends on sealed values, so it is not said here: kubeseal "
        "--recovery-unseal says it (spec.template.data)");
  const auto full = error(tmpl::RunErrors::full);
  CHECK(full.find("error calling fail: h (a)") != std::string::npos);
  CHECK(full.find("error calling fail: hu (c)") != std::string::npos);

  sealed.secret_template.data.erase("b");
  sealed.secret_template.data.erase("c");
  CHECK(error(tmpl::RunErrors::guarded).ends_with("says it (a)"));
}

TEST_CASE("the templates of one object share one budget") {
  auto sealed = sealed_for_a(secret());
  for (int i = 0; i < 60; ++i)
    sealed.secret_template.data["big" + std::to_string(i)] = R"({{repeat 900000 "a"}})";
  const auto unsealed = unseal(sealed, keys());
  REQUIRE_FALSE(unsealed.has_value());
  CHECK(unsealed.error().message.find("the output grows too long (at most 1048576 bytes)") !=
        std::string::npos);
}

}  // namespace bulla::test
