// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "test_client.hpp"
#include "test_objects.hpp"

namespace bulla::test {

namespace {

Json changed(const ApiServer& server, const std::string& name, const std::string& value) {
  Json object = *server.get("secrets", "default", name);
  object.at("data").as_object()["foo"] = value;
  return object;
}

}  // namespace

TEST_CASE("a request needs a known token") {
  ApiServer server;
  const auto reply = call(server, {.target = secrets_path, .token = "wrong"});
  CHECK(reply.code == 401);
  CHECK(reply.at("reason") == "Unauthorized");
  server.change_token("renewed");
  CHECK(call(server, {.target = secrets_path}).code == 401);
  CHECK(call(server, {.target = secrets_path, .token = "renewed"}).code == 200);
}

TEST_CASE("discovery names what is served, custom resources included") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  CHECK(call(server, {.target = "/version"}).at("gitVersion") == "v1.32.0");
  CHECK(call(server, {.target = "/api/v1"}).text.find("\"secrets\"") != std::string::npos);
  CHECK(call(server, {.target = "/apis"}).text.find("bitnami.com") != std::string::npos);
  const auto resources = call(server, {.target = "/apis/bitnami.com/v1alpha1"});
  CHECK(resources.text.find("sealedsecrets/status") != std::string::npos);
  CHECK(call(server, {.target = "/apis/nothing.example/v1"}).code == 404);
}

TEST_CASE("requests are logged with verb, resource and user") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  server.put(sealed_secret("s"));
  (void)call(server, {.target = below(sealed_path, "s/status")});
  (void)call(server, {.method = "POST", .target = secrets_path, .body = secret("a")});
  const auto log = server.requests();
  REQUIRE(log.size() == 2);
  CHECK(log[0].verb == "get");
  CHECK(log[0].resource == "sealedsecrets/status");
  CHECK_FALSE(log[0].is_write());
  CHECK(log[1].user == "test-admin");
  CHECK(log[1].is_write());
  CHECK(server.count_requests({.verb = "create", .resource = "secrets"}) == 1);
  server.forget_requests();
  CHECK(server.requests().empty());
}

TEST_CASE("an injected error is answered as often as was asked, and nothing is done") {
  ApiServer server;
  auto fault = Fault::error(429, {.verb = "create", .resource = "secrets"});
  fault.count = 2;
  fault.skip = 1;
  fault.retry_after_s = 3;
  server.inject(fault);
  const auto create = [&](const char* name) {
    return call(server, {.method = "POST", .target = secrets_path, .body = secret(name)});
  };
  CHECK(create("a").code == 201);
  const auto refused = create("b");
  CHECK(refused.code == 429);
  CHECK(refused.at("reason") == "TooManyRequests");
  CHECK(refused.headers.at("Retry-After") == "3");
  CHECK(create("b").code == 429);
  CHECK_FALSE(server.get("secrets", "default", "b"));
  CHECK(create("b").code == 201);
}

TEST_CASE("RBAC refusals have the real words and last until they are cleared") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  server.put(sealed_secret("s"));
  server.inject(Fault::forbid({.verb = "update", .resource = "sealedsecrets/status"}));
  const Call update{.method = "PUT",
                    .target = below(sealed_path, "s/status"),
                    .body = *server.get("sealedsecrets", "default", "s")};
  const auto refused = call(server, update);
  CHECK(refused.code == 403);
  CHECK(refused.at("message") ==
        "sealedsecrets.bitnami.com \"s\" is forbidden: User \"test-admin\" cannot update resource "
        "\"sealedsecrets/status\" in API group \"bitnami.com\" in the namespace \"default\"");
  CHECK(call(server, update).code == 403);
  server.clear_faults();
  CHECK(call(server, update).code == 200);
}

TEST_CASE("a connection can break before the work and after it") {
  ApiServer server;
  const Call create{.method = "POST", .target = secrets_path, .body = secret("a")};
  server.inject(Fault::of(Fault::Kind::close, {.verb = "create"}));
  CHECK(call(server, create).code == 0);
  CHECK_FALSE(server.get("secrets", "default", "a"));
  server.inject(Fault::of(Fault::Kind::commit_then_close, {.verb = "create"}));
  CHECK(call(server, create).code == 0);
  CHECK(server.get("secrets", "default", "a"));
}

TEST_CASE("a held request waits until it is let go") {
  ApiServer server;
  const auto hold = server.inject(Fault::of(Fault::Kind::hold, {.verb = "create"}));
  std::thread client([&] {
    CHECK(call(server, {.method = "POST", .target = secrets_path, .body = secret("a")}).code ==
          201);
  });
  REQUIRE(server.wait_for([&] { return server.count_requests({.verb = "create"}) == 1; }));
  CHECK_FALSE(server.get("secrets", "default", "a"));
  server.clear_fault(hold);
  CHECK(server.wait_for([&] { return server.get("secrets", "default", "a").has_value(); }));
  client.join();
}

TEST_CASE("a server restarts on its port, with its objects or without") {
  ApiServer server;
  const auto port = server.port();
  server.put(secret("a"));
  server.stop();
  CHECK(call(server, {.target = secrets_path}).code == 0);
  server.restart();
  CHECK(server.port() == port);
  CHECK(call(server, {.target = below(secrets_path, "a")}).code == 200);
  server.restart(ApiServer::Data::lose);
  CHECK(call(server, {.target = below(secrets_path, "a")}).code == 404);
  CHECK(call(server, {.target = secrets_path}).code == 200);
}

TEST_CASE("a server with open watches and held requests is destroyed without waiting") {
  std::thread client;
  {
    ApiServer server;
    server.inject(Fault::of(Fault::Kind::hold, {.verb = "list"}));
    client = std::thread([&server] { CHECK(call(server, {.target = secrets_path}).code == 0); });
    CHECK(server.wait_for([&] { return server.count_requests({.verb = "list"}) == 1; }));
    server.stop();
    client.join();
  }
}

TEST_CASE("wait_for gives up when nothing comes") {
  ApiServer server;
  CHECK_FALSE(server.wait_for([] { return false; }, std::chrono::milliseconds(1)));
}

TEST_CASE("the service proxy passes requests on to the backend") {
  namespace net = boost::asio;
  net::io_context io;
  net::ip::tcp::acceptor acceptor(io, {net::ip::address_v4::loopback(), 0});
  std::string received;
  std::thread backend([&] {
    auto socket = acceptor.accept();
    net::streambuf buffer;
    net::read_until(socket, buffer, "\r\n\r\n");
    std::getline(std::istream(&buffer) >> std::ws, received);
    net::write(socket,
               net::buffer(std::string("HTTP/1.1 200 OK\r\nContent-Type: application/x-pem-file\r\n"
                                       "Retry-After: 7\r\nContent-Length: 4\r\n\r\ncert")));
  });
  ApiServer server;
  const std::string path = "/api/v1/namespaces/kube-system/services/http:controller:/proxy";
  CHECK(call(server, {.target = path + "/v1/cert.pem"}).code == 404);
  server.set_service_backend("kube-system/controller", "127.0.0.1",
                             acceptor.local_endpoint().port());
  const auto reply = call(server, {.target = path + "/v1/cert.pem?a=b"});
  backend.join();
  CHECK(reply.code == 200);
  CHECK(reply.text == "cert");
  CHECK(reply.headers.at("Content-Type") == "application/x-pem-file");
  CHECK(reply.headers.at("Retry-After") == "7");
  CHECK(received == "GET /v1/cert.pem?a=b HTTP/1.1\r");
  acceptor.close();
  CHECK(call(server, {.target = path + "/v1/cert.pem"}).code == 503);
}

TEST_CASE("objects whose owners are gone are collected") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  const auto owner = server.put(sealed_secret("s"));
  Json owned = secret("s");
  owned.at("metadata").as_object()["ownerReferences"] =
      JsonArray{JsonObject{{"apiVersion", "bitnami.com/v1alpha1"},
                           {"kind", "SealedSecret"},
                           {"name", "s"},
                           {"uid", text_at(owner, "metadata.uid")},
                           {"controller", true}}};
  CHECK(call(server, {.method = "POST", .target = secrets_path, .body = owned}).code == 201);
  server.put(secret("free"));
  CHECK(call(server, {.method = "DELETE", .target = below(sealed_path, "s")}).code == 200);
  CHECK(server.wait_for([&] { return !server.get("secrets", "default", "s"); }));
  CHECK(server.get("secrets", "default", "free"));
}

TEST_CASE("an update from an old version is a conflict") {
  ApiServer server;
  server.put(secret("a"));
  const auto stale = changed(server, "a", "MQ==");
  CHECK(call(server, {.method = "PUT",
                      .target = below(secrets_path, "a"),
                      .body = changed(server, "a", "Mg==")})
            .code == 200);
  const auto refused =
      call(server, {.method = "PUT", .target = below(secrets_path, "a"), .body = stale});
  CHECK(refused.code == 409);
  CHECK(refused.at("reason") == "Conflict");
  CHECK(refused.at("details.kind") == "secrets");
}

}  // namespace bulla::test
