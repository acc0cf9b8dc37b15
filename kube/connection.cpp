// SPDX-License-Identifier: Apache-2.0
#include "kube/connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "kube/net_error.hpp"
#include "kube/tunnel.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const bool v6 = endpoint.address().is_v6();
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

bool expect_address(X509_VERIFY_PARAM* rules, const asio::ip::address& address) {
  // The bytes, not the text: a zone ("fe80::1%eth0") is no part of what a certificate names.
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return X509_VERIFY_PARAM_set1_ip(rules, bytes.data(), bytes.size()) == 1;
  }
  const auto bytes = address.to_v6().to_bytes();
  return X509_VERIFY_PARAM_set1_ip(rules, bytes.data(), bytes.size()) == 1;
}

/// What the certificate must be for, and the name to ask for it by. Names are looked for in the
/// certificate's subject alternative names alone, and "*" stands for a whole label (RFC 9525
/// sections 2 and 6.3), as in Go. False: nothing could be expected, and any name would do.
bool expect_name(SSL* native, const std::string& name) {
  auto* rules = SSL_get0_param(native);
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  error_code is_a_name;
  const auto address = asio::ip::make_address(name, is_a_name);
  if (!is_a_name) return expect_address(rules, address);  // and no SNI: RFC 6066 section 3
  // SSL_set_tlsext_host_name() without the old-style cast of the macro.
  SSL_ctrl(native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(name.c_str()));
  return !name.empty() && X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1;
}

/// In Go's words, which people search the web for.
std::string refusal_of(long verdict, const std::string& name) {
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return "x509: certificate signed by unknown authority";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return "x509: certificate has expired or is not yet valid";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "x509: certificate is not valid for " + name;
    default: return std::string("x509: ") + X509_verify_cert_error_string(verdict);
  }
}

Error handshake_error(const error_code& code) {
  const auto number = static_cast<unsigned long>(static_cast<unsigned>(code.value()));
  const bool of_ssl = code.category() == asio::error::get_ssl_category();
  if (of_ssl && ERR_GET_REASON(number) == SSL_R_WRONG_VERSION_NUMBER) {
    return unavailable("http: server gave HTTP response to HTTPS client");
  }
  return unavailable("tls: " + words_of(code));
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor,
                       std::shared_ptr<const Endpoint> endpoint)
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
    return unavailable("no answer from " + dialled().address() + " within " + limit);
  }
  if (closed_) return unavailable("the connection was closed");
  if (code == asio::error::eof || code == asio::ssl::error::stream_truncated) {
    return unavailable("the server closed the connection");
  }
  return unavailable(words_of(code));
}

Awaitable<Result<std::vector<asio::ip::tcp::endpoint>>> Connection::resolve() {
  const auto& url = dialled();
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
  if (!endpoints) co_return endpoints.error();
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
      unavailable("dial tcp: lookup " + dialled().host + ": no address"));
}

template <class Stream>
Awaitable<Result<void>> Connection::shake_hands(Stream& stream, std::string name) {
  auto* native = stream.native_handle();
  if (!expect_name(native, name) && !endpoint_->insecure)
    co_return Error{Errc::invalid_input, "tls: no certificate can be for " + quoted(name)};
  error_code code;
  co_await stream.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, code));
  if (!code) co_return Result<void>();
  ERR_clear_error();
  if (timed_out_ || closed_) co_return failure(code);
  const auto verdict = SSL_get_verify_result(native);
  if (!endpoint_->insecure && verdict != X509_V_OK) {
    auto refused = unavailable("tls: failed to verify certificate: " + refusal_of(verdict, name));
    if (verdict != X509_V_ERR_HOSTNAME_MISMATCH) co_return refused;
    co_return std::move(refused).hint(
        "only the subject alternative names of a certificate count, not its common name");
  }
  co_return handshake_error(code);
}

Awaitable<Result<void>> Connection::start_tls() {
  if (tls_) {
    nested_.emplace(*tls_, *endpoint_->tls);
    co_return co_await shake_hands(*nested_, endpoint_->verify_name);
  }
  tls_.emplace(socket_, *endpoint_->tls);
  co_return co_await shake_hands(*tls_, endpoint_->verify_name);
}

/// All that is between us and the server, up to where its own bytes begin.
Awaitable<Result<void>> Connection::connect_to_proxy() {
  const auto& proxy = *endpoint_->proxy;
  auto connected = co_await connect();
  if (connected && proxy.tls) {
    tls_.emplace(socket_, *proxy.tls);
    connected = co_await shake_hands(*tls_, proxy.url.host);
  }
  if (!connected) co_return connected.error().during("proxyconnect tcp");
  if (endpoint_->forwards()) co_return connected;
  co_return co_await open_tunnel(shared_from_this(), endpoint_);
}

Awaitable<Result<void>> Connection::open() {
  Result<void> connected;
  if (endpoint_->proxy) {
    connected = co_await connect_to_proxy();
  } else {
    connected = co_await connect();
  }
  if (!connected || !endpoint_->tls) co_return connected;
  co_return co_await start_tls();
}

const Url& Connection::dialled() const noexcept {
  return endpoint_->proxy ? endpoint_->proxy->url : endpoint_->url;
}

Awaitable<Result<void>> Connection::write(std::string_view head, std::string_view body) {
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head.data(), head.size()),
                                                     asio::buffer(body.data(), body.size())};
  error_code code;
  if (nested_) {
    co_await asio::async_write(*nested_, buffers, asio::redirect_error(asio::use_awaitable, code));
  } else if (tls_) {
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
  if (nested_) {
    size =
        co_await nested_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, code));
  } else if (tls_) {
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

}  // namespace bulla::kube
