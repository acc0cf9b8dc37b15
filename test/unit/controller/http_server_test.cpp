// SPDX-License-Identifier: Apache-2.0
#include "controller/http_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/read_until.hpp>
#include <string>

#include "base/limits.hpp"
#include "controller/endpoints.hpp"
#include "json_text.hpp"
#include "serving.hpp"

namespace bulla::test {

namespace {

HttpService::Handler echo() {
  return [](HttpRequest request) -> net::awaitable<HttpReply> {
    HttpReply reply;
    reply.body =
        request.method + " " + request.path + " " + std::string(request.body.expose_secret_text());
    co_return reply;
  };
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("addresses are read as Go reads them") {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  for (const auto& c : {Case{":8080", "", 8080}, Case{"127.0.0.1:0", "127.0.0.1", 0},
                        Case{"[::1]:81", "::1", 81}, Case{"localhost:65535", "localhost", 65535}}) {
    CAPTURE(c.text);
    const auto address = parse_listen_address(c.text);
    REQUIRE(address.has_value());
    CHECK(address->host == c.host);
    CHECK(address->port == c.port);
  }
  for (const char* bad : {"", "8080", "::1:80", ":", ":x", ":65536", ":-1", "host:"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_listen_address(bad).has_value());
  }
}

TEST_CASE("a port that is taken is an error that names the address") {
  Serving serving(echo());
  net::io_context io;
  const std::string address = "127.0.0.1:" + std::to_string(serving.port);
  const auto second = HttpServer::listen(io.get_executor(), address, {}, echo());
  REQUIRE_FALSE(second.has_value());
  CHECK(has(second.error().message, "listen tcp " + address));
}

TEST_CASE("requests reach the handler, one after another on one connection") {
  Serving serving(echo());
  const auto answer = serving.exchange(
      "POST /a?q=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(has(answer, "POST /a hi"));
  CHECK(has(answer, "GET /b "));
}

TEST_CASE("the answer to HEAD has the length and no body") {
  Serving serving(echo());
  const auto answer = serving.get("/abc", "HEAD");
  CHECK(has(answer, "Content-Length: 10\r\n"));
  CHECK(body_of(answer).empty());
}

TEST_CASE("what is too large or malformed is refused") {
  Serving serving(echo());
  const std::string big = std::to_string(limits::request_body_bytes_max + 1);
  CHECK(has(serving.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + big + "\r\n\r\n"),
            "HTTP/1.1 413 "));
  CHECK(has(serving.exchange("GET / HTTP/1.1\r\nHost: x\r\nX: " +
                             std::string(limits::request_header_bytes_max, 'x') + "\r\n\r\n"),
            "HTTP/1.1 431 "));
  CHECK(has(serving.exchange("nonsense\r\n\r\n"), "HTTP/1.1 400 "));
}

TEST_CASE("a client that sends nothing is let go") {
  Serving serving(echo(), {.read_timeout = std::chrono::milliseconds(20)});
  CHECK(serving.exchange("GET / HTT").empty());
}

namespace {

void ask(tcp::socket& socket, const std::string& path = "/") {
  net::write(socket, net::buffer("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
}

/// The status of the next answer; 0 when the server closed instead.
unsigned status_of_next(tcp::socket& socket) {
  std::string answer;
  boost::system::error_code failed;
  net::read_until(socket, net::dynamic_buffer(answer), "\r\n\r\n", failed);
  return failed ? 0 : static_cast<unsigned>(std::stoul(answer.substr(9, 3)));
}

}  // namespace

TEST_CASE("where connections are many, the one that is idle longest makes room") {
  struct Case {
    const char* name;
    HttpServerOptions options;
  };
  for (const auto& c : {Case{"in all", {.connections_max = 3}},
                        Case{"of one client", {.connections_per_client_max = 3}}}) {
    CAPTURE(c.name);
    Serving serving(echo(), c.options);
    std::vector<tcp::socket> held;
    for (int i = 0; i < 3; ++i) {
      held.push_back(serving.connect());
      ask(held.back());
      CHECK(status_of_next(held.back()) == 200);
    }
    auto another = serving.connect();
    ask(another);
    CHECK(status_of_next(another) == 200);
    ask(held[1]);
    CHECK(status_of_next(held[1]) == 200);
    CHECK(status_of_next(held[0]) == 0);
  }
}

TEST_CASE("what a client may send is decided before its body is read") {
  auto refuse = [](const HttpHead& head) {
    Admission admission;
    admission.headers = {{"X-Client", head.client}};
    if (head.path == "/no") admission.refusal = HttpReply{429, {}, "no\n", {}};
    if (head.path == "/small") admission.body_bytes_max = 1;
    return admission;
  };
  Serving serving(HttpService(refuse, echo()));
  const std::string length = "Host: x\r\nContent-Length: 1000000\r\n\r\n";
  const auto refused = serving.exchange("POST /no HTTP/1.1\r\n" + length);
  CHECK(has(refused, "HTTP/1.1 429 "));
  CHECK(has(refused, "X-Client: 127.0.0.1\r\n"));
  CHECK(has(refused, "Connection: close\r\n"));
  CHECK(has(serving.exchange("POST /small HTTP/1.1\r\n" + length), "HTTP/1.1 413 "));
  CHECK(has(serving.exchange("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
                             "\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
            "HTTP/1.1 413 "));
  CHECK(has(serving.get("/small"), "HTTP/1.1 200 "));
}

TEST_CASE("a client that asks first is told to go on, or not") {
  auto refuse = [](const HttpHead& head) {
    Admission admission;
    if (head.path == "/no") admission.refusal = HttpReply{429, {}, "no\n", {}};
    return admission;
  };
  Serving serving(HttpService(refuse, echo()));
  const std::string rest =
      " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close"
      "\r\nContent-Length: 2\r\n\r\n";
  CHECK(serving.exchange("POST /no" + rest).starts_with("HTTP/1.1 429 "));
  const auto answer = serving.exchange("POST /yes" + rest + "hi");
  CHECK(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
}

namespace {

/// The endpoints of a controller without objects.
struct Endpoints {
  Metrics metrics;
  std::optional<Certificate> newest;
  std::atomic<bool> ready = false;
  std::atomic<bool> healthy = true;
  SealedRequests sealed{{[] { return std::make_shared<const Keyring>(); },
                         [] { return Keyring::Entry(); },
                         true,
                         {.per_second = 1, .burst = 1}}};
  Serving serving{public_endpoints({[this] { return newest; }, [this] { return ready.load(); },
                                    [this] { return healthy.load(); }, sealed, metrics})};
};

}  // namespace

TEST_CASE("the endpoints answer as the reference's") {
  Endpoints endpoints;
  Serving& serving = endpoints.serving;

  const auto health = serving.get("/healthz");
  CHECK(has(health, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(health, "Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK(body_of(health) == "ok\n");

  for (const auto* path : {"/nope", "/"}) {
    const auto none = serving.get(path);
    CHECK(has(none, "HTTP/1.1 404 Not Found\r\n"));
    CHECK(has(none, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(body_of(none) == "404 page not found\n");
  }
  CHECK(has(serving.get("/v1/cert.pem"), "HTTP/1.1 503 "));
  CHECK(has(serving.get("/v1/cert.pem", "DELETE"), "HTTP/1.1 405 "));
  CHECK(has(serving.get("/v1/verify"), "HTTP/1.1 405 "));
  CHECK(has(serving.get("/v1/verify"), "Allow: POST\r\n"));
}

TEST_CASE("ready is not the same as alive") {
  Endpoints endpoints;
  const auto early = endpoints.serving.get("/readyz");
  CHECK(has(early, "HTTP/1.1 503 "));
  CHECK(body_of(early) == "not ready\n");
  CHECK(has(endpoints.serving.get("/healthz"), "HTTP/1.1 200 "));
  endpoints.ready = true;
  CHECK(has(endpoints.serving.get("/readyz"), "HTTP/1.1 200 "));
  endpoints.healthy = false;
  const auto ill = endpoints.serving.get("/healthz");
  CHECK(has(ill, "HTTP/1.1 503 "));
  CHECK(body_of(ill).starts_with("not healthy: "));
}

TEST_CASE("without a key, verify and rotate say so, and no header dodges their rate") {
  Endpoints endpoints;
  for (const auto* path : {"/v1/verify", "/v1/rotate"}) {
    const auto post = [&](const char* who) {
      return endpoints.serving.exchange("POST " + std::string(path) +
                                        " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                        "X-Forwarded-For: " +
                                        who + "\r\nContent-Length: 2\r\n\r\n{}");
    };
    CHECK(has(post("1.2.3.4"), "HTTP/1.1 503 "));
    CHECK(has(post("1.2.3.5"), "HTTP/1.1 503 "));
    const auto refused = post("1.2.3.6");
    CHECK(has(refused, "HTTP/1.1 429 "));
    CHECK(has(refused, "Retry-After: 1\r\n"));
  }
  CHECK(has(endpoints.metrics.text(),
            "http_requests_total{code=\"429\",method=\"post\",path=\"/v1/rotate\"} 1\n"));
}

TEST_CASE("the certificate is served by GET and HEAD, and counted") {
  Endpoints endpoints;
  const auto pem = read_file(std::string(BULLA_TEST_DATA) + "/keys/rsa2048-a.crt", limits::mib);
  const auto certificate = Certificate::from_pem(pem.value().expose_secret_text()).value();
  endpoints.newest = certificate;
  Serving& serving = endpoints.serving;
  const Metrics& metrics = endpoints.metrics;

  const auto answer = serving.get("/v1/cert.pem");
  CHECK(has(answer, "Content-Type: application/x-pem-file\r\n"));
  CHECK(body_of(answer) == certificate.pem());
  const auto head = serving.get("/v1/cert.pem", "HEAD");
  CHECK(has(head, "Content-Length: " + std::to_string(certificate.pem().size()) + "\r\n"));
  CHECK(body_of(head).empty());
  CHECK(has(metrics.text(),
            "http_requests_total{code=\"200\",method=\"head\",path=\"/v1/cert.pem\"} 1\n"));

  Serving of_metrics(metrics_endpoint(metrics, [] {}));
  CHECK(has(of_metrics.get("/metrics"), "sealed_secrets_controller_build_info"));
  CHECK(has(of_metrics.get("/other"), "HTTP/1.1 404 "));
}

}  // namespace bulla::test
