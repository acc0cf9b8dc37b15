// SPDX-License-Identifier: Apache-2.0
#include "kube/connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t input_bytes = 64 * limits::kib;

Error unavailable(std::string message) { return {Errc::unavailable, std::move(message)}; }

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const bool v6 = endpoint.address().is_v6();
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

/// The operating system's words, as a clause: "connection refused".
std::string words_of(const error_code& code) {
  auto words = code.message();
  if (words.size() > 1 && words[1] >= 'a' && words[1] <= 'z') {
    words[0] = to_lower(words.substr(0, 1))[0];
  }
  return words;
}

bool is_address(const std::string& host) {
  error_code failure;
  static_cast<void>(asio::ip::make_address(host, failure));
  return !failure;
}

Error tls_material_error(const char* what, const error_code& failure) {
  ERR_clear_error();
  return {Errc::invalid_input, std::string(what) + " is not usable: " + words_of(failure)};
}

Result<void> load_credentials(asio::ssl::context& tls, const ClientConfig& config) {
  error_code failure;
  if (config.ca_pem.empty()) {
    tls.set_default_verify_paths(failure);
  } else {
    tls.add_certificate_authority(asio::buffer(config.ca_pem), failure);
  }
  if (failure) return tls_material_error("the certificate authority", failure);
  if (config.client_certificate_pem.empty()) return {};

  tls.use_certificate_chain(asio::buffer(config.client_certificate_pem), failure);
  if (failure) return tls_material_error("the client certificate", failure);
  // OpenSSL would otherwise ask at the terminal for the password of an encrypted key.
  tls.set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
  const auto key = config.client_key_pem.expose_secret_text();
  tls.use_private_key(asio::buffer(key.data(), key.size()), asio::ssl::context::pem, failure);
  if (failure) return tls_material_error("the client key", failure);
  return {};
}

Result<std::shared_ptr<asio::ssl::context>> make_tls(const ClientConfig& config) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  auto* native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // A cluster's CA file may hold an intermediate: what it holds is trusted, as in Go.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
  static constexpr unsigned char http_1_1[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(native, http_1_1, sizeof http_1_1 - 1);
  tls->set_verify_mode(config.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
  if (auto loaded = load_credentials(*tls, config); !loaded) return loaded.error();
  return tls;
}

}  // namespace

Result<Endpoint> make_endpoint(const ClientConfig& config) {
  auto url = parse_url(config.server);
  if (!url) return std::move(url.error());
  const bool secure = url->scheme == "https";
  if (!secure && url->scheme != "http") {
    return Error{Errc::invalid_input,
                 "the server " + quoted(config.server) + " must begin with https:// or http://"};
  }
  if (url->host.empty()) {
    return Error{Errc::invalid_input, "the server " + quoted(config.server) + " names no host"};
  }
  Endpoint endpoint;
  endpoint.url = std::move(*url);
  endpoint.base_path = endpoint.url.target.substr(0, endpoint.url.target.find('?'));
  while (endpoint.base_path.ends_with('/')) endpoint.base_path.pop_back();
  endpoint.insecure = config.insecure;
  endpoint.verify_name =
      config.tls_server_name.empty() ? endpoint.url.host : config.tls_server_name;
  if (!secure) return endpoint;
  auto tls = make_tls(config);
  if (!tls) return std::move(tls.error());
  endpoint.tls = std::move(*tls);
  return endpoint;
}

// --- Connection ---------------------------------------------------------------------------------

Connection::Connection(asio::any_io_executor executor, std::shared_ptr<const Endpoint> endpoint)
    : endpoint_(std::move(endpoint)), socket_(executor), resolver_(executor), deadline_(executor) {}

void Connection::set_deadline(std::chrono::milliseconds limit) {
  clear_deadline();
  limit_ = limit;
  if (limit.count() == 0) return;
  deadline_.expires_after(limit);
  deadline_.async_wait([weak = weak_from_this(), number = deadline_number_](error_code aborted) {
    const auto self = weak.lock();
    // The number tells a handler that was already on its way when its deadline was cleared.
    if (aborted || !self || self->deadline_number_ != number) return;
    self->timed_out_ = true;
    self->close();
  });
}

void Connection::clear_deadline() {
  ++deadline_number_;
  deadline_.cancel();
}

void Connection::close() noexcept {
  closed_ = true;
  error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

bool Connection::is_reusable() noexcept {
  if (closed_) return false;
  char byte = 0;
  const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size < 0 && (errno == EAGAIN);
}

Error Connection::failure(const error_code& code) const {
  if (timed_out_) {
    const auto limit = format_go_duration(limit_);
    return unavailable("no answer from " + endpoint_->url.address() + " within " + limit);
  }
  if (closed_) return unavailable("the connection was closed");
  if (code == asio::error::eof || code == asio::ssl::error::stream_truncated) {
    return unavailable("the server closed the connection");
  }
  return unavailable(words_of(code));
}

Awaitable<Result<std::vector<asio::ip::tcp::endpoint>>> Connection::resolve() {
  const auto& url = endpoint_->url;
  std::vector<Tcp::endpoint> found;
  error_code code;
  const auto address = asio::ip::make_address(url.host, code);
  if (!code) {
    found.emplace_back(address, url.port);
    co_return found;
  }
  const auto port = std::to_string(url.port);
  auto results = co_await resolver_.async_resolve(url.host, port,
                                                  asio::redirect_error(asio::use_awaitable, code));
  if (code) {
    if (timed_out_ || closed_) co_return failure(code);
    co_return unavailable("dial tcp: lookup " + url.host + ": no such host");
  }
  for (const auto& result : results) found.push_back(result.endpoint());
  co_return found;
}

Awaitable<Result<void>> Connection::connect() {
  auto endpoints = co_await resolve();
  if (!endpoints) co_return std::move(endpoints.error());
  std::optional<Error> first_failure;
  for (const auto& endpoint : *endpoints) {
    if (closed_) co_return failure({});
    error_code code;
    co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, code));
    if (!code && !closed_) {
      // One answer in one packet; and a watch whose peer vanished must not look alive for ever.
      socket_.set_option(Tcp::no_delay(true), code);
      socket_.set_option(asio::socket_base::keep_alive(true), code);
      co_return Result<void>();
    }
    if (timed_out_ || closed_) co_return failure(code);
    if (!first_failure) {
      first_failure = unavailable("dial tcp " + text_of(endpoint) + ": connect: " + words_of(code));
    }
    socket_.close(code);
  }
  co_return first_failure.value_or(
      unavailable("dial tcp: lookup " + endpoint_->url.host + ": no address"));
}

Awaitable<Result<void>> Connection::start_tls() {
  tls_.emplace(socket_, *endpoint_->tls);
  auto* native = tls_->native_handle();
  const auto& name = endpoint_->verify_name;
  auto* rules = SSL_get0_param(native);
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());  // and no SNI: RFC 6066 section 3
  } else {
    X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size());
    // SSL_set_tlsext_host_name() without the old-style cast of the macro.
    SSL_ctrl(native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  }
  error_code code;
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(asio::use_awaitable, code));
  if (!code) co_return Result<void>();
  ERR_clear_error();
  if (timed_out_ || closed_) co_return failure(code);
  const auto verdict = SSL_get_verify_result(native);
  if (!endpoint_->insecure && verdict != X509_V_OK) {
    co_return unavailable("tls: the certificate of " + endpoint_->url.address() +
                          " is not accepted: " + X509_verify_cert_error_string(verdict));
  }
  co_return unavailable("tls: " + words_of(code));
}

Awaitable<Result<void>> Connection::open() {
  auto connected = co_await connect();
  if (!connected || !endpoint_->tls) co_return connected;
  auto secured = co_await start_tls();
  co_return secured;
}

Awaitable<Result<void>> Connection::write(std::string_view head, std::string_view body) {
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head.data(), head.size()),
                                                     asio::buffer(body.data(), body.size())};
  error_code code;
  if (tls_) {
    co_await asio::async_write(*tls_, buffers, asio::redirect_error(asio::use_awaitable, code));
  } else {
    co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, code));
  }
  if (code) co_return failure(code);
  co_return Result<void>();
}

Awaitable<Result<std::size_t>> Connection::read_some(std::span<std::uint8_t> room) {
  const auto buffer = asio::buffer(room.data(), room.size());
  error_code code;
  std::size_t size = 0;
  if (tls_) {
    size = co_await tls_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, code));
  } else {
    size =
        co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, code));
  }
  if (size > 0) received_anything_ = true;
  const bool ended = code == asio::error::eof || code == asio::ssl::error::stream_truncated;
  if (ended && !closed_) co_return std::size_t{0};
  if (code) co_return failure(code);
  co_return size;
}

// --- AnswerReader -------------------------------------------------------------------------------

AnswerReader::AnswerReader(std::shared_ptr<Connection> connection,
                           std::optional<std::uint64_t> body_bytes_max)
    : connection_(std::move(connection)), input_(input_bytes) {
  parser_.header_limit(static_cast<std::uint32_t>(limits::response_header_bytes_max));
  if (body_bytes_max) {
    parser_.body_limit(*body_bytes_max);
  } else {
    parser_.body_limit(boost::none);
  }
}

bool AnswerReader::keep_alive() const { return parser_.keep_alive() && begin_ == end_; }

/// Reads more behind what the parser has not taken yet; at the end of the stream, tells the parser.
Awaitable<Result<void>> AnswerReader::fill() {
  auto room = input_.expose_secret();
  if (begin_ > 0) {
    std::copy(room.begin() + static_cast<std::ptrdiff_t>(begin_),
              room.begin() + static_cast<std::ptrdiff_t>(end_), room.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == room.size()) co_return unavailable("the server's answer is not HTTP");
  auto size = co_await connection_->read_some(room.subspan(end_));
  if (!size) co_return std::move(size.error());
  end_ += *size;
  if (*size > 0) co_return Result<void>();
  error_code code;
  if (parser_.got_some()) parser_.put_eof(code);
  if (code || !parser_.is_done()) co_return unavailable("the server closed the connection");
  co_return Result<void>();
}

Result<void> AnswerReader::feed() {
  const auto bytes = input_.expose_secret().subspan(begin_, end_ - begin_);
  error_code code;
  begin_ += parser_.put(asio::buffer(bytes.data(), bytes.size()), code);
  if (!code || code == http::error::need_more || code == http::error::need_buffer) return {};
  if (code == http::error::body_limit) {
    return Error{Errc::rejected, "the server's answer is larger than " +
                                     std::to_string(limits::response_body_bytes_max) + " bytes"};
  }
  if (code == http::error::header_limit) {
    return Error{Errc::rejected, "the header of the server's answer is larger than " +
                                     std::to_string(limits::response_header_bytes_max) + " bytes"};
  }
  return unavailable("the server's answer is not HTTP: " + words_of(code));
}

Awaitable<Result<AnswerHead>> AnswerReader::read_head() {
  while (!parser_.is_header_done()) {
    auto filled = co_await fill();
    if (!filled) co_return std::move(filled.error());
    auto fed = feed();
    if (!fed) co_return std::move(fed.error());
  }
  const auto& message = parser_.get();
  AnswerHead head;
  head.status = message.result_int();
  head.reason = std::string(message.reason());
  head.content_type = std::string(message[http::field::content_type]);
  head.retry_after = std::string(message[http::field::retry_after]);
  head.location = std::string(message[http::field::location]);
  head.warning = std::string(message[http::field::warning]);
  co_return head;
}

Awaitable<Result<bool>> AnswerReader::read_body_some(SecretBuffer& body) {
  SecretBuffer scratch(input_bytes);
  const auto room = scratch.expose_secret();
  while (!parser_.is_done()) {
    auto& sink = parser_.get().body();
    sink.data = room.data();
    sink.size = room.size();
    sink.more = true;
    const auto before = begin_;
    if (begin_ < end_) {
      auto fed = feed();
      if (!fed) co_return std::move(fed.error());
    }
    const auto written = room.size() - sink.size;
    if (written > 0) {
      body.append(as_text(room.first(written)));
      co_return true;
    }
    if (parser_.is_done() || begin_ != before) continue;
    auto filled = co_await fill();
    if (!filled) co_return std::move(filled.error());
  }
  co_return false;
}

}  // namespace bulla::kube
