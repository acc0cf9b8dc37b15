// SPDX-License-Identifier: Apache-2.0
#include "listener.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

#include "session.hpp"

namespace bulla::test {

namespace net = boost::asio;
using net::ip::tcp;

struct Listener::Impl {
  Impl(ServerState& server_state, std::uint16_t port)
      : state(server_state), acceptor(io), tls(net::ssl::context::tls_server) {
    const auto& identity = state.identity;
    tls.use_certificate_chain(net::buffer(identity.certificate_pem));
    tls.use_private_key(net::buffer(identity.private_key_pem), net::ssl::context::pem);
    const tcp::endpoint address(net::ip::address_v4::loopback(), port);
    acceptor.open(address.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(address);
    acceptor.listen();
    bound_port = acceptor.local_endpoint().port();
    net::co_spawn(io, accept(), net::detached);
    thread = std::thread([this] { io.run(); });
  }

  ~Impl() {
    io.stop();
    thread.join();
  }

  net::awaitable<void> accept() {
    while (true) {
      boost::system::error_code failed;
      tcp::socket socket =
          co_await acceptor.async_accept(net::redirect_error(net::use_awaitable, failed));
      if (failed) continue;
      socket.set_option(tcp::no_delay(true), failed);
      auto session = std::make_shared<Session>(std::move(socket), tls, sessions);
      net::co_spawn(io, serve(std::move(session), state), net::detached);
    }
  }

  // On the I/O thread.
  void wake_all() {
    wake_is_posted = false;
    state.cluster.collect_garbage();
    for (Session* session : sessions) session->wake();
  }

  ServerState& state;
  // Before io: its destruction ends the coroutines, whose sessions sign off here.
  std::set<Session*> sessions;
  net::io_context io{1};
  tcp::acceptor acceptor;
  net::ssl::context tls;
  std::uint16_t bound_port = 0;
  std::atomic<bool> wake_is_posted = false;
  std::thread thread;
};

Listener::Listener(ServerState& state, std::uint16_t port) try
    : impl_(std::make_unique<Impl>(state, port)) {
} catch (const boost::system::system_error& error) {
  throw std::runtime_error("listening on 127.0.0.1:" + std::to_string(port) + ": " +
                           error.code().message());
}

Listener::~Listener() = default;

std::uint16_t Listener::port() const { return impl_->bound_port; }

void Listener::wake() {
  if (impl_->wake_is_posted.exchange(true)) return;
  net::post(impl_->io, [impl = impl_.get()] { impl->wake_all(); });
}

void Listener::close_watches(bool mid_line) {
  net::post(impl_->io, [impl = impl_.get(), mid_line] {
    for (Session* session : impl->sessions) {
      if (!session->watching) continue;
      session->cut = mid_line ? Session::Cut::mid_line : Session::Cut::cleanly;
      session->wake();
    }
  });
}

void Listener::send_bookmarks() {
  net::post(impl_->io, [impl = impl_.get()] {
    for (Session* session : impl->sessions) {
      session->bookmark_asked = session->watching;
      session->wake();
    }
  });
}

}  // namespace bulla::test
