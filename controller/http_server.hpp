// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "controller/http_types.hpp"
#include "controller/tls_identity.hpp"

namespace bulla {

/// How long a client may take, whatever the two time-outs of HttpServerOptions allow: those who
/// dawdle hold what others wait for.
struct HttpTimes {
  std::chrono::nanoseconds handshake_max = std::chrono::seconds(10);
  std::chrono::nanoseconds head_max = std::chrono::seconds(10);  ///< from its first byte
  /// Of a body once it is let in, and of an answer: 2 MiB in 30 s are 70 kB/s, so that a byte now
  /// and then is not enough.
  std::chrono::nanoseconds body_max = std::chrono::seconds(30);
  std::chrono::nanoseconds write_max = std::chrono::seconds(30);
  std::chrono::nanoseconds progress_max = std::chrono::seconds(5);  ///< without one more byte
};

struct HttpServerOptions {
  std::chrono::nanoseconds read_timeout = std::chrono::minutes(2);  ///< for one request
  std::chrono::nanoseconds write_timeout = std::chrono::minutes(2);
  std::size_t connections_max = limits::connections_max;
  std::size_t connections_per_client_max = limits::connections_per_client_max;
  /// What the kernel keeps of a connection, each way (it doubles the number for its bookkeeping);
  /// and while a body that was let in is read: as much as a fast network needs.
  int socket_buffer_bytes = 16 * 1024;
  int socket_buffer_bytes_for_body = 256 * 1024;
  HttpTimes times = {};
  std::optional<TlsFiles> tls = {};  ///< none: plain HTTP
};

/// An HTTP/1.1 server on one address: keep-alive, bounded connections, headers, bodies and times
/// (base/limits.hpp). A new connection is always taken at once. Where there are too many, of one
/// client or in all, one of that client (of the client that has most) makes room: the one that has
/// waited longest for its peer, to send or to take what was sent. So a probe finds a place however
/// many others are held. Requests that are worked on are not cut; they are few (SealedRequests).
///
/// A client is an IPv4 address or an IPv6 network of 64 bits, which is what one machine is given.
///
/// Threads: one, that of the executor. Lifetime: until run() has returned.
class HttpServer {
 public:
  /// Opens the port. `address` as in Go: "host:port", "[::1]:8080", ":8080" (every address, IPv6
  /// and IPv4); port 0 takes a free one.
  /// Errors: invalid_input (`listen tcp ADDRESS: ...`, or what is wrong with the TLS files).
  [[nodiscard]] static Result<HttpServer> listen(boost::asio::any_io_executor executor,
                                                 const std::string& address,
                                                 HttpServerOptions options, HttpService service);
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
