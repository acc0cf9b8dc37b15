// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
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

/// Who counts as one client: an IPv4 address ("10.0.0.1", however it is written), or an IPv6
/// network of 64 bits ("2001:db8::/64"), all of whose addresses one machine may have.
[[nodiscard]] std::string client_of(const boost::asio::ip::address& address);

/// What an answer must know of its request.
struct AnswerTo {
  bool is_head = false;  ///< the header alone goes out, with the length that a GET would have
  bool keep_alive = false;
  unsigned version = 11;
};

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
  /// Makes serve() return soon; an answer under way may be cut, and what the peer has not taken yet
  /// is dropped, by the kernel too.
  void close();

  /// Who is at the other end: "10.0.0.1", or the network "2001:db8::/64".
  [[nodiscard]] const std::string& client() const noexcept { return client_; }
  /// Since when it waits for the peer, to send or to take something; nothing while a request is
  /// worked on.
  [[nodiscard]] std::optional<Time> waiting_since() const noexcept { return waiting_since_; }

 private:
  using Buffer = boost::beast::basic_flat_buffer<WipingAllocator<char>>;

  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<void> serve_on(Stream& stream);
  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<bool> answer_one(Stream& stream);
  template <class Stream, class Parser>
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_head(Stream& stream,
                                                                            Parser& parser);
  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_more(Stream& stream,
                                                                            std::size_t step_bytes);
  template <class Stream, class Parser>
  [[nodiscard]] boost::asio::awaitable<bool> read_and_answer(Stream& stream, Parser& parser);
  template <class Stream, class Parser>
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_body(Stream& stream,
                                                                            Parser& parser);
  template <class Parser>
  [[nodiscard]] boost::system::error_code take_piece(Parser& parser, bool& is_line);
  template <class Stream>
  [[nodiscard]] boost::asio::awaitable<bool> write(Stream& stream, HttpReply reply,
                                                   const AnswerTo& to);
  [[nodiscard]] boost::asio::awaitable<bool> until_taken();
  [[nodiscard]] int bytes_not_taken();
  [[nodiscard]] bool give_up_body();
  void drop_on_close(bool yes);
  void wait_for_peer(Time until);
  void wait_for_progress(Time end);
  [[nodiscard]] boost::beast::tcp_stream& transport() noexcept;

  std::string client_;
  const HttpServerOptions& options_;
  const HttpService& service_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::optional<boost::beast::tcp_stream> plain_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream>> secure_;
  Buffer buffer_;  ///< read, and not yet parsed
  std::optional<Time> waiting_since_;
  enum class Awaited { nothing, body, body_given_up };
  Awaited awaited_ = Awaited::nothing;
  bool closed_ = false;
};

}  // namespace bulla
