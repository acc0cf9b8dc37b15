// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "controller/http_server.hpp"

namespace bulla::test {

namespace net = boost::asio;
using tcp = net::ip::tcp;

/// A server on a free port of 127.0.0.1, on a thread of its own.
class Serving {
 public:
  explicit Serving(HttpService service, HttpServerOptions options = {})
      : server_(HttpServer::listen(io_.get_executor(), "127.0.0.1:0", options, std::move(service))
                    .value()),
        port(server_.port()) {
    net::co_spawn(io_, server_.run(), net::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Serving() {
    net::post(io_, [this] { server_.stop(); });
    thread_.join();
  }

  /// `from`: another address of the loopback network, to be another client.
  [[nodiscard]] tcp::socket connect(const char* from = "127.0.0.1") {
    tcp::socket socket(client_io_, tcp::v4());
    // A small window: the kernel takes little for a peer that reads nothing.
    socket.set_option(net::socket_base::receive_buffer_size(4096));
    // An answer that never comes is a failure, not a test that hangs.
    const timeval answer_time_max{5, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &answer_time_max,
                 sizeof answer_time_max);
    socket.bind({net::ip::make_address(from), 0});
    socket.connect({net::ip::make_address("127.0.0.1"), port});
    return socket;
  }
  /// Sends `text` and reads until the server closes.
  [[nodiscard]] std::string exchange(const std::string& text) {
    auto socket = connect();
    boost::system::error_code ignored;
    net::write(socket, net::buffer(text), ignored);
    std::string answer;
    net::read(socket, net::dynamic_buffer(answer), ignored);
    return answer;
  }
  [[nodiscard]] std::string get(const std::string& path, const std::string& method = "GET") {
    return exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

 private:
  net::io_context io_{1};
  net::io_context client_io_;
  HttpServer server_;
  std::thread thread_;

 public:
  const std::uint16_t port;
};

}  // namespace bulla::test
