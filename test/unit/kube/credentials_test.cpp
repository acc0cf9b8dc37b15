// SPDX-License-Identifier: Apache-2.0
// A client and the credentials that change under it, against the in-memory API server.
#include <doctest/doctest.h>
#include <openssl/pem.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <thread>

#include "api_server.hpp"
#include "base/file.hpp"
#include "kube/blocking.hpp"
#include "kube/exec_plugin.hpp"
#include "place.hpp"
#include "tiny_server.hpp"
#include "tls_identity.hpp"

namespace bulla::kube {
namespace {

using test::ApiServer;
using test::Place;

const std::string plugin_path = BULLA_SOURCE_ROOT "/test/tools/exec-plugin";

ExecPlugin plugin_in(const Place& place) {
  ExecPlugin plugin;
  plugin.command = plugin_path;
  plugin.arguments = {place.folder};
  plugin.api_version = exec_api_v1;
  plugin.interactive_mode = exec_never;
  return plugin;
}

/// What the plugin is to print: a token, and more of the status.
void hand_out(const Place& place, const std::string& token, const std::string& more = "") {
  place.write("answer", R"({"apiVersion":"client.authentication.k8s.io/v1",)"
                        R"("kind":"ExecCredential","status":{"token":")" +
                            token + "\"" + more + "}}");
}

std::size_t runs_of(const Place& place) {
  const auto text = place.read("runs");
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

BlockingClient client_of(const ApiServer& server, ExecPlugin plugin) {
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.exec = std::move(plugin);
  auto client = BlockingClient::create(std::move(config), "t/1");
  REQUIRE(client.has_value());
  return std::move(*client);
}

/// An https server that asks for a client certificate, takes any, and answers by it. One
/// connection after the other.
class CertificateServer {
 public:
  using Answer = std::function<std::string(const std::string& certificate_pem)>;
  CertificateServer(const test::TlsIdentity& identity, Answer answer)
      : answer_(std::move(answer)),
        acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    tls_.use_certificate_chain(boost::asio::buffer(identity.certificate_pem));
    tls_.use_private_key(boost::asio::buffer(identity.private_key_pem),
                         boost::asio::ssl::context::pem);
    tls_.set_verify_mode(boost::asio::ssl::verify_peer);
    tls_.set_verify_callback([](bool, boost::asio::ssl::verify_context&) { return true; });
    thread_ = std::thread([this] { run(); });
  }
  ~CertificateServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  CertificateServer(const CertificateServer&) = delete;
  CertificateServer& operator=(const CertificateServer&) = delete;
  [[nodiscard]] std::string url() {
    return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
  void run() {
    boost::system::error_code failure;
    while (!failure) {
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, failure);
      if (failure) return;
      serve(Stream(std::move(socket), tls_));
    }
  }
  void serve(Stream stream) {
    boost::system::error_code failure;
    stream.handshake(boost::asio::ssl::stream_base::server, failure);
    const auto certificate = certificate_of(stream.native_handle());
    std::string input;
    while (!failure) {
      const auto size =
          boost::asio::read_until(stream, boost::asio::dynamic_buffer(input), "\r\n\r\n", failure);
      if (failure) return;
      input.erase(0, size);
      boost::asio::write(stream, boost::asio::buffer(answer_(certificate)), failure);
    }
  }
  static std::string certificate_of(SSL* ssl) {
    X509* certificate = SSL_get1_peer_certificate(ssl);
    if (certificate == nullptr) return "none";
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    X509_free(certificate);
    return pem;
  }

  Answer answer_;
  boost::asio::io_context context_{1};
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

/// `text` as it stands in JSON.
std::string in_json(const std::string& text) {
  return boost::json::serialize(boost::json::value(text));
}

void hand_out(const Place& place, const test::TlsIdentity& identity) {
  hand_out(place, "",
           ",\"clientCertificateData\":" + in_json(identity.certificate_pem) +
               ",\"clientKeyData\":" + in_json(identity.private_key_pem));
}

Result<Response> list_secrets(BlockingClient& client) {
  return client.send(Request::get("/api/v1/namespaces/default/secrets"));
}

}  // namespace

TEST_CASE("a plugin's token is kept for the run") {
  ApiServer server;
  Place place;
  hand_out(place, server.token());
  auto client = client_of(server, plugin_in(place));
  CHECK(list_secrets(client).has_value());
  CHECK(list_secrets(client).has_value());
  CHECK(runs_of(place) == 1);
}

TEST_CASE("a token that has expired is fetched again, one that has not is not") {
  ApiServer server;
  Place place;
  SUBCASE("expired") {
    hand_out(place, server.token(), R"(,"expirationTimestamp":"2020-01-01T00:00:00Z")");
    auto client = client_of(server, plugin_in(place));
    CHECK(list_secrets(client).has_value());
    CHECK(list_secrets(client).has_value());
    CHECK(runs_of(place) == 2);
  }
  SUBCASE("good until long after this test") {
    hand_out(place, server.token(), R"(,"expirationTimestamp":"2200-01-01T00:00:00Z")");
    auto client = client_of(server, plugin_in(place));
    CHECK(list_secrets(client).has_value());
    CHECK(list_secrets(client).has_value());
    CHECK(runs_of(place) == 1);
  }
}

TEST_CASE("a refused token is fetched again once, and the request is sent again") {
  ApiServer server;
  Place place;
  hand_out(place, server.token());
  auto client = client_of(server, plugin_in(place));
  CHECK(list_secrets(client).has_value());
  server.change_token("second");

  SUBCASE("the plugin has the new one") {
    hand_out(place, "second");
    CHECK(list_secrets(client).has_value());
    CHECK(runs_of(place) == 2);
  }
  SUBCASE("a write, too: it was refused before anything was done") {
    hand_out(place, "second");
    const boost::json::value secret = {{"metadata", {{"name", "s"}}}};
    CHECK(
        client.send(Request::with_json(Method::post, "/api/v1/namespaces/default/secrets", secret))
            .has_value());
    CHECK(server.get("secrets", "default", "s").has_value());
  }
  SUBCASE("it has not") {
    const auto answer = list_secrets(client);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().message == "Unauthorized");
    CHECK(runs_of(place) == 2);
  }
}

TEST_CASE("a plugin's certificate is shown, and a new one on a new connection") {
  const auto identity = test::make_tls_identity();
  const auto first = test::make_tls_identity();
  const auto second = test::make_tls_identity();
  Place place;
  hand_out(place, first);
  CertificateServer server(identity, [&](const std::string& certificate) {
    if (certificate == second.certificate_pem) return test::http_answer(200, "{}");
    hand_out(place, second);
    return test::http_answer(certificate == first.certificate_pem ? 401 : 500, "");
  });
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = identity.ca_certificate_pem;
  config.exec = plugin_in(place);
  auto client = BlockingClient::create(std::move(config), "t/1");
  REQUIRE(client.has_value());
  const auto answer = client->send(Request::get("/"));
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(runs_of(place) == 2);
}

TEST_CASE("a plugin's failure is told as the request's, in client-go's words") {
  ApiServer server;
  Place place;
  hand_out(place, "s3cret");
  auto plugin = plugin_in(place);
  std::string message;
  SUBCASE("exit status") {
    place.write("status", "3");
    message = "exec: executable " + plugin_path + " failed with exit code 3";
  }
  SUBCASE("nothing of what it printed") {
    place.write("answer", "s3cret");
    message = "exec plugin didn't print an ExecCredential";
  }
  SUBCASE("another version") {
    plugin.api_version = exec_api_v1beta1;
    message =
        "exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, "
        "plugin returned version client.authentication.k8s.io/v1";
  }
  SUBCASE("not installed") {
    plugin.command = "no-such-plugin";
    plugin.install_hint = "get it\x1b[1m from your administrator";
    message = "exec: executable no-such-plugin not found";
  }
  SUBCASE("a folder") {
    plugin.command = place.folder;
    message = "exec: executable " + plugin.command + " cannot be run: it is not a file";
  }
  SUBCASE("not executable") {
    plugin.command = place.write("data", "x");
    message = "exec: executable " + plugin.command + " cannot be run: permission denied";
  }
  SUBCASE("too much") {
    place.write("answer", std::string(exec_output_bytes_max + 1, 'x'));
    message = "exec: read the output of " + plugin_path + ": larger than 1048576 bytes";
  }
  SUBCASE("a certificate that is none") {
    hand_out(place, "t", R"(,"clientCertificateData":"x","clientKeyData":"y")");
    message = "the client certificate is not usable: it holds no PEM text";
  }
  auto client = client_of(server, std::move(plugin));
  const auto answer = list_secrets(client);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().message ==
        "Get \"" + server.url() +
            "/api/v1/namespaces/default/secrets\": getting credentials: " + message);
  for (const auto& hint : answer.error().hints) CHECK(hint.find('\x1b') == hint.npos);
}

TEST_CASE("the plugin is told what it needs, by its environment") {
  Place place;
  hand_out(place, "t");
  auto plugin = plugin_in(place);
  plugin.cluster_info = exec_cluster_info({.server = "https://h"});
  REQUIRE(run_exec_plugin(plugin).has_value());
  CHECK(place.read("runs") ==
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":)"
        R"({"cluster":{"server":"https://h"},"interactive":false}})"
        "\n");
}

TEST_CASE("a plugin's own variables go over ours, and it reads nothing of our input") {
  Place place;
  const auto script = place.write("plugin",
                                  "#!/bin/sh\n"
                                  "printf '%s|%s|%s' \"$ONE\" \"$HOME\" \"$(cat)\" >\"$OUT\"\n"
                                  "printf '%s' \"$ANSWER\"\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  ExecPlugin plugin;
  plugin.command = script;
  plugin.api_version = exec_api_v1;
  plugin.interactive_mode = exec_if_available;
  const auto set = [&](const char* name, const std::string& value) {
    plugin.environment.push_back({name, SecretBuffer::copy_of(value)});
  };
  set("ONE", "first");
  set("ONE", "last wins");
  set("HOME", "/changed");
  set("OUT", place.folder / "seen");
  set("ANSWER",
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)"
      R"({"token":"t"}})");
  const auto credential = run_exec_plugin(plugin);
  REQUIRE(credential.has_value());
  CHECK(credential->token.expose_secret_text() == "t");
  CHECK(place.read("seen") == "last wins|/changed|");
}

TEST_CASE("a plugin that must have a terminal is not run without one") {
  Place place;
  hand_out(place, "t");
  auto plugin = plugin_in(place);
  plugin.interactive_mode = exec_always;
  if (::isatty(0) == 1) return;  // somebody runs this test by hand
  CHECK(run_exec_plugin(plugin).error().message ==
        "exec plugin cannot support interactive mode: standard input is not a terminal");
  CHECK(runs_of(place) == 0);
}

TEST_CASE("a token file wins over a token, which stands in while the file is missing") {
  ApiServer server;
  Place place;
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.token = SecretBuffer::copy_of("wrong");
  config.token_file = place.write("token", server.token() + "\n");
  SUBCASE("the file") {}
  SUBCASE("the token") {
    config.token = SecretBuffer::copy_of(server.token());
    config.token_file = place.folder / "none";
  }
  auto client = BlockingClient::create(std::move(config), "t/1");
  REQUIRE(client.has_value());
  CHECK(list_secrets(*client).has_value());
}

}  // namespace bulla::kube
