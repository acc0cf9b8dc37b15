// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla {

/// A request as a handler sees it. The body is bounded by limits::request_body_bytes_max.
struct HttpRequest {
  std::string method = {};  ///< "GET", ...
  std::string path = {};    ///< without the query, as sent
  SecretBuffer body = {};
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};  ///< left out of the answer to HEAD
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpServerOptions {
  std::chrono::nanoseconds read_timeout = std::chrono::minutes(2);  ///< for one request
  std::chrono::nanoseconds write_timeout = std::chrono::minutes(2);
};

/// An HTTP/1.1 server on one address: keep-alive, bounded connections, headers, bodies and times
/// (base/limits.hpp). A client over the limit waits in the listening queue.
///
/// Threads: one, that of the executor. Lifetime: until run() has returned.
class HttpServer {
 public:
  using Handler = std::function<boost::asio::awaitable<HttpReply>(HttpRequest)>;

  /// Opens the port. `address` as in Go: "host:port", "[::1]:8080", ":8080" (every address, IPv6
  /// and IPv4); port 0 takes a free one. The handler must not throw.
  /// Errors: invalid_input (`listen tcp ADDRESS: ...`).
  [[nodiscard]] static Result<HttpServer> listen(boost::asio::any_io_executor executor,
                                                 const std::string& address,
                                                 HttpServerOptions options, Handler handler);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  /// Serves until stop().
  [[nodiscard]] boost::asio::awaitable<void> run();
  /// Takes no more connections and closes those that are open.
  void stop();

  /// The address as given, with the port that was taken.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// "host:port" taken apart, as Go's net.SplitHostPort does; brackets are taken off.
struct ListenAddress {
  std::string host;
  std::uint16_t port;
};
/// Errors: invalid_input ("address X: missing port in address", "invalid port").
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view address);

}  // namespace bulla
