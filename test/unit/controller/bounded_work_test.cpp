// SPDX-License-Identifier: Apache-2.0
//
// One object costs a bounded number of private-key operations, and none once it has lost its point.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "controller/key_secret.hpp"
#include "crypto/envelope.hpp"
#include "json_text.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

/// An item for the recorded key, in base64, sealed under `label`.
std::string sealed_under(std::string_view label) {
  static const auto key = parse_key_secret(controller_json("key-secret.json"), {}).value();
  return seal_item(as_bytes("value"), key.key.public_key(), label).value();
}

/// n/NAME, strict, of `count` items that were sealed under `label`.
Json object_with_items(std::size_t count, std::string_view label, std::string_view name = "s") {
  Json object = good_object("n", name);
  object.at("metadata").as_object().erase("annotations");
  JsonObject items;
  const auto item = sealed_under(label);
  for (std::size_t i = 0; i < count; ++i) items["i" + std::to_string(i)] = item;
  object.at("spec").as_object()["encryptedData"] = std::move(items);
  return object;
}

/// As many items of the recorded key as fit into an object of 1.5 MB.
constexpr std::size_t many = 2100;

}  // namespace

TEST_CASE("many items that don't open cost what a hundred of them cost, and an explanation") {
  World world;
  world.let_the_queue_drain();
  const auto before = private_key_operations();
  world.apply(object_with_items(many, "elsewhere/s"));
  REQUIRE(world.wait_for_condition("n", "s", "False: no key could decrypt secret (i0)"));
  const auto spent = private_key_operations() - before;
  CHECK(spent >= limits::closed_items_max);
  CHECK(spent <= limits::closed_items_max + limits::explain_operations_max);
  CHECK(world.condition("n", "s").size() <= limits::status_message_bytes_max + 10);
}

TEST_CASE("opening ends when the object is deleted, or changed, or the controller stops") {
  World world;
  world.let_the_queue_drain();
  const auto before = private_key_operations();
  const auto spent = [&] { return private_key_operations() - before; };
  world.apply(object_with_items(many, "n/s"));
  REQUIRE(World::ask_until([&] { return spent() > 5; }));
  SUBCASE("deleted") {
    world.server.remove("sealedsecrets", "n", "s");
    world.let_the_queue_drain();
    CHECK_FALSE(world.has_secret("n", "s"));
  }
  SUBCASE("changed") {
    world.apply(good_object("n", "s"));
    CHECK(world.wait_for_condition("n", "s", "True"));
    CHECK(text_at(*world.server.get("secrets", "n", "s"), "data.foo") == "YmFy");
  }
  world.stop();
  CHECK(spent() < many);
}

TEST_CASE("another namespace's object is opened while large ones of one namespace are") {
  World world;
  world.let_the_queue_drain();
  const auto before = private_key_operations();
  world.apply(object_with_items(many, "n/large1", "large1"));
  world.apply(object_with_items(many, "n/large2", "large2"));
  REQUIRE(World::ask_until([&] { return private_key_operations() - before > 80; }));
  world.apply(good_object("other", "s"));
  CHECK(world.wait_for_condition("other", "s", "True"));
  CHECK(world.condition("n", "large1").empty());
  CHECK(world.condition("n", "large2").empty());
  CHECK(private_key_operations() - before < many);
}

TEST_CASE("another namespace's object is opened before many bad ones of one namespace are told") {
  World world;
  world.let_the_queue_drain();
  constexpr std::size_t bad = 100;
  const auto told = [&] {
    std::size_t count = 0;
    for (std::size_t i = 0; i < bad; ++i) {
      if (!world.condition("n", "bad" + std::to_string(i)).empty()) ++count;
    }
    return count;
  };
  for (std::size_t i = 0; i < bad; ++i)
    world.apply(object_with_items(1, "elsewhere/s", "bad" + std::to_string(i)));
  world.apply(good_object("other", "s"));
  CHECK(world.wait_for_condition("other", "s", "True"));
  CHECK(told() < bad / 2);
  CHECK(world.server.wait_for([&] { return told() == bad; }));
}

TEST_CASE("a namespace that is being terminated is left alone until it lives") {
  World::Settings settings;
  std::atomic<std::chrono::seconds> passed{std::chrono::seconds(0)};
  const auto start = std::chrono::steady_clock::now() + std::chrono::hours(1000);
  settings.timing.now = [&] { return start + passed.load(); };
  settings.timing.going_wait = std::chrono::seconds(5);
  World world(settings);
  constexpr std::size_t count = 60;
  const auto name = [](std::size_t i) { return "s" + std::to_string(i); };
  const auto all_open = [&] {
    return world.server.wait_for([&] { return world.server.list("secrets", "n").size() == count; });
  };
  for (std::size_t i = 0; i < count; ++i) world.apply(good_object("n", name(i)));
  REQUIRE(all_open());
  for (std::size_t i = 0; i < count; ++i) REQUIRE(world.wait_for_condition("n", name(i), "True"));
  world.let_the_queue_drain();

  world.edit("namespaces", "", "n", [](JsonObject& namespace_) {
    namespace_["metadata"].as_object()["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  });
  world.server.forget_requests();
  const auto before = private_key_operations();
  const auto refused = [&] {
    return world.server.count_requests({.verb = "create", .resource = "secrets", .ns = "n"});
  };
  world.server.remove("secrets", "n", name(0));
  REQUIRE(world.server.wait_for([&] { return refused() == 1; }));
  world.let_the_queue_drain();
  for (std::size_t i = 1; i < count; ++i) world.server.remove("secrets", "n", name(i));
  world.let_the_queue_drain();
  for (int second = 0; second < 120; ++second) {
    passed = passed.load() + std::chrono::seconds(1);
    if (second % 10 == 0) world.let_the_queue_drain();
  }
  CHECK(refused() == 1);
  constexpr std::size_t markers = 14;
  CHECK(private_key_operations() - before == 1 + markers);
  const auto looks = world.server.count_requests({.verb = "get", .resource = "namespaces"});
  CHECK(looks >= 2);
  CHECK(looks <= 6);
  CHECK(world.metrics().find("unseal_errors_total{namespace=\"n\"") == std::string::npos);

  SUBCASE("its objects are opened when a look shows that it lives") {
    world.edit("namespaces", "", "n", [](JsonObject& namespace_) {
      namespace_["metadata"].as_object().erase("deletionTimestamp");
    });
    passed = passed.load() + std::chrono::minutes(2);
    world.let_the_queue_drain();
    passed = passed.load() + std::chrono::minutes(2);
    world.let_the_queue_drain();
    CHECK(all_open());
  }
  SUBCASE("a namespace of the same name is looked at when something comes there") {
    for (std::size_t i = 0; i < count; ++i) world.server.remove("sealedsecrets", "n", name(i));
    world.edit("namespaces", "", "n", [](JsonObject& namespace_) {
      namespace_["metadata"].as_object().erase("deletionTimestamp");
    });
    world.apply(good_object("n", "new"));
    CHECK(world.wait_for_condition("n", "new", "True"));
  }
}

}  // namespace bulla::test
