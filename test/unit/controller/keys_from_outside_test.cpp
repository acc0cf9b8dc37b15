// SPDX-License-Identifier: Apache-2.0
//
// Keys that the controller does not make: with --generate-key=false, and in other namespaces.
#include <doctest/doctest.h>

#include <string>

#include "world.hpp"

namespace bulla::test {

namespace {

void open(World& world, const Json& object) {
  world.apply(object);
  REQUIRE(world.wait_for_condition("n", text_at(object, "metadata.name"), "True"));
}

bool has_metric(const World& world, std::string_view line) {
  return world.metrics().find(line) != std::string::npos;
}

constexpr auto no_key_yet =
    "False: there is no sealing key, and the controller makes none (--generate-key=false): apply a "
    "Secret of type kubernetes.io/tls with the label "
    "sealedsecrets.bitnami.com/sealed-secrets-key=active in namespace kube-system";

World::Settings keys_from_outside(bool has_key) {
  World::Settings settings;
  settings.options.generate_key = false;
  settings.recorded_key = has_key;
  settings.start = false;
  return settings;
}

}  // namespace

TEST_CASE("with --generate-key=false no key is made, and whoever waits is told what to do") {
  World world(keys_from_outside(false));
  world.start();
  world.apply(good_object("n", "s"));
  CHECK(world.wait_for_condition("n", "s", no_key_yet));
  CHECK(world.reason("n", "s") == "UnsealFailed");
  CHECK(world.http_get("/healthz").status == 200);
  CHECK(world.http_get("/readyz").status == 503);
  CHECK(world.http_get("/v1/cert.pem").status == 503);
  world.post([&] { world.controller().renew_key(); });
  CHECK(world.http_get("/healthz").status == 200);  // its turn has come
  CHECK(world.key_secrets().empty());

  // Without a restart.
  world.put_recorded_key();
  CHECK(world.wait_for_condition("n", "s", "True"));
  CHECK(world.ask_until([&] { return world.http_get("/readyz").status == 200; }));
  CHECK(world.http_get("/v1/cert.pem").status == 200);
}

TEST_CASE("with --generate-key=false an old key is never renewed, and a lost one not replaced") {
  auto settings = keys_from_outside(true);
  settings.key_renew_period = std::chrono::hours(1);
  World world(settings);
  world.start();
  world.let_the_queue_drain();
  open(world, good_object("n", "s"));
  CHECK(world.key_secrets().size() == 1);

  world.server.remove("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  CHECK(world.ask_until([&] { return world.http_get("/readyz").status == 503; }));
  world.apply(good_object("n", "later"));
  CHECK(world.wait_for_condition("n", "later", no_key_yet));
  CHECK(world.condition("n", "s") == "True: ");
  CHECK(world.key_secrets().empty());
  world.put_recorded_key();
  CHECK(world.wait_for_condition("n", "later", "True"));
}

TEST_CASE("keys of other namespaces are nobody's here: neither served, nor tried, nor retired") {
  World::Settings settings;
  settings.recorded_key = false;
  settings.start = false;
  World world(settings);
  world.put_recorded_key();
  Json key = *world.server.get("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  world.server.remove("secrets", "kube-system", "sealed-secrets-keyt8ggd");
  key.at("metadata").as_object()["namespace"] = "other";
  const Json theirs = world.server.put(key);
  world.start();
  world.apply(good_object("n", "s"));
  CHECK(world.wait_for_condition("n", "s", "False: no key could decrypt secret (foo)"));
  CHECK(world.key_secrets().size() == 1);  // its own
  CHECK(has_metric(world, "_keys{state=\"active\"} 1\n"));
  CHECK(has_metric(world, "_keys{state=\"retired\"} 0\n"));
  CHECK(*world.server.get("secrets", "other", "sealed-secrets-keyt8ggd") == theirs);
}

}  // namespace bulla::test
