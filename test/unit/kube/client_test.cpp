// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "kube/blocking.hpp"
#include "tiny_server.hpp"

namespace bulla::kube {
namespace {

using test::http_answer;
using test::Seen;
using test::TinyServer;

BlockingClient client_of(const TinyServer& server) {
  ClientConfig config;
  config.server = server.url() + "/prefix/";
  auto client = BlockingClient::create(std::move(config), "kubeseal/0.1.0");
  REQUIRE(client.has_value());
  return std::move(*client);
}

}  // namespace

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

TEST_CASE("fetch_url follows redirects, a bounded number of them") {
  TinyServer server([](const Seen& request, std::size_t) {
    if (request.head.starts_with("GET /cert ")) return http_answer(200, "PEM");
    const bool loops = request.head.starts_with("GET /loop ");
    return http_answer(302, "", loops ? "Location: /loop\r\n" : "Location: /cert\r\n");
  });
  CHECK(*fetch_url(server.url() + "/start") == "PEM");
  CHECK(fetch_url(server.url() + "/loop").error().message.ends_with("stopped after 10 redirects"));
}

TEST_CASE("fetch_url tells what went wrong as the reference does") {
  TinyServer server([](const Seen&, std::size_t) {
    return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  });
  const auto url = server.url() + "/x.pem";
  CHECK(fetch_url(url).error().message == "cannot fetch \"" + url + "\": 404 Not Found");
  CHECK(fetch_url("ftp://example.invalid/x").error().message ==
        "Get \"ftp://example.invalid/x\": unsupported protocol scheme \"ftp\"");
  CHECK(fetch_url("http://127.0.0.1:1/cert.pem").error().message ==
        "Get \"http://127.0.0.1:1/cert.pem\": dial tcp 127.0.0.1:1: connect: connection refused");
}

}  // namespace bulla::kube
