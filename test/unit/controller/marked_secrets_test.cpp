// SPDX-License-Identifier: Apache-2.0
//
// Labels and annotations that the flags put on every Secret.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "crypto/envelope.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

using Pairs = std::map<std::string, std::string>;

const FaultMatch secret_updates{.verb = "update", .resource = "secrets", .ns = "n"};

World::Settings marking(const Pairs& labels, const Pairs& annotations = {}) {
  World::Settings settings;
  settings.options.additional_metadata = {labels, annotations};
  return settings;
}

/// The same object with labels in its template.
Json labelled(Json object, const JsonObject& labels) {
  object.at("spec").at("template").at("metadata").as_object()["labels"] = labels;
  return object;
}

Pairs labels_of(const World& world, std::string_view name, std::string_view field = "labels") {
  Pairs pairs;
  const auto secret = world.server.get("secrets", "n", name);
  const Json* map = secret ? find(*secret, "metadata." + std::string(field)) : nullptr;
  if (map == nullptr) return pairs;
  for (const auto& [key, value] : map->as_object()) pairs.emplace(key, value.as_string());
  return pairs;
}

void restart(World& world, const Pairs& labels) {
  world.let_the_queue_drain();
  world.stop();
  world.change_options([&](auto& options) { options.additional_metadata.labels = labels; });
  world.server.forget_requests();
  world.start();
  world.wait_until_it_watches();
  world.let_the_queue_drain();
}

void open(World& world, const Json& object) {
  world.apply(object);
  REQUIRE(world.wait_for_condition("n", text_at(object, "metadata.name"), "True"));
}

}  // namespace

TEST_CASE("every Secret that is made gets the labels and annotations of the flags") {
  World world(marking({{"team", "a"}, {"tier", "1"}}, {{"note", "x"}}));
  open(world, good_object("n", "plain"));
  CHECK(labels_of(world, "plain") == Pairs{{"team", "a"}, {"tier", "1"}});
  CHECK(labels_of(world, "plain", "annotations").at("note") == "x");
  open(world, labelled(good_object("n", "own"), {{"team", "mine"}}));
  CHECK(labels_of(world, "own") == Pairs{{"team", "mine"}, {"tier", "1"}});

  // What takes them off, or changes them, is put right, as all else is.
  world.let_the_queue_drain();
  world.edit("secrets", "n", "plain", [](JsonObject& secret) {
    secret["metadata"].as_object()["labels"] = {{"team", "other"}};
  });
  CHECK(world.server.wait_for([&] { return labels_of(world, "plain").at("team") == "a"; }));
}

TEST_CASE("existing Secrets follow changed flags after a restart, and nothing is opened for it") {
  World world;
  open(world, good_object("n", "plain"));
  open(world, labelled(good_object("n", "own"), {{"team", "mine"}}));
  REQUIRE(world.server.wait_for([&] { return world.events("n").size() == 2; }));
  const auto events = world.events("n");

  const auto before = private_key_operations();
  restart(world, {{"team", "a"}, {"tier", "1"}});
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "plain").contains("tier"); }));
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "own").contains("tier"); }));
  CHECK(labels_of(world, "plain") == Pairs{{"team", "a"}, {"tier", "1"}});
  CHECK(labels_of(world, "own") == Pairs{{"team", "mine"}, {"tier", "1"}});

  restart(world, {{"tier", "2"}});
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "own").at("tier") == "2"; }));
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "plain").at("tier") == "2"; }));
  CHECK(labels_of(world, "plain") == Pairs{{"tier", "2"}});

  restart(world, {});
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "plain").empty(); }));
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "own").size() == 1; }));
  CHECK(labels_of(world, "own") == Pairs{{"team", "mine"}});
  CHECK(world.condition("n", "plain") == "True: ");
  CHECK(world.events("n") == events);
  constexpr std::uint64_t markers = 6;  // what let_the_queue_drain() puts in, twice a restart
  CHECK(private_key_operations() - before == markers);
}

TEST_CASE("flags that stay the same cost nothing at a restart") {
  World world(marking({{"team", "a"}}));
  open(world, good_object("n", "plain"));
  restart(world, {{"team", "a"}});
  CHECK(world.server.count_requests({.ns = "n"}) == 0);
  restart(world, {{"team", "b"}});
  REQUIRE(world.server.wait_for([&] { return labels_of(world, "plain").at("team") == "b"; }));
  CHECK(world.server.count_requests(secret_updates) == 1);
  restart(world, {{"team", "b"}});
  CHECK(world.server.count_requests({.ns = "n"}) == 0);
}

TEST_CASE("flags that change nothing on a Secret write nothing to it") {
  World world;
  open(world, labelled(good_object("n", "own"), {{"team", "mine"}}));
  const auto before = *world.server.get("secrets", "n", "own");
  restart(world, {{"team", "a"}});
  CHECK(world.server.count_requests(secret_updates) == 0);
  CHECK(*world.server.get("secrets", "n", "own") == before);
  restart(world, {{"team", "a"}});
  CHECK(world.server.count_requests({.ns = "n"}) == 0);
}

TEST_CASE("a Secret that is only added to, or was left without an owner, is not marked") {
  World world(marking({{"team", "a"}}));
  Json theirs =
      world.server.put({{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata",
                         {{"name", "patched"},
                          {"namespace", "n"},
                          {"annotations", {{"sealedsecrets.bitnami.com/patch", "true"}}}}},
                        {"type", "Opaque"}});
  open(world, good_object("n", "patched"));
  CHECK(labels_of(world, "patched").empty());

  Json ownerless = good_object("n", "ownerless");
  ownerless.at("spec").at("template").at("metadata").as_object()["annotations"] = {
      {"sealedsecrets.bitnami.com/skip-set-owner-references", "true"}};
  open(world, ownerless);
  CHECK(labels_of(world, "ownerless") == Pairs{{"team", "a"}});  // it was made, like all others
  restart(world, {{"team", "b"}});
  CHECK(world.condition("n", "ownerless") == "True: ");
  CHECK(labels_of(world, "ownerless") == Pairs{{"team", "a"}});
}

TEST_CASE("a Secret that changed besides is opened, and has all") {
  World world;
  open(world, good_object("n", "plain"));
  world.let_the_queue_drain();
  world.stop();
  world.edit("secrets", "n", "plain",
             [](JsonObject& secret) { secret["data"].as_object()["foo"] = "eHl6"; });
  world.change_options([](auto& options) { options.additional_metadata.labels = {{"a", "b"}}; });
  world.start();
  CHECK(world.server.wait_for([&] { return labels_of(world, "plain") == Pairs{{"a", "b"}}; }));
  CHECK(text_at(*world.server.get("secrets", "n", "plain"), "data.foo") == "YmFy");
}

}  // namespace bulla::test
