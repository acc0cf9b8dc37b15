// SPDX-License-Identifier: Apache-2.0
#include "controller/http_server.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <map>
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
                                    bool both_families, int buffer_bytes) {
  tcp::acceptor acceptor(executor);
  error_code error;
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && both_families) acceptor.set_option(net::ip::v6_only(false), error);
  // Connections inherit these.
  if (!error) acceptor.set_option(net::socket_base::send_buffer_size(buffer_bytes), error);
  if (!error) acceptor.set_option(net::socket_base::receive_buffer_size(buffer_bytes), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Error{Errc::invalid_input, error.message()};
  return acceptor;
}

Result<tcp::acceptor> open_acceptor(const net::any_io_executor& executor,
                                    const ListenAddress& address, int buffer_bytes) {
  if (address.host.empty()) {
    auto every = open_acceptor(executor, {tcp::v6(), address.port}, true, buffer_bytes);
    // A machine without IPv6.
    return every ? std::move(every)
                 : open_acceptor(executor, {tcp::v4(), address.port}, false, buffer_bytes);
  }
  error_code error;
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty()) return Error{Errc::invalid_input, error.message()};
  return open_acceptor(executor, *found.begin(), false, buffer_bytes);
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
        accept_again(acceptor.get_executor()) {}

  net::awaitable<void> accept_all();
  void admit(tcp::socket socket);
  net::awaitable<void> serve(std::unique_ptr<HttpConnection> connection);
  bool make_room(const std::string* client);
  [[nodiscard]] std::size_t count_of(const std::string& client) const;
  void forget(HttpConnection* connection);

  tcp::acceptor acceptor;
  ListenAddress address;
  HttpServerOptions options;
  HttpService service;
  std::optional<TlsIdentity> identity;
  TaskGroup connections;
  net::steady_timer accept_again;
  std::set<HttpConnection*> open;
  std::map<std::string, std::size_t> open_by_client = {};
  bool stopped = false;
};

/// Never waits for what is open already: a client that holds its connections must not keep the next
/// one, which may be a probe, in the queue.
net::awaitable<void> HttpServer::Impl::accept_all() {
  while (!stopped) {
    error_code error;
    auto socket = co_await acceptor.async_accept(into(error));
    if (stopped) break;
    if (!error) {
      admit(std::move(socket));
    } else {
      // Out of descriptors, or the client is gone already: neither is a reason to end.
      accept_again.expires_after(accept_pause);
      co_await accept_again.async_wait(into(error));
    }
  }
}

void HttpServer::Impl::admit(tcp::socket socket) {
  auto tls = identity ? identity->at(std::chrono::steady_clock::now()) : nullptr;
  auto connection =
      std::make_unique<HttpConnection>(std::move(socket), std::move(tls), options, service);
  const std::string& client = connection->client();
  if (count_of(client) >= options.connections_per_client_max && !make_room(&client)) return;
  if (open.size() >= options.connections_max && !make_room(nullptr)) return;
  open.insert(connection.get());
  ++open_by_client[client];
  connections.start(serve(std::move(connection)));
}

std::size_t HttpServer::Impl::count_of(const std::string& client) const {
  const auto found = open_by_client.find(client);
  return found == open_by_client.end() ? 0 : found->second;
}

/// Ends the connection that has waited longest for its peer: of `client`, or of the client that has
/// most. False if none waits.
bool HttpServer::Impl::make_room(const std::string* client) {
  HttpConnection* chosen = nullptr;
  const auto before = [this](const HttpConnection& a, const HttpConnection& b) {
    const auto of_a = count_of(a.client());
    const auto of_b = count_of(b.client());
    return of_a != of_b ? of_a > of_b : *a.waiting_since() < *b.waiting_since();
  };
  for (auto* one : open) {
    if (!one->waiting_since() || (client != nullptr && one->client() != *client)) continue;
    if (chosen == nullptr || before(*one, *chosen)) chosen = one;
  }
  if (chosen == nullptr) return false;
  chosen->close();
  forget(chosen);
  return true;
}

void HttpServer::Impl::forget(HttpConnection* connection) {
  if (open.erase(connection) == 0) return;
  const auto of_client = open_by_client.find(connection->client());
  if (--of_client->second == 0) open_by_client.erase(of_client);
}

net::awaitable<void> HttpServer::Impl::serve(std::unique_ptr<HttpConnection> connection) {
  co_await connection->serve();
  forget(connection.get());
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
  auto acceptor = open_acceptor(executor, *parsed, options.socket_buffer_bytes);
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
  impl_->accept_again.cancel();
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
