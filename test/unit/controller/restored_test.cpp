// SPDX-License-Identifier: Apache-2.0
//
// etcd is restored from an older snapshot below a running controller. No watch breaks, and none
// says a word: one from a version that is in the future now is silent.
#include <doctest/doctest.h>

#include "newer_store.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

World::Settings with_lease(bool lease) {
  World::Settings settings;
  settings.options.leader_elect = lease;
  settings.quick_election = true;
  return settings;
}

void open(World& world, std::string_view ns) {
  world.apply(good_object(ns, "s"));
  REQUIRE(world.wait_for_condition(ns, "s", "True"));
}

/// How often the controller has seen how new the store is: by its Lease, or else by a list.
std::size_t looks_at_the_store(const World& world) {
  return world.server.count_requests({.verb = "update", .resource = "leases"}) +
         world.server.count_requests({.verb = "list", .resource = "secrets"});
}

/// The store is newer than the one that is to come back will be for a while, and the controller has
/// seen that it is.
void let_time_pass(World& world) {
  make_store_newer(world);
  world.let_the_queue_drain();
  const auto before = looks_at_the_store(world);
  REQUIRE(world.server.wait_for([&] { return looks_at_the_store(world) >= before + 2; }));
}

void label(World& world, std::string_view ns, std::string_view value) {
  Json changed = good_object(ns, "s");
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", value}};
  world.apply(changed);
}

bool has_label(const World& world, std::string_view ns, std::string_view value) {
  const auto secret = world.server.get("secrets", ns, "s");
  return secret && text_at(*secret, "metadata.labels.l") == value;
}

}  // namespace

TEST_CASE(
    "after a restore of etcd, what is changed or made is opened, and what is deleted returns") {
  for (const bool lease : {true, false}) {
    CAPTURE(lease);
    World world(with_lease(lease));
    open(world, "changed");
    open(world, "deleted");
    open(world, "older");
    const auto then = world.server.take_snapshot();
    label(world, "older", "new");
    REQUIRE(world.server.wait_for([&] { return has_label(world, "older", "new"); }));
    let_time_pass(world);

    world.server.restore(*then);
    label(world, "changed", "v");
    world.server.remove("secrets", "deleted", "s");
    world.apply(good_object("made", "s"));
    CHECK(world.server.wait_for([&] { return has_label(world, "changed", "v"); }));
    CHECK(world.server.wait_for([&] { return world.has_secret("deleted", "s"); }));
    CHECK(world.wait_for_condition("made", "s", "True"));
    // It is as it was; both its object and its Secret.
    CHECK_FALSE(has_label(world, "older", "new"));
    CHECK(world.condition("older", "s") == "True: ");
    // From here on watches tell again.
    label(world, "changed", "w");
    CHECK(world.server.wait_for([&] { return has_label(world, "changed", "w"); }));
  }
}

TEST_CASE("a generation that comes again after a restore of etcd, for another content, is opened") {
  World world(with_lease(true));
  open(world, "n");
  const auto then = world.server.take_snapshot();
  Json broken = good_object("n", "s");
  broken.at("spec").at("encryptedData").as_object()["foo"] = "AAAA";
  world.apply(broken);
  REQUIRE(world.wait_for_condition("n", "s", "False"));
  CHECK(world.observed_generation("n", "s") == 2);
  let_time_pass(world);

  world.replica().freeze();  // it sees nothing of what is between
  world.server.restore(*then);
  label(world, "n", "v");
  world.replica().thaw();
  CHECK(world.server.wait_for([&] { return has_label(world, "n", "v"); }));
}

TEST_CASE("a key whose Secret went with a restore of etcd is not served any more") {
  for (const bool lease : {true, false}) {
    CAPTURE(lease);
    World world(with_lease(lease));
    world.let_the_queue_drain();
    const auto before = world.http_get("/v1/cert.pem").body;
    const auto then = world.server.take_snapshot();
    world.post([&] { world.controller().renew_key(); });
    REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").body != before; }));
    let_time_pass(world);

    world.server.restore(*then);
    CHECK(world.ask_until([&] { return world.http_get("/v1/cert.pem").body == before; }));
  }
}

TEST_CASE("a stand-by, too, notices that etcd was restored") {
  World world(with_lease(true));
  world.let_the_queue_drain();
  const auto stands_by = world.another();
  const auto before = world.http_get("/v1/cert.pem").body;
  REQUIRE(world.ask_until([&] { return stands_by->get("/v1/cert.pem").body == before; }));
  const auto then = world.server.take_snapshot();
  world.post([&] { world.controller().renew_key(); });
  REQUIRE(world.ask_until([&] { return stands_by->get("/v1/cert.pem").body != before; }));
  let_time_pass(world);

  world.server.restore(*then);
  CHECK(world.ask_until([&] { return stands_by->get("/v1/cert.pem").body == before; }));
}

TEST_CASE("while etcd stays as it is, nothing is listed twice") {
  for (const bool lease : {true, false}) {
    CAPTURE(lease);
    World world(with_lease(lease));
    let_time_pass(world);
    const auto lists = world.server.count_requests({.verb = "list", .resource = "sealedsecrets"});
    CHECK(lists == 1);
  }
}

}  // namespace bulla::test
