// SPDX-License-Identifier: Apache-2.0
//
// The life of sealing keys, against the in-memory API server.
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr std::string_view label = "sealedsecrets.bitnami.com/sealed-secrets-key";

std::size_t key_count(const World& world) { return world.key_secrets().size(); }

/// tls.crt of a key Secret, decoded.
std::string stored_certificate(const Json& secret) {
  const auto& data = secret.at("data").as_object();
  return std::string(as_text(decode_base64(data.at("tls.crt").as_string()).value()));
}

void relabel(World& world, const std::string& value) {
  world.edit("secrets", "kube-system", "sealed-secrets-keyt8ggd", [&](JsonObject& secret) {
    secret["metadata"].as_object()["labels"].as_object()[label] = value;
  });
}

}  // namespace

TEST_CASE("the first key is stored before it is served, and HTTP is up before that") {
  World::Settings settings;
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  const auto held =
      world.server.inject(Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets"}));
  world.start();
  REQUIRE(world.server.wait_for(
      [&] { return world.server.count_requests({.verb = "create", .resource = "secrets"}) == 1; }));
  CHECK(world.http_get("/healthz").status == 200);
  CHECK(world.http_get("/v1/cert.pem").status == 503);

  world.server.clear_fault(held);
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  const auto secret = world.key_secrets().at(0);
  CHECK(world.http_get("/v1/cert.pem").body == stored_certificate(secret));
  CHECK(text_at(secret, "metadata.name").starts_with("sealed-secrets-key"));
  CHECK(text_at(secret, "type") == "kubernetes.io/tls");
  CHECK(secret.at("metadata").at("labels").at(label) == "active");
}

TEST_CASE("a key whose storing was not answered is found, not made twice") {
  World::Settings settings;
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  world.server.inject(
      Fault::of(Fault::Kind::commit_then_close, {.verb = "create", .resource = "secrets"}));
  world.start();
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  CHECK(key_count(world) == 1);
}

TEST_CASE("an API server that is down at start is waited for") {
  World::Settings settings;
  settings.start = false;
  World world(settings);
  auto fault = Fault::error(500, {.verb = "list", .resource = "secrets"});
  fault.count = 3;
  world.server.inject(fault);
  world.start();
  CHECK(world.http_get("/healthz").status == 200);
  world.let_the_queue_drain();
  CHECK(key_count(world) == 1);
}

TEST_CASE("a key that arrives opens what failed before") {
  World::Settings settings;
  settings.recorded_key = false;
  World world(settings);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "False: no key could decrypt secret (foo)"));
  world.put_recorded_key();
  CHECK(world.wait_for_condition("n", "s", "True"));
}

TEST_CASE("a key that is relabelled is retired, and comes back") {
  World world;
  world.let_the_queue_drain();
  relabel(world, "compromised");
  // The last key went: a new one is made.
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "False: no key could decrypt secret (foo)"));
  relabel(world, "active");
  CHECK(world.wait_for_condition("n", "s", "True"));
}

TEST_CASE("retired keys are counted, and their private keys never asked for") {
  World world;
  relabel(world, "compromised");
  CHECK(world.ask_until(
      [&] { return world.metrics().find("_keys{state=\"retired\"} 1\n") != std::string::npos; }));
  for (const auto& request : world.server.requests()) {
    const bool of_retired = request.target.find("%21%3Dactive") != std::string::npos;
    if (of_retired) CHECK(request.accept.find("as=PartialObjectMetadata") != std::string::npos);
  }
}

TEST_CASE("a certificate that is renewed for the same key is served") {
  World world;
  world.let_the_queue_drain();
  const auto secret = world.server.get("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  const auto pem = decode_base64_secret(secret->at("data").at("tls.key").as_string()).value();
  const auto key = PrivateKey::from_pem(pem.expose_secret_text()).value();
  const auto renewed = Certificate::self_signed(
      key, {"mine", parse_rfc3339("2026-11-24T00:00:00Z").value(), std::chrono::hours(1)});
  world.edit("secrets", "kube-system", "sealed-secrets-keyt8ggd", [&](JsonObject& changed) {
    changed["data"].as_object()["tls.crt"] = encode_base64(as_bytes(renewed.value().pem()));
  });
  CHECK(world.ask_until([&] { return world.http_get("/v1/cert.pem").body == renewed->pem(); }));
}

TEST_CASE("a key that is deleted is out of use") {
  World world;
  world.let_the_queue_drain();
  world.server.remove("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  world.apply(good_object("n", "s"));
  CHECK(world.wait_for_condition("n", "s", "False: no key could decrypt secret (foo)"));
}

TEST_CASE("a malformed key Secret is reported and passed over, and used once it is right") {
  World::Settings settings;
  settings.start = false;
  World world(settings);
  Json good = *world.server.get("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  Json broken = good;
  broken.at("data").as_object()["tls.key"] = "aGVsbG8=";
  broken.at("metadata") = {
      {"name", "broken"}, {"namespace", "kube-system"}, {"labels", {{label, "active"}}}};
  world.server.put(broken);
  world.server.remove("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  world.start();
  const auto event_about_it = [&] {
    for (const auto& line : world.events("kube-system")) {
      if (line.starts_with("Warning ErrKeyUnusable x1: This sealing key is passed over: tls.key:"))
        return true;
    }
    return false;
  };
  REQUIRE(world.server.wait_for(event_about_it));
  // Another one was made, since none was left; and neither needs a restart.
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  CHECK(world.ask_until([&] {
    const auto text = world.metrics();
    return text.find("_keys{state=\"malformed\"} 1\n") != std::string::npos &&
           text.find("_keys{state=\"active\"} 1\n") != std::string::npos;
  }));

  world.edit("secrets", "kube-system", "broken",
             [&](JsonObject& secret) { secret["data"] = good.at("data"); });
  world.let_the_queue_drain();  // with what was sealed for that key
  CHECK(world.metrics().find("_keys{state=\"malformed\"} 0\n") != std::string::npos);
}

TEST_CASE("the legacy key, named like the prefix and without a label, counts") {
  World::Settings settings;
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  world.put_recorded_key();
  Json legacy = *world.server.get("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  world.server.remove("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  auto& metadata = legacy.at("metadata").as_object();
  metadata["name"] = "sealed-secrets-key";
  metadata.erase("labels");
  metadata.erase("uid");
  world.server.put(legacy);
  world.start();
  world.let_the_queue_drain();
  CHECK(key_count(world) == 1);
}

TEST_CASE("a key on demand becomes the newest, and the old one goes on opening") {
  World world;
  world.let_the_queue_drain();
  const auto before = world.http_get("/v1/cert.pem").body;
  world.post([&] { world.controller().renew_key(); });
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  CHECK(world.ask_until([&] { return world.http_get("/v1/cert.pem").body != before; }));
  world.let_the_queue_drain();
}

TEST_CASE("a newest key that is older than the cutoff is followed by one new key") {
  World::Settings settings;
  settings.options.key_cutoff_time = parse_rfc3339("2126-01-01T00:00:00Z").value();
  World world(settings);
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  world.let_the_queue_drain();
  CHECK(key_count(world) == 2);
}

}  // namespace bulla::test
