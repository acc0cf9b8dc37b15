// SPDX-License-Identifier: Apache-2.0
#include "controller/http_connection.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace bulla {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;

namespace {

using Body = http::vector_body<std::uint8_t, WipingAllocator<std::uint8_t>>;
using Parser = http::request_parser<Body>;

/// Handshake, and a body once its request is let in: those who dawdle hold what others wait for.
constexpr std::chrono::nanoseconds handshake_time_max = std::chrono::seconds(10);
constexpr std::chrono::nanoseconds body_time_max = std::chrono::seconds(30);

auto into(error_code& error) { return net::redirect_error(net::use_awaitable, error); }

std::string client_of(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const auto address = endpoint.address();
  // One client, whether it comes as IPv4 or as the same in IPv6's clothes.
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

HttpHead head_of(const http::request<Body>& message, const std::string& client) {
  const std::string_view target(message.target().data(), message.target().size());
  return {std::string(message.method_string()), std::string(target.substr(0, target.find('?'))),
          client};
}

http::response<http::string_body> to_response(HttpReply reply, const http::request<Body>& request) {
  http::response<http::string_body> response(static_cast<http::status>(reply.status),
                                             request.version());
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.set(http::field::content_type,
               reply.content_type.empty() ? HttpReply().content_type : reply.content_type);
  response.keep_alive(request.keep_alive());
  response.content_length(reply.body.size());
  if (request.method() != http::verb::head) response.body() = std::move(reply.body);
  return response;
}

HttpReply too_large() { return {413, {}, "request body too large\n", {}}; }

/// The answer to what could not be read, or nothing where none is due (the client went).
std::optional<HttpReply> complaint(const error_code& error) {
  if (error == http::error::body_limit) return too_large();
  if (error == http::error::header_limit)
    return HttpReply{431, {}, "request header fields too large\n", {}};
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (malformed) return HttpReply{400, {}, "bad request\n", {}};
  return std::nullopt;
}

/// What an answer to an unread request answers to: it ends the connection.
http::request<Body> unread() {
  http::request<Body> request;
  request.version(11);
  request.keep_alive(false);
  return request;
}

bool expects_to_be_told(const http::request<Body>& message) {
  const auto expect = message[http::field::expect];
  return to_lower({expect.data(), expect.size()}) == "100-continue";
}

}  // namespace

HttpConnection::HttpConnection(tcp::socket socket, std::shared_ptr<net::ssl::context> tls,
                               const HttpServerOptions& options, const HttpService& service)
    : client_(client_of(socket)),
      options_(options),
      service_(service),
      tls_(std::move(tls)),
      buffer_(limits::request_header_bytes_max + limits::request_body_bytes_max),
      idle_since_(std::chrono::steady_clock::now()) {
  if (tls_) {
    secure_.emplace(beast::tcp_stream(std::move(socket)), *tls_);
  } else {
    plain_.emplace(std::move(socket));
  }
}

beast::tcp_stream& HttpConnection::transport() noexcept {
  return secure_ ? beast::get_lowest_layer(*secure_) : *plain_;
}

void HttpConnection::close() {
  closed_ = true;
  transport().close();
}

net::awaitable<void> HttpConnection::serve() {
  if (plain_) co_return co_await serve_on(*plain_);
  error_code error;
  transport().expires_after(handshake_time_max);
  co_await secure_->async_handshake(net::ssl::stream_base::server, into(error));
  if (error) co_return;
  co_await serve_on(*secure_);
  if (closed_) co_return;
  transport().expires_after(handshake_time_max);
  co_await secure_->async_shutdown(into(error));
}

template <class Stream>
net::awaitable<void> HttpConnection::serve_on(Stream& stream) {
  while (!closed_ && co_await answer_one(stream)) {
  }
  error_code ignored;
  if (plain_) transport().socket().shutdown(tcp::socket::shutdown_both, ignored);
}

/// False when the connection is done with.
template <class Stream>
net::awaitable<bool> HttpConnection::answer_one(Stream& stream) {
  Parser parser;
  parser.header_limit(limits::request_header_bytes_max);
  parser.body_limit(limits::request_body_bytes_max);
  idle_since_ = std::chrono::steady_clock::now();
  transport().expires_after(options_.read_timeout);
  error_code error;
  co_await http::async_read_header(stream, buffer_, parser, into(error));
  idle_since_.reset();
  if (!error) co_return co_await read_and_answer(stream, parser);
  auto reply = complaint(error);
  if (!reply) co_return false;
  co_return co_await write(stream, std::move(*reply), unread());
}

/// The head is read; the rest is taken only from those who are let in.
template <class Stream, class Parser>
net::awaitable<bool> HttpConnection::read_and_answer(Stream& stream, Parser& parser) {
  const HttpHead head = head_of(parser.get(), client_);
  Admission admission = service_.admit(head);
  const auto with_headers = [&](HttpReply reply) {
    reply.headers.insert(reply.headers.end(), admission.headers.begin(), admission.headers.end());
    return reply;
  };
  const bool no_body = parser.is_done();
  const bool large = parser.content_length().value_or(0) > admission.body_bytes_max;
  if (!admission.refusal && large) admission.refusal = too_large();
  if (admission.refusal) {
    auto reply = with_headers(std::move(*admission.refusal));
    const auto answered = no_body ? parser.release() : unread();
    co_return co_await write(stream, std::move(reply), answered);
  }

  error_code error;
  transport().expires_after(std::min(options_.read_timeout, body_time_max));
  if (!no_body && expects_to_be_told(parser.get()))
    co_await net::async_write(stream, net::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                              into(error));
  parser.body_limit(admission.body_bytes_max);
  if (!error && !no_body) co_await http::async_read(stream, buffer_, parser, into(error));
  if (error) {
    auto reply = complaint(error);
    if (!reply) co_return false;
    co_return co_await write(stream, with_headers(std::move(*reply)), unread());
  }
  transport().expires_never();
  const http::request<Body> message = parser.release();
  HttpRequest request{head.method, head.path,
                      SecretBuffer::copy_of(std::span<const std::uint8_t>(message.body()))};
  auto reply = co_await service_.answer(std::move(request));
  co_return co_await write(stream, with_headers(std::move(reply)), message);
}

template <class Stream, class Message>
net::awaitable<bool> HttpConnection::write(Stream& stream, HttpReply reply,
                                           const Message& request) {
  auto response = to_response(std::move(reply), request);
  // To HEAD the header alone goes out, with the length that a GET would have.
  http::response_serializer<http::string_body> serializer(response);
  serializer.split(request.method() == http::verb::head);
  transport().expires_after(options_.write_timeout);
  error_code error;
  if (request.method() == http::verb::head) {
    co_await http::async_write_header(stream, serializer, into(error));
  } else {
    co_await http::async_write(stream, serializer, into(error));
  }
  co_return !error && response.keep_alive();
}

}  // namespace bulla
