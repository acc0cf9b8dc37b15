// SPDX-License-Identifier: Apache-2.0
//
// One object costs a bounded number of private-key operations, and none once it has lost its point.
#include <doctest/doctest.h>

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

}  // namespace bulla::test
