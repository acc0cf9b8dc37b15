// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/url.hpp"

// One HTTP/1.1 connection: private to this room, as it brings Beast and OpenSSL along.
namespace bulla::kube {

/// Where to connect, and whom to trust there.
struct Endpoint {
  Url url = {};
  std::string base_path = {};    ///< the URL's path, without a slash at its end
  std::string verify_name = {};  ///< what the certificate must be for: DNS name or IP address
  bool insecure = false;
  std::shared_ptr<boost::asio::ssl::context> tls = {};  ///< none: plain http
};

/// Errors: invalid_input, naming what cannot be used.
[[nodiscard]] Result<Endpoint> make_endpoint(const ClientConfig& config);

/// A TCP connection, with TLS where the endpoint has it.
///
/// Every operation that waits fails with `unavailable` when the deadline passes or close() is
/// called. Ownership: always by shared_ptr, held by whoever waits. Threads: one.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::any_io_executor executor, std::shared_ptr<const Endpoint> endpoint);

  [[nodiscard]] Awaitable<Result<void>> open();
  [[nodiscard]] Awaitable<Result<void>> write(std::string_view head, std::string_view body);
  /// At least one byte; 0 at the end of the stream.
  [[nodiscard]] Awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> room);

  /// Everything from now on must be over in `limit`; zero: no limit.
  void set_deadline(std::chrono::milliseconds limit);
  void clear_deadline();
  void close() noexcept;

  /// False if the peer closed it, or sent something that nobody asked for.
  [[nodiscard]] bool is_reusable() noexcept;
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
  [[nodiscard]] bool received_anything() const noexcept { return received_anything_; }
  void expect_answer() noexcept { received_anything_ = false; }

 private:
  using Tcp = boost::asio::ip::tcp;
  [[nodiscard]] Awaitable<Result<std::vector<Tcp::endpoint>>> resolve();
  [[nodiscard]] Awaitable<Result<void>> connect();
  [[nodiscard]] Awaitable<Result<void>> start_tls();
  [[nodiscard]] Error failure(const boost::system::error_code& code) const;

  std::shared_ptr<const Endpoint> endpoint_;
  Tcp::socket socket_;
  Tcp::resolver resolver_;
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;
  boost::asio::steady_timer deadline_;
  std::chrono::milliseconds limit_{0};
  std::uint64_t deadline_number_ = 0;
  bool timed_out_ = false;
  bool closed_ = false;
  bool received_anything_ = false;
};

/// The head of an answer.
struct AnswerHead {
  unsigned status = 0;
  std::string reason = {};
  std::string content_type = {};
  std::string retry_after = {};
  std::string location = {};
  std::string warning = {};
};

/// Reads one answer from a connection; bounded, and wiped.
class AnswerReader {
 public:
  /// `body_bytes_max` nothing: no bound (a watch; its lines are bounded).
  AnswerReader(std::shared_ptr<Connection> connection, std::optional<std::uint64_t> body_bytes_max);

  [[nodiscard]] Awaitable<Result<AnswerHead>> read_head();
  /// Appends what comes next of the body; false at its end.
  [[nodiscard]] Awaitable<Result<bool>> read_body_some(SecretBuffer& body);
  /// After the end of the body: may the connection carry another request?
  [[nodiscard]] bool keep_alive() const;

 private:
  [[nodiscard]] Awaitable<Result<void>> fill();
  [[nodiscard]] Result<void> feed();

  std::shared_ptr<Connection> connection_;
  boost::beast::http::response_parser<boost::beast::http::buffer_body> parser_;
  SecretBuffer input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bulla::kube
