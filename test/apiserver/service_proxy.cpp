// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "session.hpp"

namespace bulla::test {

namespace net = boost::asio;
namespace http = boost::beast::http;

namespace {

// The path names a service as NAME, NAME:PORT or SCHEME:NAME:PORT.
std::string service_name(const std::string& part) {
  const auto first = part.find(':');
  if (first == std::string::npos) return part;
  const auto second = part.find(':', first + 1);
  return second == std::string::npos ? part.substr(0, first)
                                     : part.substr(first + 1, second - first - 1);
}

/// Retry-After, which a real API server passes on like every header.
std::optional<int> seconds_of(boost::beast::string_view text) {
  int seconds = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, seconds);
  if (text.empty() || failure != std::errc() || stop != end) return std::nullopt;
  return seconds;
}

net::awaitable<HttpAnswer> exchange(Backend backend, RequestInfo info) {
  net::ip::tcp::socket socket(co_await net::this_coro::executor);
  const net::ip::tcp::endpoint address(net::ip::make_address(backend.host), backend.port);
  co_await socket.async_connect(address, net::use_awaitable);

  const auto query = info.target.find('?');
  const auto target = (info.rest.empty() ? "/" : info.rest) +
                      (query == std::string::npos ? "" : info.target.substr(query));
  http::request<http::string_body> request(http::string_to_verb(info.method), target, 11);
  request.set(http::field::host, backend.host + ":" + std::to_string(backend.port));
  if (!info.content_type.empty()) request.set(http::field::content_type, info.content_type);
  request.body() = info.body;
  request.keep_alive(false);
  request.prepare_payload();
  co_await http::async_write(socket, request, net::use_awaitable);

  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  co_await http::async_read(socket, buffer, response, net::use_awaitable);
  const auto type = response[http::field::content_type];
  HttpAnswer answer{static_cast<int>(response.result_int()), std::move(response.body()),
                    std::string(type.data(), type.size())};
  answer.retry_after_s = seconds_of(response[http::field::retry_after]);
  co_return answer;
}

}  // namespace

net::awaitable<HttpAnswer> pass_to_service(const ServerState& state, RequestInfo info) {
  const auto name = service_name(info.name);
  const auto backend = state.backend(info.ns, name);
  if (!backend) {
    if (state.cluster.peek("services", info.ns, name)) {
      co_return answer_of(unavailable("no endpoints available for service \"" + name + "\""));
    }
    co_return answer_of(not_found({"", "services", "Service", name}));
  }
  std::string trouble;
  try {
    co_return co_await exchange(*backend, std::move(info));
  } catch (const boost::system::system_error& error) {
    trouble = error.code().message();
  }
  co_return answer_of(unavailable("error trying to reach service: dial tcp " + backend->host + ":" +
                                  std::to_string(backend->port) + ": " + trouble));
}

}  // namespace bulla::test
