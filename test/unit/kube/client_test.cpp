// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "kube/blocking.hpp"
#include "tiny_server.hpp"

namespace bulla::kube {
namespace {

using test::http_answer;
using test::Seen;
using test::TinyServer;

BlockingClient client_of(const TinyServer& server, Patience patience = {}) {
  ClientConfig config;
  config.server = server.url() + "/prefix/";
  auto client = BlockingClient::create(std::move(config), "kubeseal/0.1.0", std::move(patience));
  REQUIRE(client.has_value());
  return std::move(*client);
}

/// A clock that only waits move.
struct Waited {
  std::vector<int> seconds = {};
  Patience::Time time{std::chrono::hours(1)};

  [[nodiscard]] Patience patience() {
    Patience patience;
    patience.now = [this] { return time; };
    patience.wait = [this](std::chrono::seconds wait) {
      seconds.push_back(static_cast<int>(wait.count()));
      time += wait;
    };
    return patience;
  }
};

std::string later(unsigned status, const std::string& seconds) {
  return http_answer(status, "limit exceeded", "Retry-After: " + seconds + "\r\n");
}

}  // namespace

TEST_CASE("a server that asks for a pause gets it, and is asked again") {
  for (const unsigned status : {429U, 500U, 502U, 503U, 504U}) {
    CAPTURE(status);
    TinyServer server([status](const Seen&, std::size_t number) {
      return number < 3 ? later(status, std::to_string(number)) : http_answer(200, "{}");
    });
    Waited waited;
    auto client = client_of(server, waited.patience());
    CHECK(client.send(Request::with_json(Method::post, "/x", {{"k", "v"}})).has_value());
    CHECK(waited.seconds == std::vector<int>{0, 1, 2});
    const auto seen = server.seen();
    REQUIRE(seen.size() == 4);
    CHECK(seen[3].head == seen[0].head);
    CHECK(seen[3].body == R"({"k":"v"})");
  }
}

TEST_CASE("who says no, or does not say when, is not asked again") {
  for (const auto& answer :
       {later(400, "1"), later(404, "1"), later(409, "1"), http_answer(429, "limit exceeded"),
        http_answer(503, ""), later(429, "soon"), later(503, "-1")}) {
    CAPTURE(answer);
    TinyServer server([&answer](const Seen&, std::size_t) { return answer; });
    Waited waited;
    CHECK_FALSE(client_of(server, waited.patience()).send(Request::get("/a")).has_value());
    CHECK(waited.seconds.empty());
    CHECK(server.seen().size() == 1);
  }
}

TEST_CASE("patience ends: after ten waits, and before a wait that would take too long") {
  Waited waited;
  const auto hint_after = [&](const std::string& seconds, Patience patience) {
    TinyServer server([&](const Seen&, std::size_t) { return later(503, seconds); });
    waited.seconds.clear();
    const auto answer = client_of(server, std::move(patience)).send(Request::get("/a"));
    REQUIRE_FALSE(answer.has_value());
    CHECK(server.seen().size() == waited.seconds.size() + 1);
    return answer.error().hints.back();
  };
  CHECK(hint_after("1", waited.patience()) == "asked 11 times within 10 s");
  CHECK(hint_after("60", waited.patience()) == "asked 6 times within 300 s");
  CHECK(hint_after("3600", waited.patience()) == "the server asks to try again in 3600 s");
  auto short_patience = waited.patience();
  short_patience.time_max = std::chrono::seconds(3);
  CHECK(hint_after("2", short_patience) == "asked 2 times within 2 s");
}

TEST_CASE("requests of one client share a connection and say who asks") {
  TinyServer server([](const Seen&, std::size_t) { return http_answer(200, "{}"); });
  auto client = client_of(server);
  auto request = Request::get("/api/v1/secrets");
  request.query = {{"labelSelector", "a=b,c"}};
  CHECK(client.send(std::move(request)).has_value());
  CHECK(client.send(Request::with_json(Method::post, "/x", {{"k", "v"}})).has_value());
  const auto seen = server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(server.connections() == 1);
  CHECK(
      seen[0].head.starts_with("GET /prefix/api/v1/secrets?labelSelector=a%3Db%2Cc HTTP/1.1\r\n"));
  CHECK(seen[0].head.find("User-Agent: kubeseal/0.1.0\r\n") != std::string::npos);
  CHECK(seen[0].head.find("Accept: application/json\r\n") != std::string::npos);
  CHECK(seen[1].head.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(seen[1].body == R"({"k":"v"})");
}

TEST_CASE("a kept connection that died is replaced for reads, and never for writes") {
  // The second request of the first connection gets no answer at all.
  TinyServer server([](const Seen&, std::size_t number) {
    return number == 1 ? std::string() : http_answer(200, "{}");
  });
  SUBCASE("GET is sent again") {
    auto client = client_of(server);
    CHECK(client.send(Request::get("/a")).has_value());
    CHECK(client.send(Request::get("/b")).has_value());
    CHECK(server.seen().size() == 3);
    CHECK(server.connections() == 2);
  }
  SUBCASE("POST is not") {
    auto client = client_of(server);
    CHECK(client.send(Request::get("/a")).has_value());
    const auto answer = client.send(Request::with_json(Method::post, "/b", nullptr));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::unavailable);
    CHECK(server.seen().size() == 2);
  }
}

TEST_CASE("chunks, and answers that end with the connection, arrive whole") {
  TinyServer server([](const Seen&, std::size_t number) -> std::string {
    if (number > 0) return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end";
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  });
  auto client = client_of(server);
  CHECK(client.send(Request::get("/a"))->body.expose_secret_text() == "abcde");
  CHECK(client.send(Request::get("/b"))->body.expose_secret_text() == "to the end");
}

TEST_CASE("nonsense, a cut answer and silence are errors that name the request") {
  const char* answers[] = {"nonsense\r\n\r\n", "",
                           "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nab"};
  for (const char* answer : answers) {
    CAPTURE(answer);
    TinyServer server([answer](const Seen&, std::size_t) { return std::string(answer); });
    const auto result = client_of(server).send(Request::get("/a"));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::unavailable);
    CHECK(result.error().message.starts_with("Get \"" + server.url() + "/prefix/a\": "));
  }
}

TEST_CASE("interim answers are passed over, and bounded") {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (const auto& before : {go_on, hints, go_on + hints, hints + hints + hints + hints + hints}) {
    CAPTURE(before);
    TinyServer server([&](const Seen&, std::size_t) { return before + answer; });
    auto client = client_of(server);
    for (int i = 0; i < 2; ++i) {
      const auto got = client.send(Request::get("/a"));
      REQUIRE(got.has_value());
      CHECK(got->status == 200);
      CHECK(got->body.expose_secret_text() == "hello");
    }
    CHECK(server.connections() == 1);
  }

  TinyServer endless([&](const Seen&, std::size_t) {
    return hints + hints + hints + hints + hints + hints + answer;
  });
  const auto got = client_of(endless).send(Request::get("/a"));
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().message.ends_with("the server sends one interim answer after the other"));
}

TEST_CASE("a header without end is bounded") {
  TinyServer server([](const Seen&, std::size_t) {
    return "HTTP/1.1 200 OK\r\nX: " + std::string(limits::response_header_bytes_max, 'x') + "\r\n";
  });
  CHECK_FALSE(client_of(server).send(Request::get("/a")).has_value());
}

TEST_CASE("a refused connection is told as kubectl tells it") {
  ClientConfig config;
  config.server = "http://127.0.0.1:1";
  auto client = BlockingClient::create(std::move(config), "t/1");
  REQUIRE(client.has_value());
  CHECK(client->send(Request::get("/api")).error().message ==
        "Get \"http://127.0.0.1:1/api\": dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST_CASE("the first port of a service is found by name") {
  TinyServer server([](const Seen&, std::size_t) {
    return http_answer(200, R"({"spec":{"ports":[{"name":"web"},{"name":"x"}]}})");
  });
  auto client = client_of(server);
  CHECK(*client.service_port_name("infra", "ss") == "web");
  CHECK(server.seen()[0].head.starts_with("GET /prefix/api/v1/namespaces/infra/services/ss "));
}

TEST_CASE("whom to impersonate goes into headers, each value its own") {
  TinyServer server([](const Seen&, std::size_t) { return http_answer(200, "{}"); });
  ClientConfig config;
  config.server = server.url();
  config.token = SecretBuffer::copy_of("s3cret");
  config.as_user = "jane";
  config.as_uid = "7";
  config.as_groups = {"g", "h"};
  config.as_user_extra = {{"example.com/scopes", "a b"}, {"plain", "c"}};
  auto client = BlockingClient::create(std::move(config), "t/1");
  REQUIRE(client.has_value());
  CHECK(client->send(Request::get("/a")).has_value());
  const auto head = server.seen().at(0).head;
  // The escaping is client-go's: all but the characters of a header's name.
  CHECK(head.find("\r\nImpersonate-User: jane\r\nImpersonate-Group: g\r\n"
                  "Impersonate-Group: h\r\nImpersonate-Uid: 7\r\n"
                  "Impersonate-Extra-example.com%2Fscopes: a b\r\n"
                  "Impersonate-Extra-plain: c\r\n") != std::string::npos);
  CHECK(head.find("s3cret") == std::string::npos);  // nothing secret over plain http
}

}  // namespace bulla::kube
