// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "controller/http_server.hpp"
#include "controller/http_types.hpp"

namespace bulla {

/// One client's connection, plain or TLS: requests and answers, one after another. For
/// HttpServer's own use.
///
/// Threads: one, that of the socket's executor. Lifetime: until serve() has returned.
class HttpConnection {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `tls` may be null: plain HTTP. What is referred to must outlive it.
  HttpConnection(boost::asio::ip::tcp::socket socket,
                 std::shared_ptr<boost::asio::ssl::context> tls, const HttpServerOptions& options,
                 const HttpService& service);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Serves until either side has had enough.
  [[nodiscard]] boost::asio::awaitable<void> serve();
  /// Makes serve() return soon; an answer under way may be cut.
  void close();

  /// The address at the other end, without the port.
  [[nodiscard]] const std::string& client() const noexcept { return client_; }
  /// Since when it waits for a request; nothing while there is one.
  [[nodiscard]] std::optional<Time> idle_since() const noexcept { return idle_since_; }

 private:
  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<void> serve_on(Stream& stream);
  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<bool> answer_one(Stream& stream);
  template <class Stream, class Parser>
  [[nodiscard]] boost::asio::awaitable<bool> read_and_answer(Stream& stream, Parser& parser);
  template <class Stream, class Message>
  [[nodiscard]] boost::asio::awaitable<bool> write(Stream& stream, HttpReply reply,
                                                   const Message& request);
  [[nodiscard]] boost::beast::tcp_stream& transport() noexcept;

  std::string client_;
  const HttpServerOptions& options_;
  const HttpService& service_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::optional<boost::beast::tcp_stream> plain_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream>> secure_;
  boost::beast::basic_flat_buffer<WipingAllocator<char>> buffer_;
  std::optional<Time> idle_since_;
  bool closed_ = false;
};

}  // namespace bulla
