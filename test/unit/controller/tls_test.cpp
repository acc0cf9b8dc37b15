// SPDX-License-Identifier: Apache-2.0
#include "controller/tls_identity.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <thread>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "controller/http_server.hpp"

namespace bulla::test {

namespace {

namespace fs = std::filesystem;

std::string key_file(const std::string& name) {
  return std::string(BULLA_TEST_DATA) + "/keys/" + name;
}

/// Copies of key files in a folder of their own.
class Files {
 public:
  Files() { fs::create_directories(folder_); }
  ~Files() { fs::remove_all(folder_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  void put(const std::string& name, const std::string& contents_of) const {
    const auto text = read_file(key_file(contents_of), limits::mib).value();
    CHECK(replace_file(path(name), text.expose_secret_text(), 0600).has_value());
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_ = fs::temp_directory_path() / ("bulla-tls-" + std::to_string(::getpid()));
};

}  // namespace

TEST_CASE("an identity follows its files, and what can't be used leaves the old one") {
  const Files files;
  files.put("tls.crt", "rsa2048-a.crt");
  files.put("tls.key", "rsa2048-a.pkcs1.pem");
  auto identity = TlsIdentity::load({files.path("tls.crt"), files.path("tls.key")});
  REQUIRE(identity.has_value());
  TlsIdentity::Time now{std::chrono::hours(1)};
  const auto first = identity->at(now);
  REQUIRE(first != nullptr);

  const auto later = [&] { return now += std::chrono::seconds(5); };
  CHECK(identity->at(later()) == first);

  files.put("tls.crt", "rsa2048-b.crt");  // half of a change
  CHECK(identity->at(later()) == first);
  files.put("tls.key", "rsa2048-b.pkcs1.pem");
  const auto second = identity->at(later());
  CHECK(second != first);
  CHECK(identity->at(now) == second);
}

TEST_CASE("files that can't be used are refused by name") {
  struct Case {
    const char* certificate;
    const char* key;
    const char* says;
  };
  for (const auto& c : {Case{"rsa2048-a.crt", "rsa2048-b.pkcs1.pem", "rsa2048-b.pkcs1.pem"},
                        Case{"rsa2048-a.pkcs1.pem", "rsa2048-a.pkcs1.pem", "rsa2048-a.pkcs1.pem"},
                        Case{"none.crt", "rsa2048-a.pkcs1.pem", "none.crt"},
                        Case{"rsa2048-a.crt", "rsa2048-a.crt", "rsa2048-a.crt"}}) {
    CAPTURE(c.certificate);
    CAPTURE(c.key);
    const auto identity = TlsIdentity::load({key_file(c.certificate), key_file(c.key)});
    REQUIRE_FALSE(identity.has_value());
    CHECK(identity.error().code != Errc::internal);
    CHECK(identity.error().message.find(c.says) != std::string::npos);
  }
}

TEST_CASE("a server with an identity speaks TLS, and closes what is plain") {
  namespace net = boost::asio;
  net::io_context io(1);
  HttpServerOptions options;
  options.tls = TlsFiles{key_file("rsa2048-a.crt"), key_file("rsa2048-a.pkcs1.pem")};
  HttpService::Handler handler = [](HttpRequest request) -> net::awaitable<HttpReply> {
    co_return HttpReply{200, {}, "you asked for " + request.path, {}};
  };
  auto server =
      HttpServer::listen(io.get_executor(), "127.0.0.1:0", options, std::move(handler)).value();
  net::co_spawn(io, server.run(), net::detached);
  std::thread thread([&io] { io.run(); });
  const net::ip::tcp::endpoint there(net::ip::make_address("127.0.0.1"), server.port());
  const std::string request = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  net::io_context client_io;
  net::ssl::context context(net::ssl::context::tls_client);
  net::ssl::stream<net::ip::tcp::socket> secure(client_io, context);
  secure.next_layer().connect(there);
  secure.handshake(net::ssl::stream_base::client);
  net::write(secure, net::buffer(request));
  std::string answer;
  boost::system::error_code end;
  net::read(secure, net::dynamic_buffer(answer), end);
  CHECK(answer.find("you asked for /x") != std::string::npos);

  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    net::ssl::context one(net::ssl::context::tls_client);
    // Of what the library itself would refuse, nothing: the server has to.
    SSL_CTX_set_security_level(one.native_handle(), 0);
    SSL_CTX_set_min_proto_version(one.native_handle(), version);
    SSL_CTX_set_max_proto_version(one.native_handle(), version);
    net::ssl::stream<net::ip::tcp::socket> stream(client_io, one);
    stream.next_layer().connect(there);
    boost::system::error_code refused;
    stream.handshake(net::ssl::stream_base::client, refused);
    CHECK(refused.failed() == (version < TLS1_2_VERSION));
  }

  net::ip::tcp::socket plain(client_io);
  plain.connect(there);
  net::write(plain, net::buffer(request), end);
  std::string nothing;
  net::read(plain, net::dynamic_buffer(nothing), end);
  CHECK(nothing.find("HTTP/1.1") == std::string::npos);

  net::post(io, [&server] { server.stop(); });
  thread.join();
}

}  // namespace bulla::test
