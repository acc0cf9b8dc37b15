// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <set>
#include <string>

#include "dispatch.hpp"
#include "server_state.hpp"

namespace bulla::test {

/// One connection. Lives on the I/O thread; only that touches it.
struct Session {
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
  enum class Cut { no, cleanly, mid_line };

  Session(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls,
          std::set<Session*>& all);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Sleeps until `deadline`, or until somebody wakes this session up; not at all if that
  /// happened since the last sleep, for it may have been while an answer was written. Callers look
  /// again at what they wait for: waking says nothing about why.
  boost::asio::awaitable<void> sleep_until(std::chrono::steady_clock::time_point deadline);
  void wake() {
    woken = true;
    timer.cancel();
  }

  /// Reads ahead while a watch runs, to notice that the client has gone.
  static boost::asio::awaitable<void> notice_departure(std::shared_ptr<Session> session);

  Stream stream;
  boost::asio::steady_timer timer;
  boost::beast::flat_buffer buffer;
  std::set<Session*>& all;
  bool woken = false;
  bool reading_ahead = false;
  bool peer_gone = false;
  bool watching = false;
  bool bookmark_asked = false;
  Cut cut = Cut::no;
};

/// Serves one connection until either side has had enough.
boost::asio::awaitable<void> serve(std::shared_ptr<Session> session, ServerState& state);

/// Sends a finished answer. False when the connection is not to be used again.
boost::asio::awaitable<bool> send(Session& session, const HttpAnswer& answer, bool keep_alive);

/// Runs one watch. False when the connection is not to be used again.
boost::asio::awaitable<bool> stream_watch(std::shared_ptr<Session> session, ServerState& state,
                                          RequestInfo info, std::vector<Strike> strikes);

/// Passes a request for .../services/NAME/proxy/... on by plain HTTP.
boost::asio::awaitable<HttpAnswer> pass_to_service(const ServerState& state, RequestInfo info);

}  // namespace bulla::test
