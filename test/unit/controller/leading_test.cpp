// SPDX-License-Identifier: Apache-2.0
//
// Several replicas: one writes, the others serve, and are ready to take over.
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr auto first_user = "test-admin";
constexpr auto second_user = "second";
constexpr auto second_token = "second-token";

World::Settings several() {
  World::Settings settings;
  settings.quick_election = true;
  settings.server.more_users = {{second_token, second_user}};
  return settings;
}

/// Writes that a user sent, those of the Lease aside.
std::size_t writes_of(const World& world, std::string_view user) {
  std::size_t count = 0;
  for (const auto& request : world.server.requests()) {
    if (request.is_write() && request.user == user && request.resource != "leases") ++count;
  }
  return count;
}

std::string holder(const World& world) {
  const auto lease = world.server.get("leases", "kube-system", "sealed-secrets-controller");
  return lease ? text_at(*lease, "spec.holderIdentity") : "";
}

std::size_t key_count(const World& world) { return world.key_secrets().size(); }

/// The second replica, once it has listed everything and watches.
std::unique_ptr<Replica> stand_by(World& world) {
  auto second = world.another(second_token);
  REQUIRE(World::ask_until([&] { return second->get("/readyz").status == 200; }));
  REQUIRE(world.server.wait_for([&] {
    return world.server.open_watches("secrets") == 10 && world.server.open_watches("leases") == 1;
  }));
  return second;
}

std::string condition_line(std::string_view ns, std::string_view value) {
  return "condition_info{condition=\"Synced\",name=\"s\",namespace=\"" + std::string(ns) +
         "\",ss_app_kubernetes_io_instance=\"\"} " + std::string(value) + "\n";
}

}  // namespace

TEST_CASE("a stand-by serves everything, and writes nothing") {
  World world(several());
  const auto second = stand_by(world);
  const Json object = good_object("n", "s");
  world.apply(object);
  REQUIRE(world.wait_for_condition("n", "s", "True"));

  CHECK(world.replica().leads());
  CHECK_FALSE(second->leads());
  CHECK(second->get("/healthz").status == 200);
  CHECK(second->get("/v1/cert.pem").body == world.http_get("/v1/cert.pem").body);
  const auto body = boost::json::serialize(object);
  CHECK(http_post(second->http_port, "/v1/verify", body).status == 200);
  CHECK(http_post(second->http_port, "/v1/rotate", body).status == 200);
  CHECK(World::ask_until(
      [&] { return second->metrics().find(condition_line("n", "1")) != std::string::npos; }));
  CHECK(writes_of(world, second_user) == 0);
}

TEST_CASE("a leader that hangs is replaced, and writes nothing when it wakes up") {
  World world(several());
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  const auto second = stand_by(world);

  // It is in the middle of a pass: it has read the object, and not yet the Secret.
  const auto held = world.server.inject(
      Fault::of(Fault::Kind::hold, {.verb = "get", .resource = "secrets", .user = first_user}));
  Json changed = good_object("n", "s");
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "old"}};
  const auto reads = [&] {
    return world.server.count_requests({.verb = "get", .resource = "secrets", .user = first_user});
  };
  const auto before = reads();
  world.apply(changed);
  REQUIRE(world.server.wait_for([&] { return reads() > before; }));
  world.replica().freeze();
  const auto written = writes_of(world, first_user);

  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "new"}};
  world.apply(changed);
  const auto label_is = [&](std::string_view value) {
    return text_at(*world.server.get("secrets", "n", "s"), "metadata.labels.l") == value;
  };
  REQUIRE(world.server.wait_for([&] { return label_is("new"); }));
  CHECK(world.ask_until([&] { return second->leads(); }));

  world.server.clear_fault(held);
  world.replica().thaw();
  CHECK(world.ask_until([&] { return world.replica().lost(); }));
  CHECK(writes_of(world, first_user) == written);
  CHECK(label_is("new"));
  // The new leader is on its own now, and carries on.
  world.let_the_queue_drain();
}

TEST_CASE("a leader that is cut off is replaced, and ends when it hears of it") {
  World world(several());
  const auto second = stand_by(world);
  auto cut = Fault::of(Fault::Kind::close, {.user = first_user});
  cut.count = Fault::forever;
  const auto fault = world.server.inject(cut);
  world.let_the_queue_drain();
  CHECK(world.ask_until([&] { return second->leads(); }));
  CHECK_FALSE(world.replica().leads());
  CHECK(world.http_get("/healthz").status == 200);  // it goes on trying
  CHECK(world.http_get("/v1/cert.pem").status == 200);

  world.server.clear_fault(fault);
  CHECK(world.ask_until([&] { return world.replica().lost(); }));
  CHECK(writes_of(world, first_user) == 0);
}

TEST_CASE("an API server that is away longer than a Lease lasts ends no replica that is alone") {
  World world(several());
  world.server.stop();
  world.apply(good_object("n", "s"));
  CHECK(world.ask_until([&] { return !world.replica().leads(); }));
  CHECK(world.http_get("/v1/cert.pem").status == 200);
  world.server.restart();
  CHECK(world.wait_for_condition("n", "s", "True"));
  CHECK(world.ask_until([&] { return world.replica().leads(); }));
}

TEST_CASE("a write under way is broken off when leadership is interrupted") {
  World world(several());
  auto hold = Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets", .ns = "n"});
  const auto held = world.server.inject(hold);
  auto cut = Fault::of(Fault::Kind::close, {.resource = "leases"});
  cut.count = Fault::forever;
  const auto stopped = world.server.inject(cut);
  world.apply(good_object("n", "s"));
  const auto creates = [&] {
    return world.server.count_requests({.verb = "create", .resource = "secrets", .ns = "n"});
  };
  REQUIRE(world.server.wait_for([&] { return creates() == 1; }));
  CHECK(world.ask_until([&] { return !world.replica().leads(); }));
  world.server.clear_fault(stopped);
  // The first try would hang to this day; the second one is not held.
  CHECK(world.wait_for_condition("n", "s", "True"));
  CHECK(creates() == 2);
  world.server.clear_fault(held);
}

TEST_CASE("a leader that stops hands over, and what is in sync costs the next one nothing") {
  World world(several());
  const auto second = stand_by(world);
  for (const auto* ns : {"n1", "n2", "n3"}) {
    world.apply(good_object(ns, "s"));
    REQUIRE(world.wait_for_condition(ns, "s", "True"));
  }
  world.let_the_queue_drain();
  const auto knows = [&](std::string_view ns) {
    return second->metrics().find(condition_line(ns, "1")) != std::string::npos;
  };
  REQUIRE(world.ask_until([&] { return knows("n1") && knows("n2") && knows("n3"); }));

  const auto before = holder(world);
  world.stop();
  REQUIRE(world.server.wait_for([&] { return !holder(world).empty() && holder(world) != before; }));
  world.let_the_queue_drain();
  for (const auto* ns : {"n1", "n2", "n3"})
    CHECK(world.server.count_requests({.ns = ns, .user = second_user}) == 0);

  // And is kept right all the same.
  world.server.remove("secrets", "n1", "s");
  CHECK(world.server.wait_for([&] { return world.has_secret("n1", "s"); }));
}

TEST_CASE("the Lease is released only when the last write is done") {
  World world(several());
  const auto second = stand_by(world);
  const auto held =
      world.server.inject(Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets"}));
  world.apply(good_object("n", "s"));
  REQUIRE(world.server.wait_for([&] {
    return world.server.count_requests({.verb = "create", .resource = "secrets", .ns = "n"}) == 1;
  }));
  world.replica().post([&] { world.controller().stop(); });
  const auto before = holder(world);
  // It still renews.
  const auto renewed = [&] {
    return text_at(*world.server.get("leases", "kube-system", "sealed-secrets-controller"),
                   "spec.renewTime");
  };
  const auto last = renewed();
  REQUIRE(world.server.wait_for([&] { return renewed() != last; }));
  CHECK(holder(world) == before);
  CHECK_FALSE(world.has_secret("n", "s"));

  world.server.clear_fault(held);
  REQUIRE(world.server.wait_for([&] { return !holder(world).empty() && holder(world) != before; }));
  CHECK(world.has_secret("n", "s"));
  CHECK(world.wait_for_condition("n", "s", "True"));
}

TEST_CASE("the first key is the leader's to make, and stand-bys wait for it") {
  World::Settings settings = several();
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  const auto held =
      world.server.inject(Fault::of(Fault::Kind::hold, {.verb = "create", .resource = "secrets"}));
  world.start();
  const auto second = world.another(second_token);
  REQUIRE(world.server.wait_for(
      [&] { return world.server.count_requests({.verb = "create", .resource = "secrets"}) == 1; }));
  REQUIRE(world.server.wait_for([&] { return world.server.open_watches("leases") == 1; }));
  CHECK(second->get("/readyz").status == 503);
  world.server.clear_fault(held);
  REQUIRE(world.ask_until([&] { return second->get("/v1/cert.pem").status == 200; }));
  CHECK(second->get("/v1/cert.pem").body == world.http_get("/v1/cert.pem").body);
  CHECK(key_count(world) == 1);
}

TEST_CASE("a stand-by adds no key, whoever asks it to, and serves the one that the leader adds") {
  World world(several());
  const auto second = stand_by(world);
  const auto before = second->get("/v1/cert.pem").body;
  second->post([&] { second->controller().renew_key(); });
  world.post([&] { world.controller().renew_key(); });
  REQUIRE(world.server.wait_for([&] { return key_count(world) == 2; }));
  CHECK(world.ask_until([&] { return second->get("/v1/cert.pem").body != before; }));
  CHECK(second->get("/v1/cert.pem").body == world.http_get("/v1/cert.pem").body);
  world.let_the_queue_drain();
  CHECK(key_count(world) == 2);
  CHECK(writes_of(world, second_user) == 0);
}

TEST_CASE("each replica reports a malformed key in its log and metrics, the leader in an Event") {
  World world(several());
  auto second = stand_by(world);
  Json broken = *world.server.get("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  broken.at("metadata").as_object().erase("uid");
  broken.at("metadata").as_object()["name"] = "broken";
  broken.at("data").as_object()["tls.key"] = "aGVsbG8=";
  world.server.put(broken);
  const auto events_by = [&](const char* user) {
    return world.server.count_requests({.verb = "create", .resource = "events", .user = user});
  };
  REQUIRE(world.server.wait_for([&] { return events_by(first_user) == 1; }));
  REQUIRE(world.ask_until([&] {
    return second->metrics().find("_keys{state=\"malformed\"} 1\n") != std::string::npos;
  }));
  CHECK(events_by(second_user) == 0);
  // Whoever leads says so, as after a restart.
  world.stop();
  CHECK(world.server.wait_for([&] { return events_by(second_user) == 1; }));
}

TEST_CASE("what a SealedSecret leaves behind while nobody leads is collected by the next leader") {
  World::Settings settings = several();
  settings.options.old_gc_behavior = true;
  settings.server.collect_garbage = false;
  World world(settings);
  const auto second = stand_by(world);
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  world.let_the_queue_drain();
  world.replica().freeze();
  world.server.remove("sealedsecrets", "n", "s");
  CHECK(world.server.wait_for([&] { return !world.has_secret("n", "s"); }));
}

TEST_CASE("where Leases are not permitted, or not wanted, a replica works alone") {
  World::Settings settings = several();
  settings.start = false;
  std::size_t asked_max = 1;
  SUBCASE("no permission") {}
  SUBCASE("--leader-elect=false") {
    settings.options.leader_elect = false;
    asked_max = 0;
  }
  World world(settings);
  world.server.inject(Fault::forbid({.verb = "get", .resource = "leases"}));
  world.start();
  world.let_the_queue_drain();
  CHECK(world.ask_until([&] { return world.replica().leads(); }));
  CHECK(world.http_get("/readyz").status == 200);
  CHECK(world.server.count_requests({.verb = "get", .resource = "leases"}) <= asked_max);
}

TEST_CASE("an update of a Secret names the version and the object that it was made from") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  const Json before = *world.server.get("secrets", "n", "s");
  // Changed by somebody else between reading and writing: 409, and read again.
  const auto held = world.server.inject(
      Fault::of(Fault::Kind::hold, {.verb = "update", .resource = "secrets", .ns = "n"}));
  Json changed = good_object("n", "s");
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
  world.apply(changed);
  const auto updates = [&] {
    return world.server.count_requests({.verb = "update", .resource = "secrets", .ns = "n"});
  };
  REQUIRE(world.server.wait_for([&] { return updates() == 1; }));
  Json other = before;
  other.at("metadata").as_object()["annotations"] = {{"theirs", "1"}};
  SUBCASE("the same Secret, later") { world.server.put(other); }
  SUBCASE("another one of that name") {
    world.server.remove("secrets", "n", "s");
    other.at("metadata").as_object().erase("uid");
    world.server.put(other);
  }
  world.server.clear_fault(held);
  CHECK(world.server.wait_for([&] { return updates() >= 2; }));
}

}  // namespace bulla::test
