// SPDX-License-Identifier: Apache-2.0
//
// The recorded requests of test/data/controller/http.json, sent to ours: the same answers, but
// where ours deliberately does better.
#include <doctest/doctest.h>

#include <map>

#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/document.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

bulla::Options without_limits() {
  bulla::Options options;
  options.rate_limit = 1000;
  options.rate_limit_burst = 1000;
  return options;
}

std::string header(const Reply& answer, std::string_view name) {
  const auto at = answer.head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const auto start = at + name.size() + 4;
  return answer.head.substr(start, answer.head.find("\r\n", start) - start);
}

Reply send(const World& world, const Json& request) {
  const auto body = text_at(request, "body");
  return http_exchange(world.replica_port(),
                       text_at(request, "method") + " " + text_at(request, "path") +
                           " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body);
}

/// A rotated object's items, opened; its text without them.
struct Rotated {
  std::map<std::string, std::string> items;
  Json rest;
};
Rotated opened(const std::string& text, std::span<const Keyring::Entry> keys) {
  Rotated out;
  out.rest = kube::parse_json(text).value();
  const auto sealed = SealedSecret::from_json(out.rest).value();
  const auto unsealed = unseal(sealed, keys);
  REQUIRE(unsealed.has_value());
  for (const auto& [name, value] : unsealed->secret.data)
    out.items.emplace(name, value.expose_secret_text());
  out.rest.at("spec").as_object().erase("encryptedData");
  return out;
}

}  // namespace

TEST_CASE("recorded requests are answered as recorded, or better") {
  World::Settings settings;
  settings.options = without_limits();
  World world(settings);
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  std::vector<Keyring::Entry> keys;
  {
    Keyring ring;
    (void)ring.add(parse_key_secret(controller_json("key-secret.json"), {}).value());
    keys = ring.newest_first();
  }
  // What is not JSON or not a SealedSecret: 500 there, 400 and a sentence here. By GET: 405.
  const std::map<std::string, unsigned> better = {
      {"verify: not JSON", 400}, {"verify: empty", 400},         {"verify: a Secret", 400},
      {"verify by GET", 405},    {"rotate: does not open", 409}, {"rotate: not JSON", 400}};
  const Json recorded = controller_json("http.json");
  for (const Json& request : recorded.at("requests").as_array()) {
    const auto about = text_at(request, "about");
    CAPTURE(about);
    if (about.find("with a template") != std::string::npos) continue;  // see below
    const auto answer = send(world, request);
    const auto expected = better.find(about);
    if (expected != better.end()) {
      CHECK(answer.status == expected->second);
      if (answer.status == 400) CHECK(answer.body.find('\n') == answer.body.size() - 1);
      continue;
    }
    CHECK(answer.status == request.at("status").as_int64());
    const auto recorded_type = text_at(request, "headers.Content-Type");
    if (!recorded_type.empty()) CHECK(header(answer, "Content-Type") == recorded_type);
    // The recording is of 0.36; since 0.39 rotate's answers have the headers too.
    if (!text_at(request, "headers.X-Ratelimit-Limit").empty() || about.starts_with("rotate")) {
      for (const auto* name : {"Limit", "Remaining", "Reset"})
        CHECK_FALSE(header(answer, std::string("X-Ratelimit-") + name).empty());
    }
    if (!about.starts_with("rotate")) {
      CHECK(answer.body == text_at(request, "response"));
      continue;
    }
    const auto ours = opened(answer.body, keys);
    const auto theirs = opened(text_at(request, "response"), keys);
    CHECK(ours.items == theirs.items);
    CHECK(ours.rest == theirs.rest);
  }
}

TEST_CASE("a template comes back from rotate as it was sent") {
  World::Settings settings;
  settings.options = without_limits();
  World world(settings);
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  const Json recorded = controller_json("http.json");
  for (const Json& request : recorded.at("requests").as_array()) {
    if (text_at(request, "about").find("with a template") == std::string::npos) continue;
    const auto answer = send(world, request);
    REQUIRE(answer.status == 200);
    const auto sent = kube::parse_json(text_at(request, "body")).value();
    const auto back = kube::parse_json(answer.body).value();
    CHECK(back.at("spec").at("template") == sent.at("spec").at("template"));
    CHECK(back.at("spec").at("encryptedData").as_object().size() == 1);
  }
}

TEST_CASE("YAML is taken too, as kubeseal sends files as they are") {
  World world;
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  const auto yaml = print_yaml(good_object("n", "s"));
  CHECK(world.http_post("/v1/verify", yaml.expose_secret_text()).status == 200);
}

TEST_CASE("fifty small objects are verified one after the other at the default rate") {
  World world;
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  const auto text = kube::serialize_json(good_object("n", "s"));
  for (int i = 0; i < 50; ++i)
    CHECK(world.http_post("/v1/verify", text.expose_secret_text()).status == 200);
}

TEST_CASE("readyz says when keys and objects are listed") {
  World::Settings settings;
  settings.start = false;
  World world(settings);
  const auto held = world.server.inject(
      Fault::of(Fault::Kind::hold, {.verb = "list", .resource = "sealedsecrets"}));
  world.start();
  REQUIRE(world.server.wait_for([&] {
    return world.server.count_requests({.verb = "list", .resource = "sealedsecrets"}) == 1;
  }));
  CHECK(world.http_get("/readyz").status == 503);
  CHECK(world.http_get("/healthz").status == 200);
  world.server.clear_fault(held);
  CHECK(world.ask_until([&] { return world.http_get("/readyz").status == 200; }));
}

}  // namespace bulla::test
