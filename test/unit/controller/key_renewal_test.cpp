// SPDX-License-Identifier: Apache-2.0
//
// When keys are added, and that replicas agree about it.
#include <doctest/doctest.h>

#include <set>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

using std::chrono::hours;

constexpr std::string_view recorded_name = "sealed-secrets-keyt8ggd";
constexpr auto period = hours(720);

std::size_t key_count(const World& world) { return world.key_secrets().size(); }

std::size_t creates(const World& world) {
  return world.server.count_requests({.verb = "create", .resource = "secrets"});
}

/// A key Secret whose certificate is valid from then on.
Json key_from(std::string_view name, std::string_view not_before) {
  const auto key = PrivateKey::generate(2048).value();
  const auto certificate =
      Certificate::self_signed(key, {"", parse_rfc3339(not_before).value(), hours(24)}).value();
  bulla::Options options;
  options.own_namespace = "kube-system";
  return make_key_secret(key, certificate, options, std::string(name));
}

}  // namespace

TEST_CASE("a key is added when the newest is as old as the period, and not before") {
  // The recorded key is of 2026-11-23T21:40:31Z.
  SetClock clock("2026-12-23T21:40:30.9Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.key_renew_period = period;
  World world(settings);
  world.let_the_queue_drain();
  CHECK(key_count(world) == 1);

  clock.set("2026-12-23T21:40:31Z");
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  world.let_the_queue_drain();
  CHECK(key_count(world) == 2);
}

TEST_CASE("renewal is off with a period of 0") {
  SetClock clock("2126-01-01T00:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  World world(settings);
  world.let_the_queue_drain();
  CHECK(key_count(world) == 1);
}

TEST_CASE("a clock that went back makes no keys") {
  SetClock clock("1970-01-01T00:00:10Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.key_renew_period = period;
  World world(settings);
  world.let_the_queue_drain();
  CHECK(key_count(world) == 1);
  CHECK(world.http_get("/v1/cert.pem").status == 200);
}

TEST_CASE("a key from the future neither serves nor holds up renewal until its time") {
  SetClock clock("2026-12-20T00:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.key_renew_period = period;
  settings.start = false;
  World world(settings);
  world.server.put(key_from("made-in-2099", "2099-01-01T00:00:00Z"));
  world.start();
  REQUIRE(world.ask_until(
      [&] { return world.metrics().find("keys{state=\"active\"} 2\n") != std::string::npos; }));
  const auto recorded = world.server.get("secrets", "kube-system", recorded_name);
  CHECK(world.http_get("/v1/cert.pem").body ==
        as_text(decode_base64(recorded->at("data").at("tls.crt").as_string()).value()));

  world.stop();
  clock.set("2026-12-24T00:00:00Z");
  world.start();
  CHECK(world.server.wait_for([&] { return key_count(world) == 3; }));
}

TEST_CASE("of keys all from the future the newest is used") {
  Keyring ring;
  const auto now = parse_rfc3339("2026-01-01T00:00:00Z").value();
  CHECK(newest_key(ring, now) == nullptr);
  (void)ring.add(
      parse_key_secret(key_from("a", "2026-01-01T00:11:00Z"), KeyOrder::certificate_not_before)
          .value());
  (void)ring.add(
      parse_key_secret(key_from("b", "2027-01-01T00:00:00Z"), KeyOrder::certificate_not_before)
          .value());
  CHECK(newest_key(ring, now) == ring.newest_first().front());
  // Clocks may differ a little.
  CHECK(newest_key(ring, now + std::chrono::minutes(1)) == ring.newest_first().back());
  CHECK(newest_key(ring, now + hours(24 * 366)) == ring.newest_first().front());
}

// Without leader election each replica takes itself for the only one.

TEST_CASE("replicas that start together without a key make one") {
  SetClock clock("2026-11-23T22:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.options.leader_elect = false;
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  const auto held =
      world.server.inject(Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets"}));
  auto both = Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets"});
  const auto held_too = world.server.inject(both);
  world.start();
  const auto second = world.another();
  REQUIRE(world.server.wait_for([&] { return creates(world) == 2; }));
  world.server.clear_fault(held);
  world.server.clear_fault(held_too);

  const auto serves = [](const Replica& replica) { return replica.get("/v1/cert.pem"); };
  REQUIRE(world.ask_until([&] { return serves(world.replica()).status == 200; }));
  REQUIRE(world.ask_until([&] { return serves(*second).status == 200; }));
  CHECK(serves(world.replica()).body == serves(*second).body);
  CHECK(key_count(world) == 1);
}

TEST_CASE("replicas that are told to renew together add one key") {
  SetClock clock("2026-11-23T22:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.options.leader_elect = false;
  World world(settings);
  const auto second = world.another();
  world.let_the_queue_drain();
  REQUIRE(world.ask_until([&] { return second->get("/v1/cert.pem").status == 200; }));
  auto hold =
      Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets", .ns = "kube-system"});
  hold.count = 2;
  const auto before = creates(world);
  const auto held = world.server.inject(hold);
  world.post([&] { world.controller().renew_key(); });
  second->post([&] { second->controller().renew_key(); });
  REQUIRE(world.server.wait_for([&] { return creates(world) == before + 2; }));
  world.server.clear_fault(held);

  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  world.let_the_queue_drain();
  CHECK(world.ask_until(
      [&] { return second->get("/v1/cert.pem").body == world.http_get("/v1/cert.pem").body; }));
  CHECK(key_count(world) == 2);

  // Each can go on alone.
  second->post([&] { second->controller().renew_key(); });
  CHECK(world.server.wait_for([&] { return key_count(world) == 3; }));
}

TEST_CASE("a name that a retired key holds is passed over") {
  World::Settings settings;
  settings.recorded_key = false;
  World world(settings);
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  const auto first = text_at(world.key_secrets().at(0), "metadata.name");
  world.edit("secrets", "kube-system", first, [](JsonObject& secret) {
    secret["metadata"].as_object()["labels"] = {
        {"sealedsecrets.bitnami.com/sealed-secrets-key", "compromised"}};
  });
  CHECK(world.server.wait_for([&] { return key_count(world) == 2; }));
}

TEST_CASE("where the own namespace can't be read, the first key's name is left to chance") {
  World::Settings settings;
  settings.recorded_key = false;
  settings.start = false;
  settings.server.seed = 1;
  World world(settings);
  world.server.inject(Fault::forbid({.verb = "get", .resource = "namespaces"}));
  world.start();
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  Keyring none;
  CHECK(text_at(world.key_secrets().at(0), "metadata.name") !=
        key_secret_name({.prefix = "sealed-secrets-key", .cluster = "", .ring = none}));
}

// A key that is lost is put back under its name, which must be free for that.

TEST_CASE("a new key never takes the name of one that was lost") {
  SetClock clock("2026-11-23T22:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  settings.recorded_key = false;
  SUBCASE("one replica leads") { settings.options.leader_elect = true; }
  SUBCASE("nothing says who leads") { settings.options.leader_elect = false; }
  World world(settings);
  std::set<std::string> lost;
  const auto lose_the_key = [&] {
    REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
    const auto key = world.key_secrets().at(0);
    const auto name = text_at(key, "metadata.name");
    CHECK_MESSAGE(lost.insert(name).second, name);
    world.server.remove("secrets", "kube-system", name);
  };
  lose_the_key();
  lose_the_key();
  lose_the_key();
  // A controller that starts anew knows nothing of them.
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  world.stop();
  lose_the_key();
  clock.set("2026-11-23T22:10:00Z");
  world.start();
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
  lose_the_key();
}

TEST_CASE("the key that follows a lost newest key has another name") {
  SetClock clock("2026-11-23T22:00:00Z");
  World::Settings settings;
  settings.clock = &clock;
  SUBCASE("one replica leads") { settings.options.leader_elect = true; }
  SUBCASE("nothing says who leads") { settings.options.leader_elect = false; }
  World world(settings);
  const auto renew = [&] {
    REQUIRE(world.server.wait_for([&] { return key_count(world) == 1; }));
    REQUIRE(world.ask_until(
        [&] { return world.metrics().find("keys{state=\"active\"} 1\n") != std::string::npos; }));
    world.post([&] { world.controller().renew_key(); });
    REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
    for (const auto& secret : world.key_secrets()) {
      if (text_at(secret, "metadata.name") != recorded_name)
        return text_at(secret, "metadata.name");
    }
    return std::string();
  };
  const auto first = renew();
  world.server.remove("secrets", "kube-system", first);
  CHECK(renew() != first);
}

TEST_CASE(
    "names of key Secrets look as ever, and depend on cluster, keys, time and attempt alone") {
  Keyring none;
  Keyring one;
  (void)one.add(
      parse_key_secret(key_from("a", "2026-01-01T00:00:00Z"), KeyOrder::certificate_not_before)
          .value());
  std::set<std::string> names;
  for (const auto* ring : {&none, &one}) {
    for (const auto* cluster : {"uid-1", "uid-2"}) {
      for (const auto* time : {"2026-01-02T00:00:00Z", "2026-01-02T00:10:00Z"}) {
        for (const unsigned attempt : {0U, 1U}) {
          const auto made_at = parse_rfc3339(time).value();
          KeyNameSeed seed{"sealed-secrets-key", cluster, *ring, made_at, attempt};
          const auto name = key_secret_name(seed);
          seed.time += std::chrono::minutes(9);  // replicas are not all as fast
          CHECK(name == key_secret_name(seed));
          CHECK(name.size() == recorded_name.size());
          CHECK(name.starts_with("sealed-secrets-key"));
          names.insert(name);
        }
      }
    }
  }
  CHECK(names.size() == 16);
}

TEST_CASE("random names of key Secrets look like the others, and are another one each time") {
  std::set<std::string> names;
  for (int i = 0; i < 20; ++i) {
    const auto name = random_key_secret_name("sealed-secrets-key");
    CHECK(name.size() == recorded_name.size());
    CHECK(name.starts_with("sealed-secrets-key"));
    names.insert(name);
  }
  CHECK(names.size() == 20);
}

TEST_CASE("the age of the key that is sealed with is a metric") {
  SetClock clock("2026-11-23T21:41:31Z");
  World::Settings settings;
  settings.clock = &clock;
  World world(settings);
  CHECK(world.ask_until([&] {
    return world.metrics().find("sealed_secrets_controller_newest_key_age_seconds 60\n") !=
           std::string::npos;
  }));
}

}  // namespace bulla::test
