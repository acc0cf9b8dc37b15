// SPDX-License-Identifier: Apache-2.0
//
// Somebody who may create SealedSecrets, and no Secrets, in the controller's namespace wants
// everybody to seal for a key of his own.
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr std::string_view label = "sealedsecrets.bitnami.com/sealed-secrets-key";
constexpr std::string_view prefix = "sealedsecrets.bitnami.com/";

const Keyring::Entry& controllers_key() {
  static const auto entry = [] {
    Keyring ring;
    (void)ring.add(parse_key_secret(controller_json("key-secret.json"), {}).value());
    return ring.newest_first().front();
  }();
  return entry;
}

/// A key pair of the thief's, newer than all others, as the Secret that is to hold it.
const Json& evil_key() {
  static const Json secret = [] {
    const auto key = PrivateKey::generate(2048).value();
    const auto certificate =
        Certificate::self_signed(
            key, {"evil", parse_rfc3339("2026-11-27T00:00:00Z").value(), std::chrono::hours(1000)})
            .value();
    bulla::Options options;
    options.own_namespace = "kube-system";
    return make_key_secret(key, certificate, options, "evil");
  }();
  return secret;
}

Json evil_sealed(std::string_view name) {
  Json secret = evil_key();
  secret.at("metadata") = {{"name", name}, {"namespace", "kube-system"}};
  return seal(Secret::from_json(secret).value(), controllers_key()->key.public_key(), Scope::strict)
      .value()
      .to_json();
}

JsonObject& template_metadata(Json& sealed) {
  return sealed.at("spec").at("template").at("metadata").as_object();
}

/// The V1 form: label and type are inside of the ciphertext.
Json evil_v1() {
  Json inside = evil_key();
  const auto text = kube::serialize_json(inside);
  Json sealed = evil_sealed("v1");
  JsonObject spec;
  spec["encryptedData"] = JsonObject();
  spec["data"] = seal_item(as_bytes(text.expose_secret_text()), controllers_key()->key.public_key(),
                           "kube-system/v1")
                     .value();
  sealed.as_object()["spec"] = std::move(spec);
  return sealed;
}

void check_certificate_is_kept(World& world) {
  world.let_the_queue_drain();
  const auto& pem = controllers_key()->certificate->pem();
  CHECK(world.http_get("/v1/cert.pem").body == pem);
}

}  // namespace

TEST_CASE("a SealedSecret in the controller's namespace installs no sealing key") {
  World world;
  std::string name = "evil";
  Json sealed;
  SUBCASE("by the label in the template") {
    sealed = evil_sealed(name);
    template_metadata(sealed)["labels"] = {{label, "active"}};
  }
  SUBCASE("by the label, without an owner") {
    sealed = evil_sealed(name);
    template_metadata(sealed)["labels"] = {{label, "active"}};
    template_metadata(sealed)["annotations"] = {
        {std::string(prefix) + "skip-set-owner-references", "true"}};
  }
  SUBCASE("by the label, managed") {
    sealed = evil_sealed(name);
    template_metadata(sealed)["labels"] = {{label, "active"}};
    template_metadata(sealed)["annotations"] = {{std::string(prefix) + "managed", "true"}};
  }
  SUBCASE("by the legacy name") {
    name = "sealed-secrets-key";
    sealed = evil_sealed(name);
  }
  SUBCASE("by the V1 form") {
    name = "v1";
    sealed = evil_v1();
  }
  world.apply(sealed);
  CHECK(world.wait_for_condition("kube-system", name, "False"));
  CHECK(world.reason("kube-system", name) == "UnsealFailed");
  CHECK_FALSE(world.has_secret("kube-system", name));
  check_certificate_is_kept(world);
}

TEST_CASE("a SealedSecret can't write to an existing key's Secret") {
  World world;
  const std::string name = "sealed-secrets-keyt8ggd";
  const auto before = world.server.get("secrets", "kube-system", name)->at("data");
  // Such a Secret asked for it, and is no key any more; what is in it stays all the same.
  const char* mark = nullptr;
  SUBCASE("managed") { mark = "managed"; }
  SUBCASE("patch") { mark = "patch"; }
  world.apply(evil_sealed(name));
  CHECK(world.wait_for_condition("kube-system", name, "False"));
  world.stop();
  world.edit("secrets", "kube-system", name, [&](JsonObject& secret) {
    secret["metadata"].as_object()["annotations"] = {{std::string(prefix) + mark, "true"}};
  });
  world.start();
  CHECK(world.ask_until(
      [&] { return world.metrics().find("_keys{state=\"malformed\"} 1\n") != std::string::npos; }));
  CHECK(world.server.get("secrets", "kube-system", name)->at("data") == before);
}

TEST_CASE("a Secret that another controller made from a SealedSecret is no key, nor later") {
  World::Settings settings;
  settings.server.collect_garbage = false;  // its owner is of another controller's making
  World world(settings);
  Json secret = evil_key();
  auto& metadata = secret.at("metadata").as_object();
  SUBCASE("owned") {
    metadata["ownerReferences"] = JsonArray{JsonObject{{"apiVersion", "bitnami.com/v1alpha1"},
                                                       {"kind", "SealedSecret"},
                                                       {"name", "evil"},
                                                       {"uid", "u"},
                                                       {"controller", true}}};
  }
  SUBCASE("without an owner") {
    metadata["annotations"] = {{std::string(prefix) + "skip-set-owner-references", "true"}};
  }
  SUBCASE("merged into") { metadata["annotations"] = {{std::string(prefix) + "patch", "false"}}; }
  world.server.put(secret);
  const auto passed_over = [&] {
    return world.metrics().find("_keys{state=\"malformed\"} 1\n") != std::string::npos;
  };
  REQUIRE(world.ask_until(passed_over));
  check_certificate_is_kept(world);

  // As the garbage collector does when the SealedSecret is deleted and its Secret orphaned.
  world.edit("secrets", "kube-system", "evil", [](JsonObject& now) {
    now["metadata"].as_object().erase("ownerReferences");
    now["metadata"].as_object().erase("annotations");
  });
  check_certificate_is_kept(world);
  CHECK(passed_over());
}

TEST_CASE("a key Secret that a person makes is a key") {
  World world;
  world.server.put(evil_key());
  CHECK(world.ask_until([&] {
    return world.http_get("/v1/cert.pem").body != controllers_key()->certificate->pem();
  }));
}

TEST_CASE("what a SealedSecret may become is limited by type") {
  World::Settings settings;
  settings.options.allowed_secret_types = {"Opaque"};
  World world(settings);
  Json sealed = good_object("n", "s");
  sealed.at("spec").as_object()["template"] = {{"type", "kubernetes.io/service-account-token"}};
  world.apply(sealed);
  CHECK(world.wait_for_condition("n", "s", "False: a Secret of type"));
  CHECK_FALSE(world.has_secret("n", "s"));
}

}  // namespace bulla::test
