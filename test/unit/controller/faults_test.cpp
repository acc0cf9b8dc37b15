// SPDX-License-Identifier: Apache-2.0
//
// Whatever the API server does, the controller carries on and loses nothing.
#include <doctest/doctest.h>

#include "captured_output.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

bool is_open(const World& world, std::string_view ns, std::string_view name = "s") {
  return world.condition(ns, name) == "True: " && world.has_secret(ns, name);
}

bool has_warning(const World& world, std::string_view ns) {
  for (const auto& event : world.events(ns)) {
    if (event.starts_with("Warning")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a watch that breaks loses nothing") {
  World world;
  world.let_the_queue_drain();
  for (const bool mid_line : {false, true}) {
    CAPTURE(mid_line);
    const std::string ns = mid_line ? "cut" : "ended";
    world.server.close_watches(mid_line);
    world.apply(good_object(ns, "s"));
    CHECK(world.server.wait_for([&] { return is_open(world, ns); }));
  }
}

TEST_CASE("changes while the API server is away are found when it is back") {
  World world;
  world.apply(good_object("old", "s"));
  world.apply(good_object("kept", "s"));
  REQUIRE(world.wait_for_condition("old", "s", "True"));
  REQUIRE(world.wait_for_condition("kept", "s", "True"));

  world.server.stop();
  world.apply(good_object("new", "s"));
  world.server.remove("sealedsecrets", "old", "s");
  world.server.remove("secrets", "kept", "s");
  world.server.restart();
  CHECK(world.server.wait_for([&] { return is_open(world, "new"); }));
  CHECK(world.server.wait_for([&] { return world.has_secret("kept", "s"); }));
  world.let_the_queue_drain();
  CHECK_FALSE(world.has_secret("old", "s"));
}

TEST_CASE("history that is forgotten (410) is listed anew") {
  for (const bool as_status : {false, true}) {
    CAPTURE(as_status);
    World::Settings settings;
    settings.server.gone_as_http_status = as_status;
    World world(settings);
    world.apply(good_object("kept", "s"));
    REQUIRE(world.wait_for_condition("kept", "s", "True"));

    world.server.stop();
    world.server.remove("secrets", "kept", "s");
    world.apply(good_object("new", "s"));
    world.server.compact();
    world.server.restart();
    CHECK(world.server.wait_for([&] { return is_open(world, "new"); }));
    CHECK(world.server.wait_for([&] { return world.has_secret("kept", "s"); }));
  }
}

TEST_CASE("what time can cure is retried and nobody is told") {
  struct Case {
    const char* name;
    int code;
    FaultMatch match;
  };
  const Case cases[] = {
      {"a conflict on the status", 409, {.verb = "update", .resource = "sealedsecrets/status"}},
      {"an overloaded server", 429, {.verb = "create", .resource = "secrets"}},
      {"a broken server, reading", 500, {.verb = "get", .resource = "sealedsecrets"}},
      {"a broken server, reading the Secret", 503, {.verb = "get", .resource = "secrets"}},
      {"a broken server, writing", 500, {.verb = "create", .resource = "secrets"}},
      {"a broken server, writing the status",
       500,
       {.verb = "update", .resource = "sealedsecrets/status"}},
  };
  World world;
  world.let_the_queue_drain();
  int index = 0;
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const std::string ns = "n" + std::to_string(++index);
    auto fault = Fault::error(c.code, c.match);
    fault.match.ns = ns;
    fault.count = 3;
    world.server.inject(fault);
    world.apply(good_object(ns, "s"));
    CHECK(world.server.wait_for([&] { return is_open(world, ns); }));
    CHECK_FALSE(has_warning(world, ns));
  }
}

TEST_CASE("conflicts on an update are read again, not forced") {
  World world;
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "True"));
  auto fault = Fault::error(409, {.verb = "update", .resource = "secrets", .ns = "n"});
  fault.count = 3;
  world.server.inject(fault);
  Json changed = good_object("n", "s");
  changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
  world.apply(changed);
  CHECK(world.server.wait_for(
      [&] { return text_at(*world.server.get("secrets", "n", "s"), "metadata.labels.l") == "v"; }));
  CHECK(world.server.wait_for([&] { return world.observed_generation("n", "s") == 2; }));
  CHECK_FALSE(has_warning(world, "n"));
}

TEST_CASE("an answer that is lost after the work was done does no harm") {
  World world;
  world.let_the_queue_drain();
  world.server.inject(Fault::of(Fault::Kind::commit_then_close,
                                {.verb = "create", .resource = "secrets", .ns = "n"}));
  world.apply(good_object("n", "s"));
  CHECK(world.server.wait_for([&] { return is_open(world, "n"); }));
  CHECK(world.server.list("secrets", "n").size() == 1);
}

TEST_CASE(
    "what the API server calls invalid is told at once, and retried --max-unseal-retries times") {
  struct Case {
    int retries;
    std::size_t tries;
  };
  for (const auto& c : {Case{3, 4}, Case{0, 1}, Case{-1, 1}}) {
    CAPTURE(c.retries);
    World::Settings settings;
    settings.options.max_unseal_retries = c.retries;
    World world(settings);
    auto fault = Fault::error(422, {.verb = "create", .resource = "secrets", .ns = "n"});
    fault.count = Fault::forever;
    const auto id = world.server.inject(fault);
    const auto tries = [&] {
      return world.server.count_requests({.verb = "create", .resource = "secrets", .ns = "n"});
    };
    world.apply(good_object("n", "s"));
    REQUIRE(world.wait_for_condition("n", "s", "False: "));
    REQUIRE(world.server.wait_for([&] { return tries() == c.tries; }));
    for (int i = 0; i < 3; ++i) world.let_the_queue_drain();
    CHECK(tries() == c.tries);
    CHECK(world.events("n").size() == 1);

    // An edit begins anew.
    Json changed = good_object("n", "s");
    changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
    world.apply(changed);
    REQUIRE(world.server.wait_for([&] { return tries() == 2 * c.tries; }));
    world.server.clear_fault(id);
    changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "w"}};
    world.apply(changed);
    CHECK(world.server.wait_for([&] { return is_open(world, "n"); }));
  }
}

TEST_CASE("an admission rule that is put right needs no edit of the object") {
  World world;
  auto fault = Fault::error(422, {.verb = "create", .resource = "secrets", .ns = "n"});
  fault.count = 3;
  world.server.inject(fault);
  world.apply(good_object("n", "s"));
  CHECK(world.server.wait_for([&] { return is_open(world, "n"); }));
}

TEST_CASE("what no key opens is not tried again before something changes") {
  World world;
  Json object = good_object("n", "s");
  object.at("metadata").as_object().erase("annotations");  // another scope: it opens no more
  world.apply(object);
  REQUIRE(world.wait_for_condition("n", "s", "False: "));
  for (int i = 0; i < 3; ++i) world.let_the_queue_drain();
  const std::string line = "unseal_errors_total{namespace=\"n\",reason=\"unseal\"} 1\n";
  CHECK(world.metrics().find(line) != std::string::npos);
}

TEST_CASE("a refusal that lasts is told, and cured when it ends") {
  World world;
  world.let_the_queue_drain();
  const auto id =
      world.server.inject(Fault::forbid({.verb = "create", .resource = "secrets", .ns = "n"}));
  world.apply(good_object("n", "s"));
  REQUIRE(world.wait_for_condition("n", "s", "False: "));
  CHECK(world.condition("n", "s").find("forbidden") != std::string::npos);
  world.server.clear_fault(id);
  CHECK(world.server.wait_for([&] { return is_open(world, "n"); }));
}

TEST_CASE("bad objects never keep good ones waiting") {
  World world;
  const auto ns_of = [](int i) { return "bad" + std::to_string(i); };
  for (int i = 0; i < 20; ++i) {
    Json bad = good_object(ns_of(i), "s");
    Json& spec = bad.at("spec");
    switch (i % 4) {
      case 0: spec.at("encryptedData") = {{"foo", 7}}; break;
      case 1: spec = "nonsense"; break;
      case 2: spec = {{"encryptedData", nullptr}, {"template", 7}}; break;
      default: spec.at("encryptedData").as_object()["bar"] = "AgAA"; break;
    }
    world.apply(bad);
    world.apply(good_object("good", "g" + std::to_string(i)));
  }
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    CHECK(world.wait_for_condition("good", "g" + std::to_string(i), "True"));
    // The API server refuses every write to what its CRD calls invalid, a status too.
    const bool can_hold_status = i % 4 == 0 || i % 4 == 3;
    if (can_hold_status) CHECK(world.wait_for_condition(ns_of(i), "s", "False: "));
    CHECK(world.server.wait_for([&] { return has_warning(world, ns_of(i)); }));
    CHECK_FALSE(world.has_secret(ns_of(i), "s"));
  }
}

TEST_CASE("a status that the API server refuses is not written again and again") {
  World world;
  Json bad = good_object("n", "s");
  bad.at("spec") = "nonsense";
  world.apply(bad);
  REQUIRE(world.server.wait_for([&] { return has_warning(world, "n"); }));
  for (int i = 0; i < 3; ++i) world.let_the_queue_drain();
  std::size_t writes = 0;
  for (const auto& request : world.server.requests()) {
    if (request.verb == "update" && request.ns == "n") ++writes;
  }
  CHECK(writes == 1);
}

TEST_CASE("an item that is no text is an error of that item") {
  World world;
  Json bad = good_object("n", "s");
  bad.at("spec").at("encryptedData").as_object()["odd"] = 7;
  world.apply(bad);
  REQUIRE(world.wait_for_condition("n", "s", "False: "));
  CHECK(world.condition("n", "s").find("(odd)") != std::string::npos);
  CHECK(world.condition("n", "s").find("(foo)") == std::string::npos);
}

TEST_CASE("a stop ends the controller, whatever the API server does") {
  World world;
  world.let_the_queue_drain();
  SUBCASE("nothing") {}
  SUBCASE("it is away") { world.server.stop(); }
  world.stop();
  CHECK(world.server.open_watches() == 0);
}

TEST_CASE("without permission to watch Secrets, --skip-recreate works") {
  World::Settings settings;
  settings.options.skip_recreate = true;
  settings.start = false;
  World world(settings);
  world.start();
  world.let_the_queue_drain();
  // Key Secrets are watched, in the own namespace; others are not.
  for (const auto& request : world.server.requests()) {
    if (request.verb == "watch" && request.resource == "secrets")
      CHECK(request.ns == "kube-system");
  }
}

TEST_CASE("the log names the namespaces looked after, and those that are not there") {
  World::Settings settings;
  settings.options.all_namespaces = false;
  settings.options.additional_namespaces = {"a", "mistyped"};
  settings.start = false;
  World world(settings);
  world.apply(good_object("a", "s"));
  world.server.inject(Fault::error(404, {.resource = "namespaces", .name = "mistyped"}));
  CapturedOutput output;
  world.start();
  CHECK(world.wait_for_condition("a", "s", "True"));
  CHECK(world.server.wait_for([&] {
    return world.server.count_requests({.resource = "namespaces", .name = "mistyped"}) == 1;
  }));
  world.stop();
  const auto log = output.end();
  CHECK(log.find("namespaces=kube-system,a,mistyped") != std::string::npos);
  CHECK(log.find("is not there; it is looked after once it is\" namespace=mistyped") !=
        std::string::npos);
  CHECK(log.find("once it is\" namespace=a") == std::string::npos);
}

TEST_CASE("several namespaces are looked after, and no others") {
  World::Settings settings;
  settings.options.all_namespaces = false;
  settings.options.additional_namespaces = {"a", "b"};
  World world(settings);
  for (const auto* ns : {"elsewhere", "a", "b", "kube-system"}) world.apply(good_object(ns, "s"));
  for (const auto* ns : {"a", "b", "kube-system"})
    CHECK(world.server.wait_for([&] { return is_open(world, ns); }));
  CHECK_FALSE(world.has_secret("elsewhere", "s"));
}

}  // namespace bulla::test
