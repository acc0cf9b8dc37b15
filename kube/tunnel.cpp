// SPDX-License-Identifier: Apache-2.0
#include "kube/tunnel.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>

#include "base/limits.hpp"
#include "kube/answer_reader.hpp"
#include "kube/net_error.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;

using ConnectionPtr = std::shared_ptr<Connection>;

// --- HTTP CONNECT -------------------------------------------------------------------------------

Awaitable<Result<void>> connect_by_http(ConnectionPtr connection,
                                        std::shared_ptr<const Endpoint> endpoint) {
  const auto target = endpoint->url.address();
  SecretBuffer head;
  head.reserve(1 * limits::kib);
  head.append("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n");
  append_proxy_authorization(head, *endpoint->proxy);
  head.append("\r\n");
  auto written = co_await connection->write(head.expose_secret_text(), "");
  if (!written) co_return written.error();
  AnswerReader reader(connection, std::nullopt);
  auto answer = co_await reader.read_head();
  if (!answer) co_return answer.error();
  if (answer->status < 200 || answer->status > 299) {
    co_return unavailable("it answers " + std::to_string(answer->status) + " " + answer->reason);
  }
  // The server speaks second: what is here already is not from the other end of a tunnel.
  if (reader.has_leftover()) co_return unavailable("it sent more than an answer");
  co_return Result<void>();
}

// --- SOCKS 5 ------------------------------------------------------------------------------------

constexpr std::uint8_t socks_version = 5;
constexpr std::uint8_t no_authentication = 0;
constexpr std::uint8_t user_and_password = 2;

/// RFC 1928 section 6.
const char* socks_failure(std::uint8_t code) noexcept {
  switch (code) {
    case 1: return "general SOCKS server failure";
    case 2: return "connection not allowed by ruleset";
    case 3: return "network unreachable";
    case 4: return "host unreachable";
    case 5: return "connection refused";
    case 6: return "TTL expired";
    case 7: return "command not supported";
    case 8: return "address type not supported";
    default: return "unknown error";
  }
}

Awaitable<Result<void>> read_exactly(ConnectionPtr connection, std::span<std::uint8_t> room) {
  while (!room.empty()) {
    auto size = co_await connection->read_some(room);
    if (!size) co_return size.error();
    if (*size == 0) co_return unavailable("it closed the connection");
    room = room.subspan(*size);
  }
  co_return Result<void>();
}

void append_byte(SecretBuffer& out, std::size_t byte) {
  const char c = static_cast<char>(byte);
  out.append({&c, 1});
}

/// RFC 1929.
Awaitable<Result<void>> log_in(ConnectionPtr connection, std::shared_ptr<const Endpoint> endpoint) {
  const auto& proxy = *endpoint->proxy;
  if (proxy.user.size() > 255 || proxy.password.size() > 255) {
    co_return unavailable("its user name and password may have 255 bytes at most");
  }
  SecretBuffer message;
  message.reserve(3 + proxy.user.size() + proxy.password.size());
  append_byte(message, 1);
  append_byte(message, proxy.user.size());
  message.append(proxy.user);
  append_byte(message, proxy.password.size());
  message.append(proxy.password.expose_secret_text());
  auto written = co_await connection->write(message.expose_secret_text(), "");
  if (!written) co_return written.error();
  std::array<std::uint8_t, 2> answer = {};
  auto got = co_await read_exactly(connection, answer);
  if (!got) co_return got.error();
  if (answer[1] != 0) co_return unavailable("it refuses the user name and password");
  co_return Result<void>();
}

Awaitable<Result<void>> greet(ConnectionPtr connection, std::shared_ptr<const Endpoint> endpoint) {
  const bool has_user = !endpoint->proxy->user.empty();
  std::string hello = {socks_version, 1, no_authentication};
  if (has_user) hello = {socks_version, 2, no_authentication, user_and_password};
  auto written = co_await connection->write(hello, "");
  if (!written) co_return written.error();
  std::array<std::uint8_t, 2> answer = {};
  auto got = co_await read_exactly(connection, answer);
  if (!got) co_return got.error();
  if (answer[0] != socks_version) co_return unavailable("it does not speak SOCKS 5");
  if (answer[1] == no_authentication) co_return Result<void>();
  if (answer[1] == user_and_password && has_user) co_return co_await log_in(connection, endpoint);
  co_return unavailable("it accepts no way to log in that we have");
}

/// Address type, address and port (RFC 1928 section 5); empty if a name is too long for it.
std::string socks_address(const Url& url) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(url.host, not_an_address);
  std::string out;
  if (not_an_address) {
    if (url.host.size() > 255) return {};
    out = {3, static_cast<char>(url.host.size())};
    out += url.host;
  } else if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    out = "\x01" + std::string(bytes.begin(), bytes.end());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    out = "\x04" + std::string(bytes.begin(), bytes.end());
  }
  out += static_cast<char>(url.port >> 8);
  out += static_cast<char>(url.port & 0xff);
  return out;
}

Awaitable<Result<void>> connect_by_socks(ConnectionPtr connection,
                                         std::shared_ptr<const Endpoint> endpoint) {
  auto greeted = co_await greet(connection, endpoint);
  if (!greeted) co_return greeted;
  const auto address = socks_address(endpoint->url);
  if (address.empty()) co_return unavailable("the server's name is too long for SOCKS 5");
  const std::string command = {socks_version, 1, 0};  // CONNECT
  auto written = co_await connection->write(command, address);
  if (!written) co_return written.error();
  // The answer ends with an address of which we need only the length.
  std::array<std::uint8_t, 5> answer = {};
  auto got = co_await read_exactly(connection, answer);
  if (!got) co_return got.error();
  if (answer[1] != 0) co_return unavailable(std::string("it answers: ") + socks_failure(answer[1]));
  const std::size_t address_bytes = answer[3] == 1 ? 4U : answer[3] == 4 ? 16U : answer[4] + 1U;
  std::array<std::uint8_t, 300> rest = {};
  co_return co_await read_exactly(connection, std::span(rest).first(address_bytes + 2 - 1));
}

}  // namespace

Awaitable<Result<void>> open_tunnel(std::shared_ptr<Connection> connection,
                                    std::shared_ptr<const Endpoint> endpoint) {
  Result<void> opened;
  if (endpoint->proxy->is_socks()) {
    opened = co_await connect_by_socks(connection, endpoint);
  } else {
    opened = co_await connect_by_http(connection, endpoint);
  }
  if (opened) co_return opened;
  co_return opened.error().during("the proxy " + endpoint->proxy->url.address());
}

}  // namespace bulla::kube
