// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/client.hpp"
#include "kube/endpoint.hpp"

// One connection: private to this room, as it brings Asio and OpenSSL along.
namespace bulla::kube {

/// A TCP connection, through a proxy and with TLS where the endpoint has them.
///
/// Every operation that waits fails with `unavailable` when the deadline passes or close() is
/// called. Ownership: always by shared_ptr, held by whoever waits. Threads: one.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const boost::asio::any_io_executor& executor,
             std::shared_ptr<const Endpoint> endpoint);

  [[nodiscard]] Awaitable<Result<void>> open();
  [[nodiscard]] Awaitable<Result<void>> write(std::string_view head, std::string_view body);
  /// At least one byte; 0 at the end of the stream.
  [[nodiscard]] Awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> room);

  /// Everything from now on must be over in `limit`; zero: no limit.
  void set_deadline(std::chrono::milliseconds limit);
  void clear_deadline();
  void close() noexcept;

  [[nodiscard]] const std::shared_ptr<const Endpoint>& endpoint() const noexcept {
    return endpoint_;
  }
  /// False if the peer closed it, or sent something that nobody asked for.
  [[nodiscard]] bool is_reusable() noexcept;
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
  [[nodiscard]] bool received_anything() const noexcept { return received_anything_; }
  void expect_answer() noexcept { received_anything_ = false; }

 private:
  using Tcp = boost::asio::ip::tcp;
  [[nodiscard]] Awaitable<Result<std::vector<Tcp::endpoint>>> resolve();
  using Tls = boost::asio::ssl::stream<Tcp::socket&>;
  using NestedTls = boost::asio::ssl::stream<Tls&>;
  /// The URL of whom the socket connects to.
  [[nodiscard]] const Url& dialled() const noexcept;
  [[nodiscard]] Awaitable<Result<void>> connect();
  [[nodiscard]] Awaitable<Result<void>> connect_to_proxy();
  [[nodiscard]] Awaitable<Result<void>> start_tls();
  template <class Stream>
  [[nodiscard]] Awaitable<Result<void>> shake_hands(Stream& stream, std::string name);
  [[nodiscard]] Error failure(const boost::system::error_code& code) const;

  std::shared_ptr<const Endpoint> endpoint_;
  Tcp::socket socket_;
  Tcp::resolver resolver_;
  std::optional<Tls> tls_;           ///< on the socket: with the server, or with an https proxy
  std::optional<NestedTls> nested_;  ///< with the server, inside that of the proxy
  boost::asio::steady_timer deadline_;
  std::chrono::milliseconds limit_{0};
  std::uint64_t deadline_number_ = 0;
  bool timed_out_ = false;
  bool closed_ = false;
  bool received_anything_ = false;
};

}  // namespace bulla::kube
