// SPDX-License-Identifier: Apache-2.0
//
// The recorded scenarios of the reference (test/data/controller), played against ours: the same
// Secrets, status and Events, but where ours deliberately does better.
#include <doctest/doctest.h>

#include "world.hpp"

namespace bulla::test {

namespace {

using Lines = std::vector<std::string>;

constexpr auto unsealed = "Normal Unsealed x1: SealedSecret unsealed successfully";

/// The recorded Secrets after step `index`.
std::vector<Json> recorded_secrets(const Json& scenario, std::size_t index) {
  const auto& secrets = scenario.at("snapshots").at(index).at("secrets").as_array();
  return {secrets.begin(), secrets.end()};
}

/// The recorded Synced condition of the one object, as World::condition() writes it.
std::string recorded_condition(const Json& scenario, std::size_t index) {
  const Json& one = scenario.at("snapshots").at(index).at("status").at(0).at("conditions").at(0);
  return text_at(one, "status") + ": " + text_at(one, "message");
}

std::string recorded_event(const Json& scenario, std::size_t snapshot, std::size_t index) {
  const Json& event = scenario.at("snapshots").at(snapshot).at("events").at(index);
  return text_at(event, "type") + " " + text_at(event, "reason") +
         " x1: " + text_at(event, "message");
}

}  // namespace

TEST_CASE("01: an object is opened, updated, its Secret recreated and collected") {
  World world;
  const Json recorded = scenario("01-create-update-recreate");
  world.apply(step_of(recorded, 0));
  REQUIRE(world.wait_for_event("rec1", unsealed));
  CHECK(world.condition("rec1", "s") == recorded_condition(recorded, 0));
  CHECK(world.condition("rec1", "s", "Ready") == "True: ");
  CHECK(world.reason("rec1", "s") == "Unsealed");
  CHECK(world.observed_generation("rec1", "s") == 1);
  CHECK(world.secrets("rec1") == recorded_secrets(recorded, 0));
  const auto uid = text_at(*world.server.get("sealedsecrets", "rec1", "s"), "metadata.uid");
  const auto secret = world.server.get("secrets", "rec1", "s");
  CHECK(text_at(find(*secret, "metadata.ownerReferences")->at(0), "uid") == uid);

  world.apply(step_of(recorded, 1));
  REQUIRE(world.wait_for_event("rec1", "Normal Unsealed x2: SealedSecret unsealed successfully"));
  CHECK(world.observed_generation("rec1", "s") == 2);
  CHECK(world.secrets("rec1") == recorded_secrets(recorded, 1));

  world.server.remove("secrets", "rec1", "s");
  REQUIRE(world.wait_for_event("rec1", "Normal Unsealed x3: SealedSecret unsealed successfully"));
  CHECK(world.secrets("rec1") == recorded_secrets(recorded, 2));

  world.server.remove("sealedsecrets", "rec1", "s");
  CHECK(world.server.wait_for([&] { return !world.has_secret("rec1", "s"); }));
  world.let_the_queue_drain();
  CHECK_FALSE(world.has_secret("rec1", "s"));
}

TEST_CASE("02: a strict object under another name says where it belongs, and is not tried again") {
  World world;
  const Json recorded = scenario("02-wrong-name");
  world.apply(step_of(recorded, 0));
  const std::string start = recorded_condition(recorded, 0) + ": ";
  REQUIRE(world.wait_for_condition("rec2", "other", start));
  const std::string condition = world.condition("rec2", "other");
  CHECK(condition.find("rec2/s") != std::string::npos);
  CHECK(condition.find("rec2/other") != std::string::npos);
  CHECK(world.reason("rec2", "other") == "UnsealFailed");
  CHECK(world.secrets("rec2").empty());
  CHECK(world.wait_for_event("rec2", "Warning ErrUnsealFailed x1: Failed to unseal: " +
                                         condition.substr(std::string("False: ").size())));
  world.let_the_queue_drain();
  // A first look, and the one that explains, which waits behind what is new.
  CHECK(world.server.count_requests(
            {.verb = "get", .resource = "sealedsecrets", .ns = "rec2", .name = "other"}) == 2);
  CHECK(world.events("rec2").size() == 1);
}

TEST_CASE("03: somebody else's Secret blocks, until it is annotated or goes") {
  const Json recorded = scenario("03-unmanaged-exists");
  World world;
  world.apply(step_of(recorded, 0));
  world.apply(step_of(recorded, 1));
  REQUIRE(world.wait_for_event("rec3", recorded_event(recorded, 0, 0)));
  CHECK(world.condition("rec3", "s") == recorded_condition(recorded, 0));
  CHECK(world.reason("rec3", "s") == "NotManaged");
  CHECK(world.secrets("rec3") == recorded_secrets(recorded, 0));
  CHECK(world.events("rec3").size() == 1);

  SUBCASE("annotated managed") {
    world.edit("secrets", "rec3", "s", [](JsonObject& secret) {
      secret["metadata"].as_object()["annotations"] = {
          {"sealedsecrets.bitnami.com/managed", "true"}};
    });
  }
  SUBCASE("deleted") { world.server.remove("secrets", "rec3", "s"); }
  REQUIRE(world.wait_for_event("rec3", unsealed));
  CHECK(world.condition("rec3", "s") == "True: ");
  CHECK(text_at(*world.server.get("secrets", "rec3", "s"), "data.foo") == "YmFy");
}

TEST_CASE("04, 05, 06: managed and patched Secrets end as the reference leaves them") {
  struct Case {
    const char* scenario;
    const char* ns;
  };
  World world;
  for (const auto& c :
       {Case{"04-managed", "rec4"}, Case{"05-patch", "rec5"}, Case{"06-patch-managed", "rec6"}}) {
    CAPTURE(c.scenario);
    const Json recorded = scenario(c.scenario);
    world.apply(step_of(recorded, 0));
    world.apply(step_of(recorded, 1));
    REQUIRE(world.wait_for_event(c.ns, unsealed));
    CHECK(world.condition(c.ns, "s") == recorded_condition(recorded, 0));
    CHECK(world.secrets(c.ns) == recorded_secrets(recorded, 0));
    CHECK(world.events(c.ns) == Lines{recorded_event(recorded, 0, 0)});
  }
}

TEST_CASE("07: a change of an immutable Secret is refused, and made when the Secret goes") {
  World world;
  const Json recorded = scenario("07-immutable");
  world.apply(step_of(recorded, 0));
  REQUIRE(world.wait_for_event("rec7", unsealed));
  CHECK(world.secrets("rec7") == recorded_secrets(recorded, 0));

  world.apply(step_of(recorded, 1));
  REQUIRE(world.wait_for_event("rec7", recorded_event(recorded, 1, 1)));
  CHECK(world.condition("rec7", "s").starts_with("False: "));
  CHECK(world.condition("rec7", "s").find("the target Secret is immutable") != std::string::npos);
  CHECK(world.reason("rec7", "s") == "Immutable");
  CHECK(world.observed_generation("rec7", "s") == 2);
  CHECK(world.secrets("rec7") == recorded_secrets(recorded, 1));
  world.let_the_queue_drain();
  CHECK(world.server.count_requests({.verb = "update", .resource = "secrets", .ns = "rec7"}) == 0);

  world.server.remove("secrets", "rec7", "s");
  REQUIRE(world.wait_for_condition("rec7", "s", "True"));
  CHECK(world.has_secret("rec7", "s"));
}

TEST_CASE("08: without an owner reference the Secret is made, and says why it isn't updated") {
  World world;
  const Json recorded = scenario("08-skip-owner");
  world.apply(step_of(recorded, 0));
  REQUIRE(world.wait_for_event("rec8", unsealed));
  CHECK(world.condition("rec8", "s") == "True: ");
  CHECK(world.secrets("rec8") == recorded_secrets(recorded, 0));

  // After a restart it is looked at afresh, and is still right.
  world.stop();
  world.server.forget_requests();
  world.start();
  world.let_the_queue_drain();
  CHECK(world.condition("rec8", "s") == "True: ");
  CHECK(world.events("rec8") == Lines{unsealed});

  Json changed = step_of(recorded, 0);
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
  world.apply(changed);
  REQUIRE(
      world.wait_for_condition("rec8", "s", "False: failed update: Resource \"s\" already exists"));
  CHECK(world.condition("rec8", "s").find("sealedsecrets.bitnami.com/managed") !=
        std::string::npos);
  CHECK(world.secrets("rec8") == recorded_secrets(recorded, 0));
}

TEST_CASE("10: the bad items of an object are all named") {
  World world;
  const Json recorded = scenario("10-bad-items");
  world.apply(step_of(recorded, 0));
  REQUIRE(world.wait_for_event("rec10", recorded_event(recorded, 0, 0)));
  CHECK(world.condition("rec10", "s") == recorded_condition(recorded, 0));
  CHECK(world.secrets("rec10").empty());
}

TEST_CASE("11: a scope annotation that is taken away is noticed") {
  World world;
  const Json recorded = scenario("11-scope-annotation");
  world.apply(good_object("rec11", "s"));
  REQUIRE(world.wait_for_event("rec11", unsealed));
  CHECK(world.secrets("rec11") == recorded_secrets(recorded, 0));

  world.edit("sealedsecrets", "rec11", "s",
             [](JsonObject& object) { object["metadata"].as_object().erase("annotations"); });
  REQUIRE(world.wait_for_condition("rec11", "s", "False: no key could decrypt secret (foo): "));
  CHECK(world.condition("rec11", "s").find("cluster-wide") != std::string::npos);
}

TEST_CASE("12: what the API server refuses is told, and made right by an edit") {
  World world;
  const Json recorded = scenario("12-rejected");
  world.apply(step_of(recorded, 0));
  REQUIRE(world.wait_for_event("rec12", recorded_event(recorded, 0, 0)));
  CHECK(world.condition("rec12", "s") == recorded_condition(recorded, 0));
  CHECK(world.reason("rec12", "s") == "UpdateFailed");
  // --max-unseal-retries: 5 by default.
  const auto tries = [&] {
    return world.server.count_requests({.verb = "create", .resource = "secrets", .ns = "rec12"});
  };
  REQUIRE(world.server.wait_for([&] { return tries() == 6; }));
  world.let_the_queue_drain();
  CHECK(tries() == 6);

  Json repaired = step_of(recorded, 0);
  repaired.at("spec").at("template").as_object().erase("type");
  world.apply(repaired);
  REQUIRE(world.wait_for_event("rec12", unsealed));
}

TEST_CASE("a type that has changed is told with the way out, and made so once the Secret is gone") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_event("n", unsealed));
  Json other = good_object("n", "s");
  other.at("spec").at("template").as_object()["type"] = "example.com/other";
  world.apply(other);
  REQUIRE(world.wait_for_condition(
      "n", "s",
      "False: Secret \"s\" is invalid: type: Invalid value: \"example.com/other\": field is "
      "immutable. A Secret's type can't be changed: delete the Secret, and it is made anew"));
  world.server.remove("secrets", "n", "s");
  CHECK(world.wait_for_condition("n", "s", "True"));
  CHECK(text_at(*world.server.get("secrets", "n", "s"), "type") == "example.com/other");
}

TEST_CASE("an object in sync causes no write, and our own writes no work") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_event("n", unsealed));
  world.let_the_queue_drain();
  CHECK(world.server.count_requests({.verb = "get", .resource = "sealedsecrets", .ns = "n"}) == 1);

  world.stop();
  world.server.forget_requests();
  world.start();
  world.let_the_queue_drain();
  CHECK(world.server.count_requests({.verb = "update", .ns = "n"}) == 0);
  CHECK(world.server.count_requests({.verb = "create", .ns = "n"}) == 0);
  CHECK(world.events("n") == Lines{unsealed});
}

}  // namespace bulla::test
