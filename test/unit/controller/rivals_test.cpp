// SPDX-License-Identifier: Apache-2.0
//
// Two controllers in one cluster never make each other work: counted over a minute in private-key
// operations and in writes to the API server.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "base/secret.hpp"
#include "controller/key_secret.hpp"
#include "crypto/envelope.hpp"
#include "json_text.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

using std::chrono::seconds;

/// A key pair that a test hands to controllers.
struct KeyPair {
  PrivateKey key = PrivateKey::generate(2048).value();
  Certificate certificate =
      Certificate::self_signed(
          key, {"", parse_rfc3339("2026-01-01T00:00:00Z").value(), std::chrono::hours(87600)})
          .value();

  [[nodiscard]] Json in_namespace(const std::string& ns, std::string_view name) const {
    bulla::Options options;
    options.own_namespace = ns;
    Json secret = make_key_secret(key, certificate, options, "key-");
    secret.at("metadata").as_object().erase("generateName");
    secret.at("metadata").as_object()["name"] = name;
    return secret;
  }
};

/// n/NAME, cluster-wide, for `key`.
Json sealed_for(const KeyPair& key, std::string_view name) {
  Json object = good_object("n", name);
  object.at("spec").as_object()["encryptedData"] =
      JsonObject{{"foo", seal_item(as_bytes("bar"), key.key.public_key(), "").value()}};
  return object;
}

World::Settings settings_at(const std::atomic<std::chrono::seconds>& passed) {
  World::Settings settings;
  settings.start = false;
  settings.recorded_key = false;
  settings.server.more_users = {{"token-one", "one"}, {"token-two", "two"}};
  settings.timing.drift_wait = seconds(1);
  // Far ahead of the machine's clock: nothing comes due but by tick().
  const auto start = std::chrono::steady_clock::now() + std::chrono::hours(1000);
  settings.timing.now = [&passed, start] { return start + passed.load(); };
  return settings;
}

/// A controller in "kube-system" and one in "n2", each with keys of its own, at a clock that stands
/// still until tick().
struct Rivals {
  std::atomic<std::chrono::seconds> passed{seconds(0)};
  World world{settings_at(passed)};
  KeyPair only_one, only_two, both;
  std::unique_ptr<Replica> one, two;
  int ticks = 0;

  Rivals() {
    world.server.put(only_one.in_namespace("kube-system", "only-one"));
    world.server.put(both.in_namespace("kube-system", "both"));
    world.server.put(only_two.in_namespace("n2", "only-two"));
    world.server.put(both.in_namespace("n2", "both"));
    one = world.another("token-one");
    two = world.another("token-two", "n2");
    for (const auto* replica : {one.get(), two.get()})
      REQUIRE(World::ask_until([&] { return replica->get("/readyz").status == 200; }));
  }

  /// Until both have had a look at something that was queued after all that was due.
  void let_both_work() {
    const auto name = "tick" + std::to_string(ticks++);
    Json object = good_object("ticks", name);
    object.at("spec").as_object()["encryptedData"] = JsonObject{{"foo", "no envelope"}};
    world.apply(object);
    for (const auto* user : {"one", "two"}) {
      REQUIRE(world.server.wait_for([&] {
        return world.server.count_requests(
                   {.verb = "get", .resource = "sealedsecrets", .name = name, .user = user}) > 0;
      }));
    }
  }
  void tick() {
    passed = passed.load() + seconds(1);
    let_both_work();
  }

  [[nodiscard]] std::size_t writes(const std::string& user) const {
    std::size_t count = 0;
    for (const auto& request : world.server.requests()) {
      const bool event = request.resource == "events";
      if (request.user == user && request.ns == "n" && request.is_write() && !event) ++count;
    }
    return count;
  }
  /// The first look of each is over: its status is written.
  [[nodiscard]] bool both_have_told() const {
    return std::ranges::all_of(std::array{"one", "two"}, [this](const auto* user) {
      return world.server.count_requests(
                 {.verb = "update", .resource = "sealedsecrets/status", .ns = "n", .user = user}) >
             0;
    });
  }
  [[nodiscard]] std::ptrdiff_t told(std::string_view rival) const {
    const auto events = world.events("n");
    return std::ranges::count_if(events, [&](const std::string& event) {
      return event.find(
                 "written by something else again and again (field manager "
                 "\"sealed-secrets-controller." +
                 std::string(rival) + "\")") != std::string::npos;
    });
  }
};

}  // namespace

TEST_CASE("two controllers that disagree about an object don't make each other work") {
  Rivals rivals;
  bool opens = true;
  Json object;
  SUBCASE("the first can open it") { object = sealed_for(rivals.only_one, "s"); }
  SUBCASE("the second can open it") { object = sealed_for(rivals.only_two, "s"); }
  SUBCASE("neither can, and they hold different numbers of keys") {
    rivals.world.server.put(KeyPair().in_namespace("n2", "one-more"));
    REQUIRE(World::ask_until([&] {
      return rivals.two->metrics().find("sealed_secrets_controller_keys{state=\"active\"} 3") !=
             std::string::npos;
    }));
    object = sealed_for(KeyPair(), "s");
    opens = false;
  }
  rivals.world.apply(object);
  REQUIRE(rivals.world.server.wait_for([&] { return rivals.both_have_told(); }));
  const auto spent = private_key_operations();
  for (int second = 0; second < 60; ++second) rivals.tick();

  CHECK(rivals.world.has_secret("n", "s") == opens);
  CHECK(private_key_operations() == spent);
  for (const auto* user : {"one", "two"}) {
    CAPTURE(user);
    CHECK(rivals.writes(user) >= 2);
    CHECK(rivals.writes(user) <= 10);
  }
  const auto both_told = [&] { return rivals.told("n2") > 0 && rivals.told("kube-system") > 0; };
  CHECK(rivals.world.server.wait_for(both_told));
  for (int minute = 0; minute < 10; ++minute) {
    rivals.passed = rivals.passed.load() + seconds(60);
    rivals.let_both_work();
  }
  CHECK(rivals.told("n2") == 1);
  CHECK(rivals.told("kube-system") == 1);
  CHECK(private_key_operations() == spent);
}

TEST_CASE("two controllers that agree about an object leave it alone") {
  Rivals rivals;
  rivals.world.apply(sealed_for(rivals.both, "s"));
  REQUIRE(rivals.world.wait_for_condition("n", "s", "True"));
  for (int second = 0; second < 60; ++second) rivals.tick();
  const auto writes = rivals.writes("one") + rivals.writes("two");
  CHECK(writes <= 8);
  for (int minute = 0; minute < 10; ++minute) {
    rivals.passed = rivals.passed.load() + seconds(60);
    rivals.let_both_work();
  }
  CHECK(rivals.writes("one") + rivals.writes("two") == writes);
  CHECK(rivals.told("n2") == 0);
  CHECK(rivals.told("kube-system") == 0);
}

TEST_CASE("a first start opens each object once") {
  World::Settings settings;
  settings.start = false;
  World world(settings);
  constexpr std::size_t count = 60;
  for (std::size_t i = 0; i < count; ++i) world.apply(good_object("n", "s" + std::to_string(i)));
  const auto before = private_key_operations();
  world.start();
  world.wait_until_it_watches();
  for (std::size_t i = 0; i < count; ++i)
    REQUIRE(world.wait_for_condition("n", "s" + std::to_string(i), "True"));
  world.let_the_queue_drain();
  CHECK(private_key_operations() - before == count + 1);  // and the queue's marker
}

}  // namespace bulla::test
