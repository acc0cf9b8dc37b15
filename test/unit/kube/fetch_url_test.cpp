// SPDX-License-Identifier: Apache-2.0
#include "kube/fetch_url.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "api_server.hpp"
#include "place.hpp"
#include "tiny_proxy.hpp"
#include "tiny_server.hpp"

namespace bulla::kube {
namespace {

using test::http_answer;
using test::Place;
using test::Seen;
using test::TinyProxy;
using test::TinyServer;

}  // namespace

TEST_CASE("fetch_url follows redirects, a bounded number of them") {
  TinyServer server([](const Seen& request, std::size_t) {
    if (request.head.starts_with("GET /cert ")) return http_answer(200, "PEM");
    const bool loops = request.head.starts_with("GET /loop ");
    return http_answer(302, "", loops ? "Location: /loop\r\n" : "Location: /cert\r\n");
  });
  CHECK(*fetch_url(server.url() + "/start") == "PEM");
  CHECK(fetch_url(server.url() + "/loop").error().message ==
        "Get \"" + server.url() + "/loop\": stopped after 10 redirects");
  CHECK(server.seen().size() == 12);  // two, and the ten that Go's http.Client makes
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

TEST_CASE("fetch_url sends the URL's user, and tells no password") {
  TinyServer server([](const Seen&, std::size_t) { return http_answer(500, ""); });
  const auto port = server.url().substr(server.url().rfind(':'));
  const auto answer = fetch_url("http://us%65r:s3cret@127.0.0.1" + port + "/c?x=1");
  CHECK(answer.error().message ==
        "cannot fetch \"http://xxxxx@127.0.0.1" + port + "/c?x=1\": 500 Some Reason");
  const auto head = server.seen().at(0).head;
  CHECK(head.starts_with("GET /c?x=1 HTTP/1.1\r\nHost: 127.0.0.1" + port + "\r\n"));
  CHECK(head.find("\r\nAuthorization: Basic dXNlcjpzM2NyZXQ=\r\n") != std::string::npos);
}

TEST_CASE("fetch_url escapes what can't stand in a request's line") {
  TinyServer server([](const Seen&, std::size_t) { return http_answer(200, "PEM"); });
  CHECK(*fetch_url(server.url() + "/a b/\xC3\xA4%20c.pem") == "PEM");
  CHECK(server.seen().at(0).head.starts_with("GET /a%20b/%C3%A4%20c.pem HTTP/1.1\r\n"));
}

TEST_CASE("fetch_url stops at its bounds of size and time") {
  TinyServer server([](const Seen& request, std::size_t) {
    if (request.head.starts_with("GET /big ")) return http_answer(200, std::string(11, 'x'));
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxx");  // and no more
  });
  FetchOptions options;
  options.bytes_max = 10;
  options.timeout = std::chrono::milliseconds(50);
  CHECK(fetch_url(server.url() + "/big", options).error().message ==
        "Get \"" + server.url() + "/big\": the answer is larger than 10 bytes");
  CHECK(fetch_url(server.url() + "/slow", options).error().code == Errc::unavailable);
}

TEST_CASE("fetch_url goes through the environment's proxy") {
  Place place;
  TinyProxy proxy({});
  TinyServer server([](const Seen&, std::size_t) { return http_answer(200, "PEM"); });
  place.variables["HTTP_PROXY"] = proxy.address();
  FetchOptions options;
  options.environment = place.environment();
  const auto port = server.url().substr(server.url().rfind(':'));
  CHECK(*fetch_url("http://certs.example.invalid" + port + "/c", options) == "PEM");
  CHECK(proxy.seen().at(0).starts_with("GET http://certs.example.invalid" + port + "/c HTTP/1.1"));
  CHECK(*fetch_url(server.url() + "/c", options) == "PEM");  // loopback is never proxied
  CHECK(proxy.seen().size() == 1);
}

TEST_CASE("https is verified with the system's certificates") {
  test::ApiServer server;
  const auto url = server.url() + "/healthz";
  Place place;
  CHECK(fetch_url(url).error().message.find("signed by unknown authority") != std::string::npos);
  ::setenv("SSL_CERT_FILE", place.write("ca.pem", server.ca_certificate_pem()).c_str(), 1);
  const auto trusted = fetch_url(url);
  ::unsetenv("SSL_CERT_FILE");
  const auto message = trusted ? "" : trusted.error().message;
  CHECK(message.find("tls") == std::string::npos);  // whatever the server thinks of us
}

}  // namespace bulla::kube
