// SPDX-License-Identifier: Apache-2.0
//
// A restart looks at nothing that is in sync; and what is in sync stays so.
#include <doctest/doctest.h>

#include "captured_output.hpp"
#include "json_text.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

/// All requests about objects of that namespace.
std::size_t requests_about(const World& world, std::string_view ns) {
  return world.server.count_requests({.ns = std::string(ns)});
}

void restart(World& world) {
  world.stop();
  world.server.forget_requests();
  world.start();
  world.wait_until_it_watches();
  world.let_the_queue_drain();
}

void set_item(World& world, std::string_view ns, std::string_view value) {
  world.edit("secrets", ns, "s",
             [&](JsonObject& secret) { secret["data"].as_object()["foo"] = value; });
}

bool item_is(const World& world, std::string_view ns, std::string_view value) {
  const auto secret = world.server.get("secrets", ns, "s");
  return secret && text_at(*secret, "data.foo") == value;
}

constexpr auto right = "YmFy";
constexpr auto wrong = "eHl6";

/// As the reference's CRD: its status keeps observedGeneration and conditions, nothing else.
std::string pruning_crd() {
  auto text = read_file(BULLA_MANIFESTS "/crd.yaml", limits::mib);
  std::string crd(text.value().expose_secret_text());
  const auto status = crd.find("            status:\n");
  REQUIRE(status != std::string::npos);
  return crd.substr(0, status) +
         "            status:\n"
         "              type: object\n"
         "              properties:\n"
         "                observedGeneration: {type: integer, format: int64}\n"
         "                conditions:\n"
         "                  type: array\n"
         "                  items:\n"
         "                    type: object\n"
         "                    required: [type, status]\n"
         "                    properties:\n"
         "                      type: {type: string}\n"
         "                      status: {type: string}\n"
         "                      reason: {type: string}\n"
         "                      message: {type: string}\n"
         "                      lastUpdateTime: {type: string, format: date-time}\n"
         "                      lastTransitionTime: {type: string, format: date-time}\n";
}

}  // namespace

TEST_CASE("objects in sync cost nothing at a restart") {
  World world;
  for (int i = 0; i < 5; ++i) world.apply(good_object("n" + std::to_string(i), "s"));
  for (int i = 0; i < 5; ++i)
    REQUIRE(world.wait_for_condition("n" + std::to_string(i), "s", "True"));
  world.let_the_queue_drain();
  restart(world);
  for (int i = 0; i < 5; ++i) CHECK(requests_about(world, "n" + std::to_string(i)) == 0);
  // They count all the same.
  const auto metrics = world.metrics();
  CHECK(metrics.find("condition_info{condition=\"Synced\",name=\"s\",namespace=\"n1\","
                     "ss_app_kubernetes_io_instance=\"\"} 1\n") != std::string::npos);
  CHECK(metrics.find("unseal_requests_total 1\n") != std::string::npos);  // the queue's marker
}

TEST_CASE("what changed while the controller was away is seen to at a restart") {
  World world;
  for (const auto* ns : {"changed", "deleted", "annotated", "edited", "anew"}) {
    world.apply(good_object(ns, "s"));
    REQUIRE(world.wait_for_condition(ns, "s", "True"));
  }
  world.let_the_queue_drain();
  world.stop();
  set_item(world, "changed", wrong);
  world.server.remove("secrets", "deleted", "s");
  world.edit("sealedsecrets", "annotated", "s",
             [](JsonObject& object) { object["metadata"].as_object().erase("annotations"); });
  Json edited = good_object("edited", "s");
  edited.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
  world.apply(edited);
  Json again = *world.server.get("secrets", "anew", "s");
  world.server.remove("secrets", "anew", "s");
  again.at("metadata").as_object().erase("uid");
  again.at("data").as_object()["foo"] = wrong;
  world.server.put(again);

  world.start();
  CHECK(world.server.wait_for([&] { return item_is(world, "changed", right); }));
  CHECK(world.server.wait_for([&] { return item_is(world, "deleted", right); }));
  CHECK(world.wait_for_condition("annotated", "s", "False"));
  CHECK(world.server.wait_for([&] {
    return text_at(*world.server.get("secrets", "edited", "s"), "metadata.labels.l") == "v";
  }));
  CHECK(world.server.wait_for([&] { return item_is(world, "anew", right); }));
}

TEST_CASE("under a CRD that keeps no records a restart looks again, and writes nothing new") {
  World::Settings settings;
  settings.crd_text = pruning_crd();
  World world(settings);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  const auto before = *world.server.get("sealedsecrets", "n", "s");
  CHECK(find(before, "status.secret") == nullptr);
  restart(world);
  CHECK(world.server.count_requests({.verb = "get", .resource = "sealedsecrets", .ns = "n"}) == 1);
  CHECK(world.server.count_requests({.verb = "update", .resource = "secrets", .ns = "n"}) == 0);
  CHECK(world.server.get("sealedsecrets", "n", "s") == before);
  CHECK(world.events("n").size() == 1);
}

TEST_CASE("where Secrets can't be listed, records are not trusted and nothing is stuck") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  world.stop();
  set_item(world, "n", wrong);
  // In the own namespace they can: a list of all has no namespace.
  auto fault = Fault::error(403, {.verb = "list", .resource = "secrets"});
  fault.count = Fault::forever;
  fault.match.ns = "";
  fault.skip = 4;  // the keys: active, legacy, retired, lost
  world.server.inject(fault);
  world.start();
  CHECK(world.server.wait_for([&] { return item_is(world, "n", right); }));
}

TEST_CASE("a Secret of ours that is changed is put right") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  set_item(world, "n", wrong);
  CHECK(world.server.wait_for([&] { return item_is(world, "n", right); }));
  CHECK(world.wait_for_event("n",
                             "Normal Repaired x1: Secret n/s was changed; it is put back as "
                             "the SealedSecret has it. To change it for good, change the "
                             "SealedSecret"));
  world.let_the_queue_drain();
  CHECK(world.condition("n", "s") == "True: ");
  // And the record follows, so that the next restart is cheap too.
  restart(world);
  CHECK(requests_about(world, "n") == 0);
}

TEST_CASE("a Secret that is deleted comes back, and its owner is told why") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  world.server.remove("secrets", "n", "s");
  CHECK(world.wait_for_event("n",
                             "Normal Repaired x1: Secret n/s was deleted; it is put back as "
                             "the SealedSecret has it. To change it for good, change the "
                             "SealedSecret"));
  CHECK(item_is(world, "n", right));
}

TEST_CASE("whoever edits the SealedSecret itself repairs nothing") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  auto changed = good_object("n", "s");
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
  world.apply(changed);
  REQUIRE(world.wait_for_event("n", "Normal Unsealed x2: SealedSecret unsealed successfully"));
  world.let_the_queue_drain();
  CHECK(world.server.count_requests({.verb = "create", .resource = "events", .ns = "n"}) == 1);
}

TEST_CASE("a start ends with one line that counts the objects") {
  CapturedOutput output;
  {
    World::Settings settings;
    settings.start = false;
    World world(settings);
    world.apply(good_object("n", "s"));
    world.apply(good_object("m", "s"));
    auto closed = good_object("o", "s");
    closed.at("metadata").as_object().erase("annotations");  // cluster-wide it was sealed
    world.apply(closed);
    world.start();
    REQUIRE(world.wait_for_condition("o", "s", "False: no key could decrypt secret (foo)"));
    world.let_the_queue_drain();
    restart(world);
  }
  const auto log = output.end();
  const std::string_view line =
      "msg=\"All SealedSecrets were looked at\" sealed_secrets=3 in_sync=2 not_in_sync=1\n";
  const auto first = log.find(line);
  REQUIRE(first != std::string::npos);
  CHECK(log.find("were looked at", first + line.size()) != std::string::npos);
}

TEST_CASE("with --repair-drift=false it is left as it is") {
  World::Settings settings;
  settings.options.repair_drift = false;
  World world(settings);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  set_item(world, "n", wrong);
  world.let_the_queue_drain();
  world.let_the_queue_drain();
  CHECK(item_is(world, "n", wrong));
}

TEST_CASE("two who want different things are told, and don't wear the API server out") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  // The other controller answers at once, the first few times.
  for (int i = 0; i < 3; ++i) {
    set_item(world, "n", wrong);
    REQUIRE(world.server.wait_for([&] { return item_is(world, "n", right); }));
    world.let_the_queue_drain();
  }
  CHECK(world.server.count_requests({.verb = "update", .resource = "secrets", .ns = "n"}) == 3);
}

TEST_CASE("what others add to a Secret that is merged into stays, and is recorded") {
  World world;
  const Json recorded = scenario("05-patch");
  world.apply(step_of(recorded, 0));
  world.apply(step_of(recorded, 1));
  REQUIRE(world.wait_for_condition("rec5", "s", "True"));
  world.let_the_queue_drain();
  world.edit("secrets", "rec5", "s",
             [](JsonObject& secret) { secret["data"].as_object()["more"] = "eA=="; });
  world.let_the_queue_drain();
  REQUIRE(world.server.wait_for([&] {
    return text_at(*world.server.get("sealedsecrets", "rec5", "s"),
                   "status.secret.resourceVersion") ==
           text_at(*world.server.get("secrets", "rec5", "s"), "metadata.resourceVersion");
  }));
  CHECK(text_at(*world.server.get("secrets", "rec5", "s"), "data.more") == "eA==");
  restart(world);
  CHECK(requests_about(world, "rec5") == 0);
}

TEST_CASE("status and metrics name the key that an object depends on") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  const auto keys =
      find(*world.server.get("sealedsecrets", "n", "s"), "status.sealingKeys")->as_array();
  REQUIRE(keys.size() == 1);
  const std::string fingerprint(keys[0].as_string());
  CHECK(fingerprint.starts_with("SHA256:"));
  const std::string line = "sealed_secrets_controller_key_dependents{fingerprint=\"" + fingerprint +
                           "\",secret=\"sealed-secrets-keyt8ggd\"} 1\n";
  CHECK(world.ask_until([&] { return world.metrics().find(line) != std::string::npos; }));
}

}  // namespace bulla::test
