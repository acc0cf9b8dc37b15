// SPDX-License-Identifier: Apache-2.0
#include "controller/http_connection.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace bulla {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;

namespace {

/// What is read at once, of a head and of a body.
constexpr std::size_t head_step_bytes = 4096;
constexpr std::size_t body_step_bytes = 16384;

using Body = http::vector_body<std::uint8_t, WipingAllocator<std::uint8_t>>;
using Parser = http::request_parser<Body>;

auto into(error_code& error) { return net::redirect_error(net::use_awaitable, error); }

std::string client_of(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : bulla::client_of(endpoint.address());
}

HttpHead head_of(const http::request<Body>& message, const std::string& client,
                 std::function<bool()> give_up) {
  const std::string_view target(message.target().data(), message.target().size());
  return {std::string(message.method_string()), std::string(target.substr(0, target.find('?'))),
          client, std::move(give_up)};
}

http::response<http::string_body> to_response(HttpReply reply, const AnswerTo& to) {
  http::response<http::string_body> response(static_cast<http::status>(reply.status), to.version);
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.set(http::field::content_type,
               reply.content_type.empty() ? HttpReply().content_type : reply.content_type);
  response.keep_alive(to.keep_alive);
  response.content_length(reply.body.size());
  if (!to.is_head) response.body() = std::move(reply.body);
  return response;
}

AnswerTo answer_to(const http::request<Body>& message) {
  return {message.method() == http::verb::head, message.keep_alive(), message.version()};
}

/// Such an answer ends the connection: where the next request would begin is not known.
constexpr AnswerTo to_the_unread{};

HttpReply too_large() { return {413, {}, "request body too large\n", {}}; }

HttpReply bad_request() { return {400, {}, "bad request\n", {}}; }

HttpReply given_up() {
  return {503, {}, "others were quicker to send, try again later\n", {{"Retry-After", "1"}}};
}

/// The answer to what could not be read, or nothing where none is due (the client went).
std::optional<HttpReply> complaint(const error_code& error) {
  if (error == http::error::body_limit) return too_large();
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return HttpReply{431, {}, "request header fields too large\n", {}};
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (malformed) return bad_request();
  return std::nullopt;
}

/// Whether a line of the head goes on in the next (RFC 9112 section 5.2: to be refused).
bool has_folded_line(std::string_view head) {
  head = head.substr(0, head.find("\r\n\r\n"));
  return head.find("\n ") != std::string_view::npos || head.find("\n\t") != std::string_view::npos;
}

/// Some take such a character for the end of a line, and others don't (RFC 9112 section 2.2).
bool has_bare_cr_or_lf(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_pair = text.substr(i, 2) == "\r\n";
    if (!is_pair && (text[i] == '\r' || text[i] == '\n')) return true;
    if (is_pair) ++i;
  }
  return false;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The one transfer coding that is known here is "chunked"; it must come last, and once. Others
/// before it are 501, everything else leaves the body's length unknown: 400 (RFC 9112, 6.1, 6.3).
std::optional<HttpReply> transfer_coding_fault(std::string_view codings) {
  if (to_lower(trimmed(codings)) == "chunked") return std::nullopt;
  const auto comma = codings.rfind(',');
  if (comma == std::string_view::npos) return bad_request();
  if (to_lower(trimmed(codings.substr(comma + 1))) != "chunked") return bad_request();
  for (auto rest = codings.substr(0, comma);;) {
    const auto next = rest.find(',');
    const auto coding = trimmed(rest.substr(0, next));
    if (!is_token(coding) || to_lower(coding) == "chunked") return bad_request();
    if (next == std::string_view::npos) break;
    rest.remove_prefix(next + 1);
  }
  return HttpReply{501, {}, "this transfer coding is not implemented\n", {}};
}

/// Of a name or address and a port (RFC 3986, section 3.2.2), of which nothing is used here.
bool has_host_characters_only(std::string_view host) {
  constexpr std::string_view others = "-._~%!$&'()*+,;=:[]";
  return std::all_of(host.begin(), host.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

/// What RFC 9112 has a server refuse, where a proxy before it might see other requests in the bytes
/// than we do. The parser refuses the rest.
std::optional<HttpReply> framing_fault(const http::request<Body>& message) {
  const bool is_1_1 = message.version() == 11;
  if (message.version() != 10 && !is_1_1)
    return HttpReply{505, {}, "only HTTP/1.0 and HTTP/1.1 are served\n", {}};
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (is_1_1 && hosts == 0)) return bad_request();
  const auto host = message[http::field::host];
  if (!has_host_characters_only({host.data(), host.size()})) return bad_request();
  const auto lengths = message.count(http::field::content_length);
  const auto codings = message.count(http::field::transfer_encoding);
  if (lengths + codings > 1) return bad_request();
  const auto length = message[http::field::content_length];
  if (!std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return bad_request();
  if (codings == 0) return std::nullopt;
  if (!is_1_1) return bad_request();
  const auto coding = message[http::field::transfer_encoding];
  return transfer_coding_fault({coding.data(), coding.size()});
}

bool expects_to_be_told(const http::request<Body>& message) {
  const auto expect = message[http::field::expect];
  return to_lower({expect.data(), expect.size()}) == "100-continue";
}

}  // namespace

std::string client_of(const net::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  // One client, whether it comes as IPv4 or as the same in IPv6's clothes.
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return net::ip::make_address_v4(net::ip::v4_mapped, v6).to_string();
  return net::ip::make_network_v6(v6, 64).canonical().to_string();
}

HttpConnection::HttpConnection(tcp::socket socket, std::shared_ptr<net::ssl::context> tls,
                               const HttpServerOptions& options, const HttpService& service)
    : client_(client_of(socket)),
      options_(options),
      service_(service),
      tls_(std::move(tls)),
      buffer_(2 * limits::request_header_bytes_max),  // trailers are bounded by it
      waiting_since_(std::chrono::steady_clock::now()) {
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
  drop_on_close(true);
  transport().close();
}

/// Whether what the peer has not taken is dropped when the socket closes, as a time-out does.
void HttpConnection::drop_on_close(bool yes) {
  error_code ignored;
  transport().socket().set_option(net::socket_base::linger(yes, 0), ignored);
}

/// For the next step: it ends then, and until it does, this connection may have to make room.
void HttpConnection::wait_for_peer(Time until) {
  waiting_since_ = std::chrono::steady_clock::now();
  transport().expires_at(until);
}

/// For one of several steps that end together.
void HttpConnection::wait_for_progress(Time end) {
  const Time step_ends = std::chrono::steady_clock::now() + options_.times.progress_max;
  wait_for_peer(std::min(step_ends, end));
}

net::awaitable<void> HttpConnection::serve() {
  if (plain_) co_return co_await serve_on(*plain_);
  error_code error;
  wait_for_peer(std::chrono::steady_clock::now() + options_.times.handshake_max);
  co_await secure_->async_handshake(net::ssl::stream_base::server, into(error));
  if (error) co_return;
  co_await serve_on(*secure_);
  if (closed_) co_return;
  wait_for_peer(std::chrono::steady_clock::now() + options_.times.progress_max);
  co_await secure_->async_shutdown(into(error));
}

template <class Stream>
net::awaitable<void> HttpConnection::serve_on(Stream& stream) {
  while (!closed_ && co_await answer_one(stream)) {
  }
  // A closed connection costs no place, so its last answer must not stay behind in the kernel.
  if (!closed_ && !co_await until_taken()) co_return;
  error_code ignored;
  if (plain_) transport().socket().shutdown(tcp::socket::shutdown_both, ignored);
}

/// False when the connection is done with.
template <class Stream>
net::awaitable<bool> HttpConnection::answer_one(Stream& stream) {
  Parser parser;
  parser.header_limit(limits::request_header_bytes_max);
  parser.body_limit(limits::request_body_bytes_max);
  const error_code error = co_await read_head(stream, parser);
  auto reply = error ? complaint(error) : framing_fault(parser.get());
  if (error && !reply) co_return false;
  // Who sends requests and takes no answers gets no further ones.
  if (!co_await until_taken()) co_return false;
  if (reply) co_return co_await write(stream, std::move(*reply), to_the_unread);
  co_return co_await read_and_answer(stream, parser);
}

template <class Stream, class Parser>
net::awaitable<error_code> HttpConnection::read_head(Stream& stream, Parser& parser) {
  error_code error;
  if (buffer_.size() == 0) {
    wait_for_peer(std::chrono::steady_clock::now() + options_.read_timeout);
    error = co_await read_more(stream, head_step_bytes);
  }
  const Time end =
      std::chrono::steady_clock::now() + std::min(options_.read_timeout, options_.times.head_max);
  while (!error) {
    const auto unparsed = buffer_.cdata();
    if (has_folded_line({static_cast<const char*>(unparsed.data()), unparsed.size()}))
      co_return http::error::bad_field;
    buffer_.consume(parser.put(unparsed, error));
    if (parser.is_header_done() || error != http::error::need_more) break;
    wait_for_progress(end);
    error = co_await read_more(stream, head_step_bytes);
  }
  co_return error;
}

/// Up to `step_bytes`, behind those that are not parsed yet.
template <class Stream>
net::awaitable<error_code> HttpConnection::read_more(Stream& stream, std::size_t step_bytes) {
  error_code error;
  const auto room = std::min(step_bytes, buffer_.max_size() - buffer_.size());
  if (room == 0) co_return http::error::header_limit;
  const auto count = co_await stream.async_read_some(buffer_.prepare(room), into(error));
  buffer_.commit(count);
  co_return error;
}

/// The head is read; the rest is taken only from those who are let in.
template <class Stream, class Parser>
net::awaitable<bool> HttpConnection::read_and_answer(Stream& stream, Parser& parser) {
  const HttpHead head = head_of(parser.get(), client_, [this] { return give_up_body(); });
  const AnswerTo to = answer_to(parser.get());
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
    co_return co_await write(stream, std::move(reply), no_body ? to : to_the_unread);
  }

  parser.body_limit(admission.body_bytes_max);
  if (const auto error = no_body ? error_code() : co_await read_body(stream, parser); error) {
    const bool gave_up = std::exchange(awaited_, Awaited::nothing) == Awaited::body_given_up;
    auto reply = gave_up && !closed_ ? given_up() : complaint(error);
    if (!reply) co_return false;
    co_return co_await write(stream, with_headers(std::move(*reply)), to_the_unread);
  }
  waiting_since_.reset();
  transport().expires_never();
  HttpRequest request{head.method, head.path, {}, head.client};
  {
    const auto message = parser.release();
    request.body = SecretBuffer::copy_of(std::span<const std::uint8_t>(message.body()));
  }
  auto reply = co_await service_.answer(std::move(request));
  co_return co_await write(stream, with_headers(std::move(reply)), to);
}

template <class Stream, class Parser>
net::awaitable<error_code> HttpConnection::read_body(Stream& stream, Parser& parser) {
  const Time end =
      std::chrono::steady_clock::now() + std::min(options_.read_timeout, options_.times.body_max);
  error_code error;
  transport().socket().set_option(
      net::socket_base::receive_buffer_size(options_.socket_buffer_bytes_for_body), error);
  if (!error && expects_to_be_told(parser.get())) {
    wait_for_progress(end);
    co_await net::async_write(stream, net::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                              into(error));
  }
  bool is_line = false;
  auto line_seen = [&is_line](std::uint64_t, beast::string_view, error_code&) { is_line = true; };
  parser.on_chunk_header(line_seen);  // may be set but once, before the body begins
  awaited_ = Awaited::body;
  bool needs_more = buffer_.size() == 0;
  while (!error && !parser.is_done()) {
    if (needs_more) {
      wait_for_progress(end);
      error = co_await read_more(stream, body_step_bytes);
      if (awaited_ == Awaited::body_given_up) error = net::error::operation_aborted;
      if (error) break;
    }
    error = take_piece(parser, is_line);
    needs_more = error == http::error::need_more || buffer_.size() == 0;
    if (error == http::error::need_more) error = {};
  }
  if (!error) awaited_ = Awaited::nothing;
  co_return error;
}

/// Gives the parser what has come of the body. It takes one piece of it: some data, or the line of
/// a chunk, or the last such line and the trailers; `is_line` is set by its callback. need_more:
/// that one has not come as a whole.
template <class Parser>
error_code HttpConnection::take_piece(Parser& parser, bool& is_line) {
  is_line = false;
  error_code error;
  const auto unparsed = buffer_.cdata();
  const std::size_t taken = parser.put(unparsed, error);
  const std::string_view piece(static_cast<const char*>(unparsed.data()), taken);
  if (is_line && (has_folded_line(piece) || has_bare_cr_or_lf(piece)))
    error = http::error::bad_chunk;
  buffer_.consume(taken);
  return error;
}

/// For another request: the place that this one holds while its body does not come.
bool HttpConnection::give_up_body() {
  if (awaited_ != Awaited::body) return false;
  awaited_ = Awaited::body_given_up;
  transport().cancel();
  return true;
}

template <class Stream>
net::awaitable<bool> HttpConnection::write(Stream& stream, HttpReply reply, const AnswerTo& to) {
  auto response = to_response(std::move(reply), to);
  http::response_serializer<http::string_body> serializer(response);
  serializer.split(to.is_head);
  const Time end =
      std::chrono::steady_clock::now() + std::min(options_.write_timeout, options_.times.write_max);
  error_code error;
  drop_on_close(true);
  while (!error && !(to.is_head ? serializer.is_header_done() : serializer.is_done())) {
    wait_for_progress(end);
    co_await http::async_write_some(stream, serializer, into(error));
  }
  drop_on_close(error.failed());
  co_return !error && to.keep_alive;
}

/// What the peer's side has not acknowledged yet of what was sent.
int HttpConnection::bytes_not_taken() {
  int bytes = 0;
  return ::ioctl(transport().socket().native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/// Whether the answers so far were taken, in the time that an answer has. Nothing tells of it, so
/// one looks; a client that reads an answer before it asks again is never waited for.
net::awaitable<bool> HttpConnection::until_taken() {
  constexpr auto look_every_max = std::chrono::milliseconds(100);
  const Time end = std::chrono::steady_clock::now() +
                   std::min(options_.write_timeout, options_.times.progress_max);
  std::chrono::milliseconds look_every(1);
  net::steady_timer timer(transport().get_executor());
  while (!closed_ && bytes_not_taken() > 0) {
    if (std::chrono::steady_clock::now() >= end) {
      close();
      break;
    }
    error_code ignored;
    timer.expires_after(look_every);
    co_await timer.async_wait(into(ignored));
    look_every = std::min(look_every * 2, look_every_max);
  }
  co_return !closed_;
}

}  // namespace bulla
