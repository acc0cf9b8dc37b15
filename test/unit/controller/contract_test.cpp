// SPDX-License-Identifier: Apache-2.0
//
// Flags and forms of the contract that the recorded scenarios don't touch.
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

/// The deprecated form: a whole Secret with {"foo": "bar"} in one envelope.
Json deprecated_object(std::string_view ns) {
  const auto key =
      parse_key_secret(controller_json("key-secret.json"), KeyOrder::certificate_not_before);
  const std::string_view inner = R"({"data":{"foo":"YmFy"},"metadata":{"labels":{"l":"v"}}})";
  const auto data = seal_item(as_bytes(inner), key->key.public_key(), "").value();
  Json object = good_object(ns, "s");
  object.as_object()["spec"] = {{"data", data}, {"encryptedData", JsonObject()}};
  return object;
}

Json owned_by_nobody(std::string_view ns) {
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"metadata", {{"name", "s"}, {"namespace", ns}}},
                    {"data", {{"kept", "eA=="}}}};
}

/// What Argo CD's stock rule makes of a SealedSecret.
std::string argo_health(const Json& object) {
  const Json* conditions = find(object, "status.conditions");
  if (conditions == nullptr) return "Progressing";
  for (const Json& one : conditions->as_array()) {
    if (text_at(one, "type") == "Synced" && text_at(one, "status") == "False") return "Degraded";
  }
  return "Healthy";
}

std::string condition_of(const Json& object, std::string_view type) {
  const Json* conditions = find(object, "status.conditions");
  if (conditions == nullptr) return "";
  for (const Json& one : conditions->as_array()) {
    if (text_at(one, "type") == type) return text_at(one, "status");
  }
  return "";
}

/// What kstatus (of kubernetes-sigs/cli-utils), by which Flux goes, makes of any custom resource.
std::string kstatus(const Json& object) {
  if (find(object, "metadata.deletionTimestamp") != nullptr) return "Terminating";
  const Json* observed = find(object, "status.observedGeneration");
  if (observed != nullptr && *observed != *find(object, "metadata.generation")) return "InProgress";
  if (condition_of(object, "Reconciling") == "True") return "InProgress";
  if (condition_of(object, "Stalled") == "True") return "Failed";
  const auto ready = condition_of(object, "Ready");
  return ready == "False" || ready == "Unknown" ? "InProgress" : "Current";
}

}  // namespace

TEST_CASE("the deprecated form opens, unless it is refused by flag") {
  {
    World world;
    world.apply(deprecated_object("n"));
    REQUIRE(world.wait_for_condition("n", "s", "True"));
    const auto secret = world.server.get("secrets", "n", "s");
    CHECK(text_at(*secret, "data.foo") == "YmFy");
    CHECK(text_at(*secret, "metadata.labels.l") == "v");
  }
  World::Settings settings;
  settings.options.accept_deprecated_v1_data = false;
  World world(settings);
  world.apply(deprecated_object("n"));
  CHECK(world.wait_for_condition("n", "s", "False: using deprecated 'data' field"));
}

TEST_CASE("with a label selector, others are left alone") {
  World::Settings settings;
  settings.options.label_selector = "team=a";
  settings.start = false;
  World world(settings);
  Json ours = good_object("n", "ours");
  ours.at("metadata").as_object()["labels"] = {{"team", "a"}};
  world.apply(ours);
  world.apply(good_object("n", "other"));
  world.start();
  CHECK(world.wait_for_condition("n", "ours", "True"));
  CHECK(world.condition("n", "other").empty());
}

TEST_CASE("hundreds of namespaces start together, and a missing one is waited for") {
  World::Settings settings;
  settings.options.all_namespaces = false;
  settings.options.skip_recreate = true;
  for (int i = 0; i < 200; ++i)
    settings.options.additional_namespaces.push_back("ns" + std::to_string(i));
  settings.start = false;
  World world(settings);
  // Without RBAC there (yet), which is how a missing namespace looks to a controller with roles.
  world.server.inject(Fault::forbid({.resource = "sealedsecrets", .ns = "ns7"}));
  world.start();
  REQUIRE(world.server.wait_for([&] { return world.server.open_watches("sealedsecrets") == 200; }));
  CHECK(world.ask_until([&] { return world.http_get("/readyz").status == 200; }));
  world.apply(good_object("ns199", "s"));
  CHECK(world.wait_for_condition("ns199", "s", "True"));
  world.apply(good_object("ns7", "s"));
  world.server.clear_faults();
  CHECK(world.wait_for_condition("ns7", "s", "True"));
}

TEST_CASE("with --skip-recreate a deleted Secret stays away") {
  World::Settings settings;
  settings.options.skip_recreate = true;
  World world(settings);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.server.remove("secrets", "n", "s");
  world.let_the_queue_drain();
  CHECK_FALSE(world.has_secret("n", "s"));
}

TEST_CASE("with --update-status=false the status is left as it is") {
  World::Settings settings;
  settings.options.update_status = false;
  World world(settings);
  world.apply(good_object("n", "s"));
  REQUIRE(world.server.wait_for([&] { return world.has_secret("n", "s"); }));
  CHECK(world.wait_for_event("n", "Normal Unsealed x1: SealedSecret unsealed successfully"));
  CHECK(world.server.count_requests({.verb = "update", .resource = "sealedsecrets/status"}) == 0);
}

TEST_CASE("with --old-gc-behavior a Secret goes with its SealedSecret, somebody else's stays") {
  for (const bool old_behavior : {true, false}) {
    CAPTURE(old_behavior);
    World::Settings settings;
    settings.options.old_gc_behavior = old_behavior;
    settings.server.collect_garbage = false;
    World world(settings);
    world.server.put(owned_by_nobody("theirs"));
    for (const auto* ns : {"ours", "theirs", "away"}) world.apply(good_object(ns, "s"));
    REQUIRE(world.wait_for_condition("ours", "s", "True"));
    REQUIRE(world.wait_for_condition("away", "s", "True"));
    REQUIRE(world.wait_for_condition("theirs", "s", "False"));
    world.server.remove("sealedsecrets", "ours", "s");
    world.server.remove("sealedsecrets", "theirs", "s");
    if (old_behavior) {
      CHECK(world.server.wait_for([&] { return !world.has_secret("ours", "s"); }));
    }
    // While nobody listens; the deletion is found when the watch comes back.
    world.server.stop();
    world.server.remove("sealedsecrets", "away", "s");
    world.server.restart();
    if (old_behavior) {
      CHECK(world.server.wait_for([&] { return !world.has_secret("away", "s"); }));
    }
    world.let_the_queue_drain();
    CHECK(world.has_secret("ours", "s") != old_behavior);
    CHECK(world.has_secret("theirs", "s"));
  }
}

TEST_CASE("Argo CD and kstatus (Flux) come to the right answer at every step of an object's life") {
  World::Settings settings;
  settings.start = false;
  World world(settings);
  const auto now = [&] { return *world.server.get("sealedsecrets", "n", "s"); };
  world.apply(good_object("n", "s"));
  CHECK(argo_health(now()) == "Progressing");
  CHECK(kstatus(now()) == "InProgress");

  world.start();
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  CHECK(argo_health(now()) == "Healthy");
  CHECK(kstatus(now()) == "Current");

  const auto held = world.server.inject(
      Fault::of(Fault::Kind::hold, {.verb = "get", .resource = "sealedsecrets", .ns = "n"}));
  Json broken = good_object("n", "s");
  broken.at("spec").at("encryptedData").as_object()["bar"] = "AgAA";
  world.apply(broken);
  CHECK(kstatus(now()) == "InProgress");
  world.server.clear_fault(held);
  REQUIRE(world.wait_for_condition("n", "s", "False"));
  CHECK(argo_health(now()) == "Degraded");
  CHECK(kstatus(now()) == "InProgress");

  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  CHECK(argo_health(now()) == "Healthy");
  CHECK(kstatus(now()) == "Current");

  // Somebody takes the Secret's place.
  world.stop();
  world.server.put([&] {
    Json secret = owned_by_nobody("n");
    world.server.remove("secrets", "n", "s");
    return secret;
  }());
  world.start();
  REQUIRE(world.wait_for_condition("n", "s", "False: failed update"));
  CHECK(argo_health(now()) == "Degraded");
  CHECK(kstatus(now()) == "InProgress");
  CHECK(world.reason("n", "s") == "NotManaged");

  // Foreground deletion waits for what the object owns.
  world.edit("sealedsecrets", "n", "s", [](JsonObject& object) {
    object["metadata"].as_object()["finalizers"] = {"foregroundDeletion"};
    object["metadata"].as_object()["deletionTimestamp"] = "2026-11-24T00:00:00Z";
  });
  CHECK(kstatus(now()) == "Terminating");
}

TEST_CASE("condition_info of a namespace ends with it, also when a status is being written") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  Json closed = good_object("n", "closed");
  closed.at("metadata").as_object().erase("annotations");
  const auto held = world.server.inject(Fault::of(
      Fault::Kind::hold, {.verb = "update", .resource = "sealedsecrets/status", .ns = "n"}));
  world.apply(closed);
  REQUIRE(world.server.wait_for([&] { return world.server.faults_met() > 0; }));
  const auto shown = [&] {
    return world.metrics().find("namespace=\"n\",ss_app_kubernetes_io_instance") !=
           std::string::npos;
  };
  CHECK(shown());
  for (const auto* name : {"s", "closed"}) world.server.remove("sealedsecrets", "n", name);
  world.server.remove("namespaces", "", "n");
  world.server.clear_fault(held);
  CHECK(world.ask_until([&] { return !shown(); }));
  world.let_the_queue_drain();
  CHECK_FALSE(shown());
}

}  // namespace bulla::test
