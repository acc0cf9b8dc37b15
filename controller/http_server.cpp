// SPDX-License-Identifier: Apache-2.0
#include "controller/http_server.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <set>

#include "controller/http_connection.hpp"
#include "controller/tasks.hpp"

namespace bulla {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto accept_pause = std::chrono::milliseconds(100);

auto into(error_code& error) { return net::redirect_error(net::use_awaitable, error); }

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
  Impl(tcp::acceptor opened, ListenAddress given, HttpServerOptions chosen, HttpService handle,
       std::optional<TlsIdentity> tls)
      : acceptor(std::move(opened)),
        address(std::move(given)),
        options(std::move(chosen)),
        service(std::move(handle)),
        identity(std::move(tls)),
        connections(acceptor.get_executor()),
        slot_free(acceptor.get_executor()) {}

  net::awaitable<void> accept_all();
  net::awaitable<void> admit(tcp::socket socket);
  net::awaitable<void> serve(std::unique_ptr<HttpConnection> connection);
  net::awaitable<void> pause(std::chrono::steady_clock::time_point until);
  bool make_room(const std::string* client);
  std::size_t count_of(const std::string& client) const;

  tcp::acceptor acceptor;
  ListenAddress address;
  HttpServerOptions options;
  HttpService service;
  std::optional<TlsIdentity> identity;
  TaskGroup connections;
  net::steady_timer slot_free;  ///< rings when a connection ends
  std::set<HttpConnection*> open;
  bool stopped = false;
};

net::awaitable<void> HttpServer::Impl::pause(std::chrono::steady_clock::time_point until) {
  error_code rung;
  slot_free.expires_at(until);
  co_await slot_free.async_wait(into(rung));
}

net::awaitable<void> HttpServer::Impl::accept_all() {
  while (!stopped) {
    error_code error;
    auto socket = co_await acceptor.async_accept(into(error));
    if (stopped) break;
    if (!error) {
      co_await admit(std::move(socket));
    } else {
      // Out of descriptors, or the client is gone already: neither is a reason to end.
      co_await pause(std::chrono::steady_clock::now() + accept_pause);
    }
  }
}

net::awaitable<void> HttpServer::Impl::admit(tcp::socket socket) {
  auto tls = identity ? identity->at(std::chrono::steady_clock::now()) : nullptr;
  auto connection =
      std::make_unique<HttpConnection>(std::move(socket), std::move(tls), options, service);
  const std::string& client = connection->client();
  if (count_of(client) >= options.connections_per_client_max && !make_room(&client)) co_return;
  while (!stopped && open.size() >= options.connections_max && !make_room(nullptr))
    co_await pause(std::chrono::steady_clock::time_point::max());
  if (!stopped) connections.start(serve(std::move(connection)));
}

std::size_t HttpServer::Impl::count_of(const std::string& client) const {
  return static_cast<std::size_t>(std::count_if(
      open.begin(), open.end(), [&](const auto* one) { return one->client() == client; }));
}

/// Closes the connection (of that client, if given) that has been idle longest; false if none is.
bool HttpServer::Impl::make_room(const std::string* client) {
  HttpConnection* oldest = nullptr;
  for (auto* one : open) {
    if (!one->idle_since() || (client != nullptr && one->client() != *client)) continue;
    if (oldest == nullptr || *one->idle_since() < *oldest->idle_since()) oldest = one;
  }
  if (oldest == nullptr) return false;
  oldest->close();
  open.erase(oldest);
  return true;
}

net::awaitable<void> HttpServer::Impl::serve(std::unique_ptr<HttpConnection> connection) {
  open.insert(connection.get());
  co_await connection->serve();
  open.erase(connection.get());
  slot_free.cancel();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

Result<HttpServer> HttpServer::listen(net::any_io_executor executor, const std::string& address,
                                      HttpServerOptions options, HttpService service) {
  std::optional<TlsIdentity> identity;
  if (options.tls) {
    auto loaded = TlsIdentity::load(*options.tls);
    if (!loaded) return loaded.error();
    identity = std::move(*loaded);
  }
  auto parsed = parse_listen_address(address);
  if (!parsed) return std::move(parsed).error().during("listen tcp");
  auto acceptor = open_acceptor(executor, *parsed);
  if (!acceptor) return std::move(acceptor).error().during("listen tcp " + address);
  return HttpServer(std::make_unique<Impl>(std::move(*acceptor), std::move(*parsed),
                                           std::move(options), std::move(service),
                                           std::move(identity)));
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
  for (auto* connection : impl_->open) connection->close();
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
