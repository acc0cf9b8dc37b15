// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "api_server.hpp"
#include "kube/blocking.hpp"
#include "tiny_proxy.hpp"
#include "tiny_server.hpp"
#include "tls_identity.hpp"

namespace bulla::kube {
namespace {

using test::ApiServer;
using test::http_answer;
using test::Seen;
using test::TinyProxy;
using test::TinyServer;

ClientConfig config_for(const ApiServer& server, const std::string& proxy_url) {
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.token = SecretBuffer::copy_of(server.token());
  config.proxy_url = proxy_url;
  return config;
}

/// "" if the request got its answer, else the error.
std::string try_version(ClientConfig config) {
  auto client = BlockingClient::create(std::move(config), "t/1");
  if (!client) return client.error().message;
  auto answer = client->send(Request::get("/version"));
  return answer ? "" : answer.error().message;
}

}  // namespace

TEST_CASE("an https server is reached by CONNECT, and the proxy sees no credential of it") {
  ApiServer server;
  TinyProxy proxy({});
  auto config = config_for(server, "http://us%65r:p%40ss@" + proxy.address());
  // A name that only the proxy knows: it is not looked up here.
  config.server = "https://api.example.invalid:" + std::to_string(server.port());
  config.tls_server_name = "localhost";
  CHECK(try_version(std::move(config)) == "");
  const auto seen = proxy.seen();
  REQUIRE(seen.size() == 1);
  const auto host = "api.example.invalid:" + std::to_string(server.port());
  CHECK(seen[0] == "CONNECT " + host + " HTTP/1.1\r\nHost: " + host +
                       "\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n");  // user:p@ss
}

TEST_CASE("an http server's requests are handed to the proxy in absolute form") {
  TinyServer server([](const Seen&, std::size_t) { return http_answer(200, "{}"); });
  TinyProxy proxy({});
  ClientConfig config;
  config.server = server.url() + "/prefix";
  config.proxy_url = "http://u:p@" + proxy.address();
  CHECK(try_version(std::move(config)) == "");
  const auto head = server.seen().at(0).head;
  CHECK(head.starts_with("GET " + server.url() + "/prefix/version HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(head.find("\r\nProxy-Authorization: Basic dTpw\r\n") != std::string::npos);
}

TEST_CASE("an https proxy is spoken to in TLS, and the server's TLS runs inside") {
  ApiServer server;
  const auto identity = test::make_tls_identity();
  TinyProxy proxy(
      {.certificate_pem = identity.certificate_pem, .private_key_pem = identity.private_key_pem});
  auto trusting = config_for(server, "https://" + proxy.address());
  trusting.ca_pem += identity.ca_certificate_pem;
  CHECK(try_version(std::move(trusting)) == "");
  REQUIRE(proxy.seen().size() == 1);
  CHECK(proxy.seen()[0].starts_with("CONNECT 127.0.0.1:"));

  const auto failure = try_version(config_for(server, "https://" + proxy.address()));
  CHECK(failure == "Get \"" + server.url() +
                       "/version\": proxyconnect tcp: tls: failed to verify certificate: x509: "
                       "certificate signed by unknown authority");
}

TEST_CASE("SOCKS 5, with and without a user") {
  ApiServer server;
  SUBCASE("the proxy looks names up") {
    TinyProxy proxy({.socks = true});
    auto config = config_for(server, "socks5://" + proxy.address());
    config.server = "https://api.example.invalid:" + std::to_string(server.port());
    config.tls_server_name = "localhost";
    CHECK(try_version(std::move(config)) == "");
    CHECK(proxy.seen() ==
          std::vector<std::string>{"SOCKS api.example.invalid:" + std::to_string(server.port())});
  }
  SUBCASE("addresses stay addresses") {
    TinyProxy proxy({.socks = true});
    CHECK(try_version(config_for(server, "socks5://" + proxy.address())) == "");
    CHECK(proxy.seen().at(0).starts_with("SOCKS address:"));
  }
  SUBCASE("a user is asked for") {
    TinyProxy proxy({.socks = true, .user = "u", .password = "p"});
    CHECK(try_version(config_for(server, "socks5://u:p@" + proxy.address())) == "");
    const auto wrong = try_version(config_for(server, "socks5://u:s3cret@" + proxy.address()));
    CHECK(wrong.ends_with("the proxy " + proxy.address() +
                          ": it refuses the user name and password"));
    const auto missing = try_version(config_for(server, "socks5://" + proxy.address()));
    CHECK(missing.ends_with("it accepts no way to log in that we have"));
  }
  SUBCASE("nobody listens behind it") {
    TinyProxy proxy({.socks = true});
    auto config = config_for(server, "socks5://" + proxy.address());
    config.server = "https://127.0.0.1:1";
    CHECK(try_version(std::move(config))
              .ends_with("the proxy " + proxy.address() + ": it answers: connection refused"));
  }
}

TEST_CASE("a proxy that refuses, is no proxy, or is not there is told by its address") {
  ApiServer server;
  struct Case {
    const char* answer;
    const char* message;
  };
  const Case cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
       "it answers 407 Proxy Authentication Required"},
      {"HTTP/1.1 200 OK\r\n\r\nspeaks first", "it sent more than an answer"},
      {"nonsense\r\n\r\n", "the server's answer is not HTTP: bad version"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.answer);
    TinyProxy proxy({.answer = c.answer});
    CHECK(try_version(config_for(server, "http://" + proxy.address())) ==
          "Get \"" + server.url() + "/version\": the proxy " + proxy.address() + ": " + c.message);
  }
  CHECK(try_version(config_for(server, "http://u:s3cret@127.0.0.1:1")) ==
        "Get \"" + server.url() +
            "/version\": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST_CASE("plain http where TLS is expected is told in Go's words") {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::thread server([&] {
    auto socket = acceptor.accept();
    char hello[4096];
    static_cast<void>(socket.read_some(asio::buffer(hello)));
    asio::write(socket, asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
  });
  ClientConfig config;
  config.server = "https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  const auto url = config.server;
  CHECK(try_version(std::move(config)) ==
        "Get \"" + url + "/version\": http: server gave HTTP response to HTTPS client");
  server.join();
}

TEST_CASE("the certificate must be for the name that the configuration gives") {
  ApiServer server;
  auto config = config_for(server, "");
  config.tls_server_name = "localhost";
  CHECK(try_version(std::move(config)) == "");
  config = config_for(server, "");
  config.tls_server_name = "elsewhere.example.com";
  CHECK(try_version(std::move(config))
            .ends_with("tls: failed to verify certificate: x509: certificate is not valid for "
                       "elsewhere.example.com"));
  config = config_for(server, "");
  config.tls_server_name = "elsewhere.example.com";
  config.ca_pem.clear();
  config.insecure = true;
  CHECK(try_version(std::move(config)) == "");
}

TEST_CASE("a name is looked for in the certificate's alternative names, whole label by label") {
  struct Case {
    const char* alternative_names;
    const char* common_name;
    const char* name;
    bool fits;
  };
  const Case cases[] = {
      {"", "api.example.com", "api.example.com", false},
      {"DNS:api.example.com", "other", "api.example.com", true},
      {"DNS:api.example.com", "other", "API.Example.COM", true},
      {"DNS:other.example.com", "api.example.com", "api.example.com", false},
      {"IP:10.0.0.1", "api.example.com", "api.example.com", false},
      {"email:a@example.com", "api.example.com", "api.example.com", false},
      {"DNS:*.example.com", "other", "api.example.com", true},
      {"DNS:*.example.com", "other", "a.b.example.com", false},
      {"DNS:*.example.com", "other", "example.com", false},
      {"DNS:a*.example.com", "other", "api.example.com", false},
      {"DNS:*i.example.com", "other", "api.example.com", false},
      {"DNS:a*i.example.com", "other", "api.example.com", false},
      {"DNS:api.*.com", "other", "api.example.com", false},
      {"", "127.0.0.1", "127.0.0.1", false},
      {"DNS:127.0.0.1", "127.0.0.1", "127.0.0.1", false},
      {"DNS:*.0.0.1", "other", "127.0.0.1", false},
      {"IP:127.0.0.1", "other", "127.0.0.1", true},
      {"IP:127.0.0.2", "127.0.0.1", "127.0.0.1", false},
      {"IP:fe80::1", "other", "fe80::1", true},
      {"IP:fe80::1", "other", "fe80::1%1", true},
      {"IP:fe80::2", "other", "fe80::1%1", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.alternative_names);
    CAPTURE(c.common_name);
    CAPTURE(c.name);
    const auto identity = test::make_tls_identity(c.alternative_names, c.common_name);
    // It answers everybody, so it does for a server.
    TinyProxy server({.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                      .certificate_pem = identity.certificate_pem,
                      .private_key_pem = identity.private_key_pem});
    ClientConfig config;
    config.server = "https://" + server.address();
    config.ca_pem = identity.ca_certificate_pem;
    config.tls_server_name = c.name;
    const auto failure = try_version(std::move(config));
    CHECK(failure.ends_with(
        c.fits ? ""
               : std::string("tls: failed to verify certificate: x509: certificate is not valid "
                             "for ") +
                     c.name));
    CHECK(failure.empty() == c.fits);
  }
}

}  // namespace bulla::kube
