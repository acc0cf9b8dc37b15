// SPDX-License-Identifier: Apache-2.0
//
// Sealing keys that are replaced, deleted, retired, or gone with a restore of etcd: nothing that
// depends on them is lost without a word, and what is given up stays so.
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "newer_store.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr std::string_view recorded_name = "sealed-secrets-keyt8ggd";
constexpr std::string_view label = "sealedsecrets.bitnami.com/sealed-secrets-key";

const FaultMatch creates{.verb = "create", .resource = "secrets", .ns = "kube-system"};

void open(World& world, std::string_view ns) {
  world.apply(good_object(ns, "s"));
  REQUIRE(world.wait_for_condition(ns, "s", "True"));
}

/// A key Secret of a pair that nobody has seen.
Json new_key(std::string_view name) {
  const auto key = PrivateKey::generate(2048).value();
  const auto from = parse_rfc3339("2026-11-24T00:00:00Z").value();
  const auto certificate = Certificate::self_signed(key, {"", from, std::chrono::hours(24)});
  bulla::Options options;
  options.own_namespace = "kube-system";
  return make_key_secret(key, certificate.value(), options, std::string(name));
}

/// As cert-manager writes another pair over the old one.
void replace_recorded_key(World& world) {
  const auto data = new_key("x").at("data");
  world.edit("secrets", "kube-system", recorded_name, [&](JsonObject& secret) {
    secret["data"].as_object()["tls.crt"] = data.at("tls.crt").as_string();
    secret["data"].as_object()["tls.key"] = data.at("tls.key").as_string();
  });
}

void relabel(World& world, std::string_view name, std::string_view value) {
  world.edit("secrets", "kube-system", name, [&](JsonObject& secret) {
    secret["metadata"].as_object()["labels"].as_object()[label] = value;
  });
}

bool has_metric(const World& world, std::string_view line) {
  return world.metrics().find(line) != std::string::npos;
}

std::string name_of_lost(const World& world) {
  const auto lost = world.lost_key_secrets();
  REQUIRE(lost.size() == 1);
  return text_at(lost.at(0), "metadata.name");
}

bool holds_recorded_key(const Json& secret) {
  const auto recorded =
      parse_key_secret(controller_json("key-secret.json"), KeyOrder::certificate_not_before);
  return holds_key(secret, recorded->key.fingerprint());
}

bool has_event(const World& world, std::string_view start, std::string_view about) {
  for (const Json& event : world.server.list("events", "kube-system")) {
    if (text_at(event, "reason") == start && text_at(event, "involvedObject.name") == about)
      return true;
  }
  return false;
}

std::string operations(const World& world) {
  const auto text = world.metrics();
  const std::string name = "\nsealed_secrets_controller_private_key_operations_total ";
  const auto at = text.find(name);
  REQUIRE(at != std::string::npos);
  return text.substr(at, text.find('\n', at + 1) - at);
}

/// The Secret of an object comes back only by opening it.
void lose_the_secret(World& world, std::string_view ns) {
  REQUIRE(world.server.remove("secrets", ns, "s"));
}

}  // namespace

TEST_CASE("a key that is deleted is kept for what depends on it, and for nothing else") {
  World world;
  open(world, "old");
  world.let_the_queue_drain();
  const auto served = world.http_get("/v1/cert.pem").body;
  const auto fingerprint =
      parse_key_secret(controller_json("key-secret.json"), KeyOrder::certificate_not_before)
          ->key.fingerprint();
  world.server.remove("secrets", "kube-system", recorded_name);

  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  const auto kept = world.lost_key_secrets().at(0);
  const auto name = text_at(kept, "metadata.name");
  CHECK(name.starts_with(std::string(recorded_name) + "-lost-"));
  CHECK(text_at(kept, "type") == "kubernetes.io/tls");
  CHECK(parse_key_secret(kept, KeyOrder::certificate_not_before).has_value());
  CHECK(holds_recorded_key(kept));
  CHECK(world.server.wait_for([&] { return has_event(world, "KeyLost", name); }));
  CHECK(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 1\n"); }));
  CHECK(has_metric(world, "_keys{state=\"retired\"} 0\n"));
  CHECK(has_metric(world, "_key_dependents{fingerprint=\"" + fingerprint + "\",secret=\"\"} 2\n"));

  // What it opened before.
  lose_the_secret(world, "old");
  CHECK(world.server.wait_for([&] { return world.has_secret("old", "s"); }));
  // Nothing new, also under a name that it had opened; and it is not served.
  world.apply(good_object("new", "s"));
  CHECK(world.wait_for_condition("new", "s", "False: no key could decrypt secret (foo)"));
  world.server.remove("sealedsecrets", "old", "s");
  world.apply(good_object("old", "s"));
  CHECK(world.wait_for_condition("old", "s", "False: no key could decrypt secret (foo)"));
  CHECK(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  CHECK(world.http_get("/v1/cert.pem").body != served);
  CHECK(world.http_post("/v1/verify", boost::json::serialize(good_object("old", "s"))).status ==
        409);
  // One write for the new key, one for the lost one.
  CHECK(world.server.count_requests(creates) == 2);
}

TEST_CASE("a lost key is put back by its label") {
  World world;
  open(world, "old");
  world.server.remove("secrets", "kube-system", recorded_name);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  world.apply(good_object("new", "s"));
  REQUIRE(world.wait_for_condition("new", "s", "False: no key could decrypt secret (foo)"));
  relabel(world, name_of_lost(world), "active");
  CHECK(world.wait_for_condition("new", "s", "True"));
  CHECK(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 0\n"); }));
  CHECK(world.lost_key_secrets().empty());
}

TEST_CASE("a lost key that is deleted, too, opens nothing any more, and does not come back") {
  World world;
  open(world, "old");
  world.server.remove("secrets", "kube-system", recorded_name);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  REQUIRE(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 1\n"); }));
  world.server.remove("secrets", "kube-system", name_of_lost(world));
  REQUIRE(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 0\n"); }));
  lose_the_secret(world, "old");
  CHECK(world.wait_for_condition("old", "s", "False: no key could decrypt secret (foo)"));
  REQUIRE(world.server.wait_for([&] { return world.key_secrets().size() == 1; }));
  CHECK(world.lost_key_secrets().empty());
  CHECK(world.server.count_requests(creates) == 2);  // a new one, and the lost one: once
}

TEST_CASE("a key that is replaced in its Secret is kept while objects depend on it") {
  World world;
  open(world, "old");
  world.let_the_queue_drain();
  const auto before = operations(world);
  replace_recorded_key(world);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  CHECK(holds_recorded_key(world.lost_key_secrets().at(0)));
  CHECK(world.server.wait_for([&] { return has_event(world, "KeyLost", recorded_name); }));
  CHECK(world.server.wait_for([&] { return has_event(world, "KeyLost", name_of_lost(world)); }));
  // One write, and no work with any key.
  CHECK(world.server.count_requests(creates) == 1);
  CHECK(operations(world) == before);
  lose_the_secret(world, "old");
  CHECK(world.server.wait_for([&] { return world.has_secret("old", "s"); }));
}

TEST_CASE("a key whose Secret is overwritten with something else is kept, too") {
  World world;
  open(world, "old");
  world.edit("secrets", "kube-system", recorded_name,
             [&](JsonObject& secret) { secret["data"].as_object()["tls.key"] = "aGVsbG8="; });
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  CHECK(holds_recorded_key(world.lost_key_secrets().at(0)));
}

TEST_CASE("a retired key is told while objects depend on it, and opens nothing") {
  World world;
  open(world, "old");
  relabel(world, recorded_name, "compromised");
  CHECK(world.server.wait_for([&] { return has_event(world, "KeyOutOfUse", recorded_name); }));
  CHECK(world.lost_key_secrets().empty());
  lose_the_secret(world, "old");
  CHECK(world.wait_for_condition("old", "s", "False: no key could decrypt secret (foo)"));
  CHECK(has_metric(world, "_keys{state=\"lost\"} 0\n"));
}

TEST_CASE("an old key that nothing depends on goes when it is deleted") {
  World world;
  world.post([&] { world.controller().renew_key(); });
  REQUIRE(world.server.wait_for([&] { return world.key_secrets().size() == 2; }));
  REQUIRE(world.ask_until([&] { return has_metric(world, "_keys{state=\"active\"} 2\n"); }));
  world.server.remove("secrets", "kube-system", recorded_name);
  REQUIRE(world.ask_until([&] { return has_metric(world, "_keys{state=\"active\"} 1\n"); }));
  CHECK(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 0\n"); }));
  CHECK(world.lost_key_secrets().empty());
  CHECK(world.server.count_requests(creates) == 1);
}

TEST_CASE("the newest key is kept though nothing depends on it yet: it was served") {
  World world;
  replace_recorded_key(world);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  CHECK(holds_recorded_key(world.lost_key_secrets().at(0)));
}

TEST_CASE(
    "keys that went with a restore of etcd are kept, whether or not anything depends on them") {
  World::Settings settings;
  settings.quick_election = true;
  World world(settings);
  world.let_the_queue_drain();
  const auto before = world.http_get("/v1/cert.pem").body;
  const auto then = world.server.take_snapshot();
  for (std::size_t keys = 2; keys <= 3; ++keys) {
    world.post([&] { world.controller().renew_key(); });
    REQUIRE(world.server.wait_for([&] { return world.key_secrets().size() == keys; }));
    REQUIRE(world.ask_until([&] {
      return has_metric(world, "_keys{state=\"active\"} " + std::to_string(keys) + "\n");
    }));
  }
  make_store_newer(world);

  world.server.restore(*then);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 2; }));
  CHECK(world.http_get("/v1/cert.pem").body == before);
  CHECK(world.key_secrets().size() == 1);

  // A second restore takes what was kept, too.
  CHECK(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 2\n"); }));
  make_store_newer(world);
  world.server.restore(*then);
  CHECK(world.server.wait_for([&] { return world.lost_key_secrets().size() == 2; }));
}

TEST_CASE(
    "a key that is missing when watches are refused (etcd restored with --bump-revision) is kept") {
  World world;
  world.post([&] { world.controller().renew_key(); });
  REQUIRE(world.server.wait_for([&] { return world.key_secrets().size() == 2; }));
  REQUIRE(world.ask_until([&] { return has_metric(world, "_keys{state=\"active\"} 2\n"); }));
  world.server.stop();
  world.server.remove("secrets", "kube-system", recorded_name);
  world.server.compact();
  world.server.restart();
  CHECK(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
}

TEST_CASE("after a restart a lost key still opens what it has opened") {
  World world;
  open(world, "old");
  world.server.remove("secrets", "kube-system", recorded_name);
  REQUIRE(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  world.stop();
  lose_the_secret(world, "old");
  world.start();
  CHECK(world.server.wait_for([&] { return world.has_secret("old", "s"); }));
  world.apply(good_object("new", "s"));
  CHECK(world.wait_for_condition("new", "s", "False: no key could decrypt secret (foo)"));
}

TEST_CASE("what could not be stored is stored later, by whoever leads then") {
  World::Settings settings;
  settings.quick_election = true;
  World world(settings);
  open(world, "old");
  auto refused = Fault::error(500, creates);
  refused.count = Fault::forever;
  SUBCASE("the same one") {
    const auto id = world.server.inject(refused);
    replace_recorded_key(world);
    REQUIRE(world.server.wait_for([&] { return world.server.count_requests(creates) >= 1; }));
    lose_the_secret(world, "old");
    CHECK(world.server.wait_for([&] { return world.has_secret("old", "s"); }));
    world.server.clear_fault(id);
    CHECK(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  }
  SUBCASE("another one") {
    const auto stands_by = world.another();
    REQUIRE(world.ask_until([&] {
      return stands_by->metrics().find("_keys{state=\"active\"} 1\n") != std::string::npos;
    }));
    world.server.inject(refused);
    replace_recorded_key(world);
    REQUIRE(world.server.wait_for([&] { return world.server.count_requests(creates) >= 1; }));
    REQUIRE(world.ask_until([&] {
      return stands_by->metrics().find("_keys{state=\"lost\"} 1\n") != std::string::npos;
    }));
    world.stop();
    world.server.clear_faults();
    CHECK(world.server.wait_for([&] { return world.lost_key_secrets().size() == 1; }));
  }
}

TEST_CASE("a Secret made from a SealedSecret is no lost key") {
  World world;
  Json forged = new_key("forged");
  forged.at("metadata").at("labels").as_object()[label] = "lost";
  Json real = forged;
  real.at("data") = new_key("real").at("data");
  real.at("metadata").as_object()["name"] = "real";
  forged.at("metadata").as_object()["annotations"] = {
      {"sealedsecrets.bitnami.com/managed", "true"}};
  world.server.put(forged);
  world.server.put(real);
  CHECK(world.ask_until([&] { return has_metric(world, "_keys{state=\"lost\"} 1\n"); }));
}

TEST_CASE("an object that did not open is counted among those that depend on an unknown key") {
  World world;
  open(world, "n");
  constexpr auto unknown = "key_dependents{fingerprint=\"unknown\",secret=\"unknown\"} ";
  CHECK(world.ask_until([&] { return has_metric(world, unknown + std::string("0\n")); }));
  Json closed = good_object("n", "closed");
  closed.at("metadata").as_object().erase("annotations");  // another scope
  world.apply(closed);
  REQUIRE(world.wait_for_condition("n", "closed", "False"));
  CHECK(world.ask_until([&] { return has_metric(world, unknown + std::string("1\n")); }));
  world.server.remove("sealedsecrets", "n", "closed");
  CHECK(world.ask_until([&] { return has_metric(world, unknown + std::string("0\n")); }));
}

TEST_CASE("an object whose Secret is refused depends on the key that opened it") {
  World world;
  auto refusal = Fault::error(422, {.verb = "create", .resource = "secrets", .ns = "n"});
  refusal.count = Fault::forever;
  world.server.inject(refusal);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "False"));
  CHECK(world.ask_until(
      [&] { return has_metric(world, "secret=\"sealed-secrets-keyt8ggd\"} 1\n"); }));
  CHECK(has_metric(world, "key_dependents{fingerprint=\"unknown\",secret=\"unknown\"} 0\n"));
}

}  // namespace bulla::test
