// SPDX-License-Identifier: Apache-2.0
//
// verify and rotate against an attacker in the cluster, who holds other people's SealedSecrets and
// sends any variation of them.
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "controller/sealed_requests.hpp"
#include "crypto/envelope.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

namespace net = boost::asio;

constexpr std::string_view plaintext = "hunter2-the-secret";
constexpr std::array endpoints_of_sealed = {"/v1/verify", "/v1/rotate"};

const Keyring::Entry& key() {
  static const auto entry = [] {
    Keyring ring;
    (void)ring.add(parse_key_secret(controller_json("key-secret.json"), {}).value());
    return ring.newest_first().front();
  }();
  return entry;
}

/// The victim's object: prod/db, strict, one item.
const Json& victim() {
  static const Json object = [] {
    const auto secret = kube::parse_json(
        R"({"metadata":{"name":"db","namespace":"prod"},"stringData":{"password":")" +
        std::string(plaintext) + R"("}})");
    return seal(Secret::from_json(*secret).value(), key()->key.public_key(), Scope::strict)
        .value()
        .to_json();
  }();
  return object;
}

/// A world whose rates are no obstacle, with the victim's key.
struct Target : World {
  Target() : World(settings()) {
    REQUIRE(ask_until([&] { return http_get("/v1/cert.pem").status == 200; }));
  }
  static Settings settings() {
    Settings all;
    all.options.rate_limit = 10000;
    all.options.rate_limit_burst = 10000;
    return all;
  }
  [[nodiscard]] Reply send(std::string_view path, const Json& object) const {
    return http_post(path, kube::serialize_json(object).expose_secret_text());
  }
};

bool opens_under(const std::string& base64, const std::string& label) {
  const auto envelope = decode_base64(base64);
  return envelope && decrypt_envelope(key()->key, *envelope, label).has_value();
}

/// What rotate gave opens under prod/db and nowhere else, and shows nothing of what is inside.
void check_bound_to_victim(const Reply& answer) {
  CHECK(answer.body.find(plaintext) == std::string::npos);
  const auto out = SealedSecret::from_json(kube::parse_json(answer.body).value()).value();
  for (const auto& [item, base64] : out.encrypted_data) {
    CAPTURE(item);
    CHECK(opens_under(base64, "prod/db"));
    CHECK_FALSE(opens_under(base64, "prod"));
    CHECK_FALSE(opens_under(base64, ""));
  }
  CHECK(scope_of(out.metadata) == Scope::strict);
  CHECK(scope_of(out.secret_template.metadata) == Scope::strict);
  CHECK(out.name() == "db");
  CHECK(out.namespace_() == "prod");
}

/// Everything of an answer that may differ from failure to failure, but for the rate's headers.
std::string fingerprint_of(const Reply& answer) {
  std::string text;
  std::size_t start = 0;
  while (start < answer.head.size()) {
    const auto end = answer.head.find("\r\n", start);
    const auto line = answer.head.substr(start, end - start);
    if (!line.starts_with("X-Ratelimit-")) text += line + "\n";
    start = end + 2;
  }
  return text + "\n" + answer.body;
}

Json with_template_data(const std::string& program) {
  Json object = victim();
  object.at("spec").at("template").as_object()["data"] = {{"probe", program}};
  return object;
}

void collect_paths(const Json& value, const std::string& at, std::vector<std::string>& paths) {
  if (!at.empty()) paths.push_back(at);
  if (!value.is_object()) return;
  for (const auto& member : value.as_object())
    collect_paths(member.value(), at + "/" + std::string(member.key()), paths);
}

}  // namespace

TEST_CASE("the victim's object opens, and is rotated within its bounds") {
  const Target target;
  CHECK(target.send("/v1/verify", victim()).status == 200);
  const auto answer = target.send("/v1/rotate", victim());
  REQUIRE(answer.status == 200);
  check_bound_to_victim(answer);
}

TEST_CASE("CVE-2026-22728: rotate does not widen the scope for annotations in the template") {
  const Target target;
  for (const auto* name : {"cluster-wide", "namespace-wide"}) {
    for (const auto* value : {"true", "True", "1"}) {
      Json object = victim();
      object.at("spec").at("template").at("metadata").as_object()["annotations"] = {
          {"sealedsecrets.bitnami.com/" + std::string(name), value}};
      const auto answer = target.send("/v1/rotate", object);
      REQUIRE(answer.status == 200);
      check_bound_to_victim(answer);
      CHECK(answer.body.find("-wide") == std::string::npos);
    }
  }
}

TEST_CASE("a template is no oracle: whatever it asks of the plaintext, the answer is the same") {
  const Target target;
  const std::string right = R"({{ if hasPrefix "hunter2" .password }}{{ fail "y" }}{{ end }})";
  const std::string wrong = R"({{ if hasPrefix "zunter2" .password }}{{ fail "y" }}{{ end }})";
  for (const auto& program : {right, wrong, std::string("{{"), std::string("{{ nosuch }}"),
                              std::string("{{ .password }}"),
                              std::string(R"({{ range $i, $e := until 99999999 }}x{{ end }})")}) {
    CAPTURE(program);
    CHECK(fingerprint_of(target.send("/v1/verify", with_template_data(program))) ==
          fingerprint_of(target.send("/v1/verify", victim())));
  }
  const auto guessed = target.send("/v1/rotate", with_template_data(right));
  const auto missed = target.send("/v1/rotate", with_template_data(wrong));
  REQUIRE(guessed.status == 200);
  CHECK(missed.status == 200);
  CHECK(guessed.body.size() == missed.body.size());
  const auto out = kube::parse_json(guessed.body).value();
  CHECK(out.at("spec").at("encryptedData").as_object().size() == 1);
  CHECK(text_at(out, "spec.template.data.probe") == right);
  check_bound_to_victim(guessed);
}

TEST_CASE("whatever does not open is answered in one way, to the byte") {
  const Target target;
  const std::string good = text_at(victim(), "spec.encryptedData.password");
  const auto with_item = [](const std::string& base64) {
    Json object = victim();
    object.at("spec").at("encryptedData").as_object()["password"] = base64;
    return object;
  };
  const auto raw = decode_base64(good).value();
  std::vector<Json> failures;
  // Wrong RSA part, wrong tag, wrong length field, cut anywhere, empty, no base64.
  for (const std::size_t at : {0UL, 1UL, 2UL, 100UL, 514UL, raw.size() - 1}) {
    auto flipped = raw;
    flipped.at(at) ^= 1;
    failures.push_back(with_item(encode_base64(flipped)));
  }
  for (const std::size_t size : {0UL, 1UL, 2UL, 513UL, 514UL, raw.size() - 1})
    failures.push_back(with_item(encode_base64(std::span(raw).first(size))));
  failures.push_back(with_item("!"));
  failures.push_back(with_item(std::string(plaintext)));
  for (const auto* field : {"name", "namespace"}) {
    Json moved = victim();
    moved.at("metadata").as_object()[field] = "mine";
    failures.push_back(moved);
    moved.at("metadata").as_object().erase(field);
    failures.push_back(moved);
  }
  for (const auto* wide : {"cluster-wide", "namespace-wide"}) {
    Json widened = victim();
    widened.at("metadata").as_object()["annotations"] = {
        {"sealedsecrets.bitnami.com/" + std::string(wide), "true"}};
    failures.push_back(widened);
  }
  Json second = victim();
  second.at("spec").at("encryptedData").as_object()["more"] = "AgAA";
  failures.push_back(second);
  Json deprecated = victim();
  deprecated.at("spec").as_object()["data"] = good;
  failures.push_back(deprecated);

  for (const auto* path : endpoints_of_sealed) {
    CAPTURE(path);
    std::set<std::string> answers;
    for (const auto& object : failures) {
      const auto answer = target.send(path, object);
      CHECK(answer.status == 409);
      answers.insert(fingerprint_of(answer));
    }
    CHECK(answers.size() == 1);
    CHECK(answers.begin()->find("Content-Length: 0\n") != std::string::npos);
  }
}

TEST_CASE("no tampered field moves the victim's secret or breaks the server") {
  const Target target;
  Json full = victim();
  full.at("metadata").as_object()["labels"] = {{"l", "v"}};
  full.at("metadata").as_object()["annotations"] = {{"a", "v"}};
  full.at("metadata").as_object()["generateName"] = "g";
  auto& inner = full.at("spec").at("template").as_object();
  inner["type"] = "Opaque";
  inner["immutable"] = true;
  inner["data"] = {{"conf", "{{ .password }}"}};
  full.as_object()["status"] = {{"observedGeneration", 1}};
  std::vector<std::string> paths;
  collect_paths(full, "", paths);
  const std::vector<Json> values = {nullptr,
                                    7,
                                    true,
                                    "",
                                    "x",
                                    "../a",
                                    "prod/db",
                                    JsonArray{},
                                    "{{ . }}",
                                    JsonObject{},
                                    JsonObject{{"x", 1}},
                                    JsonArray{"x"},
                                    "prod",
                                    "db"};
  for (const auto& path : paths) {
    for (const auto& value : values) {
      CAPTURE(path);
      Json object = full;
      object.at_pointer(path) = value;
      for (const auto* endpoint : endpoints_of_sealed) {
        const auto answer = target.send(endpoint, object);
        const bool known = answer.status == 200 || answer.status == 400 || answer.status == 409;
        CHECK(known);
        CHECK(answer.body.find(plaintext) == std::string::npos);
        if (answer.status == 400) CHECK(answer.body.find('\n') == answer.body.size() - 1);
        const bool rotated = answer.status == 200 && endpoint == endpoints_of_sealed[1];
        const bool has_items = object.at_pointer("/spec").is_object() &&
                               text_at(object, "spec.encryptedData.password").size() > 10;
        if (rotated && has_items) check_bound_to_victim(answer);
      }
    }
  }
}

TEST_CASE("bodies that are too much are refused in good time") {
  const Target target;
  const std::string nested = std::string(100'000, '[');
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name <= 'j'; ++name) {
    const char before = static_cast<char>(name - 1);
    bomb += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i == 0 ? "*" : ",*") + before;
    bomb += "]\n";
  }
  Json many = victim();
  for (std::size_t i = 0; i < limits::request_items_max; ++i)
    many.at("spec").at("encryptedData").as_object()["i" + std::to_string(i)] = "AgAA";
  for (const auto* path : endpoints_of_sealed) {
    CAPTURE(path);
    CHECK(target.http_post(path, nested).status == 400);
    CHECK(target.http_post(path, bomb).status == 400);
    CHECK(target.send(path, many).status == 400);
    // A body that never comes: the length alone is enough to be refused.
    const auto giant = http_exchange(
        target.replica_port(), "POST " + std::string(path) +
                                   " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    CHECK(giant.status == 413);
  }
}

TEST_CASE("who dawdles with a body makes room for the next, of the same client too") {
  const Target target;
  net::io_context io;
  std::vector<net::ip::tcp::socket> slow;
  for (std::size_t i = 0; i < limits::requests_at_once_per_client_max; ++i) {
    slow.emplace_back(io);
    slow.back().connect({net::ip::make_address("127.0.0.1"), target.replica_port()});
    net::write(slow.back(), net::buffer(std::string(
                                "POST /v1/verify HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                "Content-Length: 1000\r\n\r\n")));
    std::string told(25, ' ');  // let in: from now on it holds a place
    net::read(slow.back(), net::buffer(told));
    CHECK(told.starts_with("HTTP/1.1 100"));
  }
  CHECK(target.send("/v1/verify", victim()).status == 200);
  CHECK(target.http_get("/healthz").status == 200);
  CHECK(target.http_get("/v1/cert.pem").status == 200);
  std::string told(12, ' ');
  net::read(slow.front(), net::buffer(told));
  CHECK(told == "HTTP/1.1 503");
  CHECK(slow.back().available() == 0);
}

TEST_CASE("a flood is refused, whatever its headers say, and reconciling goes on") {
  World::Settings settings;
  settings.options.rate_limit = 1;
  settings.options.rate_limit_burst = 1;
  World world(settings);
  REQUIRE(world.ask_until([&] { return world.http_get("/v1/cert.pem").status == 200; }));
  // As many items as make two of those requests: one such object every other second.
  Json object = victim();
  auto& items = object.at("spec").at("encryptedData").as_object();
  const Json item = items.at("password");
  for (int i = 0; i < 2 * operations_per_request; ++i) items["i" + std::to_string(i)] = item;
  const auto body = std::string(kube::serialize_json(object).expose_secret_text());
  std::map<unsigned, int> statuses;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    const auto answer = http_exchange(
        world.replica_port(),
        "POST /v1/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 10.0.0." +
            std::to_string(i) + "\r\nX-Real-Ip: 10.0.1." + std::to_string(i) +
            "\r\nForwarded: for=10.0.2." + std::to_string(i) +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    ++statuses[answer.status];
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  CHECK(statuses[200] <= 2 + taken.count() + 1);
  CHECK(statuses[429] > 0);
  CHECK(statuses[200] + statuses[429] == 50);
  world.let_the_queue_drain();
}

}  // namespace bulla::test
