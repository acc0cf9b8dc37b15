// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <utility>

#include "session.hpp"

namespace bulla::test {

namespace net = boost::asio;
namespace http = boost::beast::http;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds default_timeout = std::chrono::minutes(30);

/// One running watch: what it tells, how long, and what is to go wrong with it.
class WatchStream {
 public:
  WatchStream(std::shared_ptr<Session> session, ServerState& state, RequestInfo info,
              std::vector<Strike> strikes, WatchCursor cursor, Form form)
      : session_(std::move(session)),
        state_(state),
        info_(std::move(info)),
        strikes_(std::move(strikes)),
        cursor_(std::move(cursor)),
        form_(form),
        deadline_(Clock::now() + timeout()) {
    session_->watching = true;
    session_->cut = Session::Cut::no;
    session_->bookmark_asked = false;
    state_.watch_began(info_.resource);
  }
  ~WatchStream() { end(); }
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  /// False when the connection is not to be used again.
  net::awaitable<bool> run() {
    http::response<http::empty_body> header{http::status::ok, 11};
    header.set(http::field::content_type, "application/json");
    header.chunked(true);
    http::response_serializer<http::empty_body> serializer{header};
    co_await http::async_write_header(session_->stream, serializer, net::use_awaitable);
    net::co_spawn(session_->stream.get_executor(), Session::notice_departure(session_),
                  net::detached);
    const bool ended_cleanly = co_await tell();
    if (!ended_cleanly) co_return false;
    co_await net::async_write(session_->stream, http::make_chunk_last(), net::use_awaitable);
    end();
    // The read ahead ends with the client's next request, or with its departure.
    while (session_->reading_ahead) co_await session_->sleep_until(Clock::time_point::max());
    co_return !session_->peer_gone;
  }

 private:
  void end() {
    if (!std::exchange(session_->watching, false)) return;
    state_.watch_ended(info_.resource);
  }

  // True when the stream came to its regular end, false when the connection is to be cut.
  net::awaitable<bool> tell() {
    next_bookmark_ = Clock::now() + state_.options.bookmark_interval;
    while (!session_->peer_gone) {
      auto events = state_.cluster.next_events(cursor_);
      if (!events) {
        co_await write_error(events.error());
        co_return true;
      }
      for (const auto& event : *events) {
        if (const auto end = co_await strike_or_write(event)) co_return *end;
      }
      if (const auto end = co_await strike()) co_return *end;
      if (session_->cut == Session::Cut::cleanly) co_return true;
      if (session_->cut == Session::Cut::mid_line) co_return co_await cut_mid_line();
      const bool over = Clock::now() >= deadline_;
      co_await write_due_bookmark(over);
      if (over) co_return true;
      co_await session_->sleep_until(std::min(deadline_, next_bookmark_));
    }
    co_return false;
  }

  // What an end of the stream is returned as: see tell().
  using End = std::optional<bool>;

  net::awaitable<End> strike_or_write(const WatchEvent& event) {
    if (const auto end = co_await strike()) co_return *end;
    co_await write_event(event);
    ++told_;
    if (is_struck(Fault::Kind::duplicate_events)) co_await write_event(event);
    co_return End();
  }

  // Lets the faults happen whose time has come.
  net::awaitable<End> strike() {
    for (auto& [id, fault] : strikes_) {
      if (told_ < fault.after_events || fault.count == 0) continue;
      switch (fault.kind) {
        case Fault::Kind::cut: co_return true;
        case Fault::Kind::cut_mid_line: co_return co_await cut_mid_line();
        case Fault::Kind::silence: co_return co_await keep_silent();
        case Fault::Kind::expire:
          co_await write_error(expired("The resourceVersion for the provided watch is too old."));
          co_return true;
        case Fault::Kind::malformed_line:
          fault.count = 0;  // once in this stream
          co_await write_line("{\"type\":\"MODIFIED\",\"object\":oops\n");
          break;
        default: break;
      }
    }
    co_return End();
  }

  net::awaitable<bool> cut_mid_line() {
    co_await write_line(R"({"type":"MODIFIED","object":{"kind":")" + cursor_.resource->kind);
    co_return false;
  }

  net::awaitable<bool> keep_silent() {
    while (!session_->peer_gone && session_->cut == Session::Cut::no) {
      co_await session_->sleep_until(Clock::time_point::max());
    }
    co_return false;
  }

  [[nodiscard]] bool is_struck(Fault::Kind kind) const {
    return std::any_of(strikes_.begin(), strikes_.end(),
                       [&](const Strike& strike) { return strike.fault.kind == kind; });
  }

  net::awaitable<void> write_due_bookmark(bool last) {
    const bool due =
        std::exchange(session_->bookmark_asked, false) || last || Clock::now() >= next_bookmark_;
    if (!due) co_return;
    next_bookmark_ = Clock::now() + state_.options.bookmark_interval;
    if (!info_.is_set("allowWatchBookmarks") || is_struck(Fault::Kind::no_bookmarks)) co_return;
    if (state_.cluster.is_in_the_future(cursor_)) co_return;
    co_await write_event(Cluster::bookmark(cursor_));
  }

  net::awaitable<void> write_event(const WatchEvent& event) {
    const Json line = JsonObject{
        {"type", event.type},
        {"object", represent(form_, *cursor_.resource, *event.object, state_.cluster.now())}};
    co_await write_line(boost::json::serialize(line) + "\n");
  }

  net::awaitable<void> write_error(const ApiError& error) {
    const Json line = JsonObject{{"type", "ERROR"}, {"object", to_status(error)}};
    co_await write_line(boost::json::serialize(line) + "\n");
  }

  net::awaitable<void> write_line(std::string line) {
    const bool split = is_struck(Fault::Kind::split_chunks) && line.size() > 1;
    const std::size_t first = split ? line.size() / 2 : line.size();
    co_await net::async_write(session_->stream, http::make_chunk(net::buffer(line.data(), first)),
                              net::use_awaitable);
    if (!split) co_return;
    co_await net::async_write(
        session_->stream, http::make_chunk(net::buffer(line.data() + first, line.size() - first)),
        net::use_awaitable);
  }

  [[nodiscard]] std::chrono::seconds timeout() const {
    const auto text = info_.parameter("timeoutSeconds");
    int seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds > 0 ? std::chrono::seconds(seconds) : default_timeout;
  }

  std::shared_ptr<Session> session_;
  ServerState& state_;
  RequestInfo info_;
  std::vector<Strike> strikes_;
  WatchCursor cursor_;
  Form form_;
  Clock::time_point deadline_;
  Clock::time_point next_bookmark_ = {};
  int told_ = 0;
};

}  // namespace

net::awaitable<bool> stream_watch(std::shared_ptr<Session> session, ServerState& state,
                                  RequestInfo info, std::vector<Strike> strikes) {
  const auto form = negotiate(info.accept, false);
  if (!form) co_return co_await send(*session, answer_of(form.error()), true);
  auto cursor = state.cluster.open_watch(info);
  if (!cursor) co_return co_await send(*session, answer_of(cursor.error()), true);
  if (state.options.gone_as_http_status) {
    auto probe = *cursor;
    const auto events = state.cluster.next_events(probe);
    if (!events) co_return co_await send(*session, answer_of(events.error()), true);
  }
  WatchStream stream(session, state, std::move(info), std::move(strikes), std::move(*cursor),
                     *form);
  co_return co_await stream.run();
}

}  // namespace bulla::test
