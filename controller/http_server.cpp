// SPDX-License-Identifier: Apache-2.0
#include "controller/http_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <set>

#include "base/limits.hpp"
#include "controller/tasks.hpp"

namespace bulla {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;

namespace {

using Body = http::vector_body<std::uint8_t, WipingAllocator<std::uint8_t>>;
using Buffer = beast::basic_flat_buffer<WipingAllocator<char>>;

constexpr auto accept_pause = std::chrono::milliseconds(100);

auto into(error_code& error) { return net::redirect_error(net::use_awaitable, error); }

HttpRequest to_request(const http::request<Body>& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  request.path = std::string(target.substr(0, target.find('?')));
  request.body = SecretBuffer::copy_of(std::span<const std::uint8_t>(message.body()));
  return request;
}

http::response<http::string_body> to_response(HttpReply reply, const http::request<Body>& request) {
  http::response<http::string_body> response(static_cast<http::status>(reply.status),
                                             request.version());
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.set(http::field::content_type, reply.content_type);
  response.keep_alive(request.keep_alive());
  response.content_length(reply.body.size());
  if (request.method() != http::verb::head) response.body() = std::move(reply.body);
  return response;
}

/// The answer to what could not be read, or nothing where none is due (the client went).
std::optional<HttpReply> complaint(const error_code& error) {
  if (error == http::error::body_limit) return HttpReply{413, {}, "request body too large\n", {}};
  if (error == http::error::header_limit)
    return HttpReply{431, {}, "request header fields too large\n", {}};
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (malformed) return HttpReply{400, {}, "bad request\n", {}};
  return std::nullopt;
}

Result<tcp::acceptor> open_acceptor(const net::any_io_executor& executor, const tcp::endpoint& at,
                                    bool both_families) {
  tcp::acceptor acceptor(executor);
  error_code error;
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && both_families) acceptor.set_option(net::ip::v6_only(false), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Error{Errc::invalid_input, error.message()};
  return acceptor;
}

Result<tcp::acceptor> open_acceptor(const net::any_io_executor& executor,
                                    const ListenAddress& address) {
  if (address.host.empty()) {
    auto every = open_acceptor(executor, {tcp::v6(), address.port}, true);
    // A machine without IPv6.
    return every ? std::move(every) : open_acceptor(executor, {tcp::v4(), address.port}, false);
  }
  error_code error;
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty()) return Error{Errc::invalid_input, error.message()};
  return open_acceptor(executor, *found.begin(), false);
}

}  // namespace

struct HttpServer::Impl {
  Impl(tcp::acceptor opened, ListenAddress given, HttpServerOptions chosen, Handler handle)
      : acceptor(std::move(opened)),
        address(std::move(given)),
        options(chosen),
        handler(std::move(handle)),
        connections(acceptor.get_executor()),
        slot_free(acceptor.get_executor()) {}

  net::awaitable<void> accept_all();
  net::awaitable<void> serve(tcp::socket socket);
  net::awaitable<bool> answer_one(beast::tcp_stream& stream, Buffer& buffer);
  net::awaitable<bool> write(beast::tcp_stream& stream, HttpReply reply,
                             const http::request<Body>& request);

  tcp::acceptor acceptor;
  ListenAddress address;
  HttpServerOptions options;
  Handler handler;
  TaskGroup connections;
  net::steady_timer slot_free;  ///< rings when a connection ends
  std::set<beast::tcp_stream*> open;
  bool stopped = false;
};

net::awaitable<void> HttpServer::Impl::accept_all() {
  while (!stopped) {
    if (open.size() >= limits::connections_max) {
      error_code rung;
      slot_free.expires_at(std::chrono::steady_clock::time_point::max());
      co_await slot_free.async_wait(into(rung));
      continue;
    }
    error_code error;
    auto socket = co_await acceptor.async_accept(into(error));
    if (stopped) break;
    if (error) {
      // Out of descriptors, or the client is gone already: neither is a reason to end.
      error_code rung;
      slot_free.expires_after(accept_pause);
      co_await slot_free.async_wait(into(rung));
      continue;
    }
    connections.start(serve(std::move(socket)));
  }
}

net::awaitable<void> HttpServer::Impl::serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  Buffer buffer(limits::request_header_bytes_max + limits::request_body_bytes_max);
  open.insert(&stream);
  while (!stopped && co_await answer_one(stream, buffer)) {
  }
  open.erase(&stream);
  slot_free.cancel();
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

/// False when the connection is done with.
net::awaitable<bool> HttpServer::Impl::answer_one(beast::tcp_stream& stream, Buffer& buffer) {
  http::request_parser<Body> parser;
  parser.header_limit(limits::request_header_bytes_max);
  parser.body_limit(limits::request_body_bytes_max);
  stream.expires_after(options.read_timeout);
  error_code error;
  co_await http::async_read(stream, buffer, parser, into(error));
  if (error) {
    auto reply = complaint(error);
    if (!reply) co_return false;
    http::request<Body> unread;
    unread.version(11);
    unread.keep_alive(false);
    co_return co_await write(stream, std::move(*reply), unread);
  }
  stream.expires_never();
  const http::request<Body> message = parser.release();
  auto reply = co_await handler(to_request(message));
  co_return co_await write(stream, std::move(reply), message);
}

net::awaitable<bool> HttpServer::Impl::write(beast::tcp_stream& stream, HttpReply reply,
                                             const http::request<Body>& request) {
  if (reply.content_type.empty()) reply.content_type = HttpReply().content_type;
  auto response = to_response(std::move(reply), request);
  // To HEAD the header alone goes out, with the length that a GET would have.
  http::response_serializer<http::string_body> serializer(response);
  serializer.split(request.method() == http::verb::head);
  stream.expires_after(options.write_timeout);
  error_code error;
  if (request.method() == http::verb::head) {
    co_await http::async_write_header(stream, serializer, into(error));
  } else {
    co_await http::async_write(stream, serializer, into(error));
  }
  co_return !error && response.keep_alive();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

Result<HttpServer> HttpServer::listen(net::any_io_executor executor, const std::string& address,
                                      HttpServerOptions options, Handler handler) {
  auto parsed = parse_listen_address(address);
  if (!parsed) return std::move(parsed).error().during("listen tcp");
  auto acceptor = open_acceptor(executor, *parsed);
  if (!acceptor) return std::move(acceptor).error().during("listen tcp " + address);
  return HttpServer(std::make_unique<Impl>(std::move(*acceptor), std::move(*parsed), options,
                                           std::move(handler)));
}

net::awaitable<void> HttpServer::run() {
  co_await impl_->accept_all();
  co_await impl_->connections.wait();
}

void HttpServer::stop() {
  impl_->stopped = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->slot_free.cancel();
  for (auto* stream : impl_->open) stream->close();
}

std::uint16_t HttpServer::port() const noexcept {
  error_code error;
  const auto endpoint = impl_->acceptor.local_endpoint(error);
  return error ? impl_->address.port : endpoint.port();
}

std::string HttpServer::address() const {
  const std::string& host = impl_->address.host;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port());
}

Result<ListenAddress> parse_listen_address(std::string_view address) {
  const auto bad = [&](std::string_view what) {
    return Error{Errc::invalid_input, "address " + std::string(address) + ": " + std::string(what)};
  };
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return bad("missing port in address");
  std::string_view host = address.substr(0, colon);
  const std::string_view port_text = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("too many colons in address");
  }
  std::uint16_t port = 0;
  const auto* last = port_text.data() + port_text.size();
  const auto [end, error] = std::from_chars(port_text.data(), last, port);
  if (port_text.empty() || error != std::errc() || end != last) return bad("invalid port");
  return ListenAddress{std::string(host), port};
}

}  // namespace bulla
