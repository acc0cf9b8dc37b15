// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <utility>

namespace bulla::test {

namespace net = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t request_body_bytes_max = 3 * 1024 * 1024;  // as a real server
constexpr std::size_t read_ahead_bytes = 4096;

using Request = http::request<http::string_body>;

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::optional<RequestInfo> read_info(const Request& request) {
  auto info = parse_request(text_of(request.method_string()), text_of(request.target()));
  if (!info) return std::nullopt;
  info->accept = text_of(request[http::field::accept]);
  const auto type = text_of(request[http::field::content_type]);
  info->content_type = type.substr(0, type.find(';'));
  info->body = request.body();
  return info;
}

bool is_public(const RequestInfo& info) {
  return info.path == "/healthz" || info.path == "/livez" || info.path == "/readyz" ||
         info.path == "/version";
}

const Strike* first_of(const std::vector<Strike>& strikes, Fault::Kind kind) {
  for (const auto& strike : strikes) {
    if (strike.fault.kind == kind) return &strike;
  }
  return nullptr;
}

// Lets time pass as `delay` and `hold` demand.
net::awaitable<void> linger(Session& session, const ServerState& state,
                            const std::vector<Strike>& strikes) {
  using Clock = std::chrono::steady_clock;
  for (const auto& [id, fault] : strikes) {
    if (fault.kind == Fault::Kind::delay) {
      const auto deadline = Clock::now() + fault.delay;
      while (Clock::now() < deadline) co_await session.sleep_until(deadline);
    }
    while (fault.kind == Fault::Kind::hold && state.faults.is_in_force(id)) {
      co_await session.sleep_until(Clock::time_point::max());
    }
  }
}

net::awaitable<bool> answer(std::shared_ptr<Session> session, ServerState& state, RequestInfo info,
                            bool keep_alive) {
  const auto strikes = state.faults.take(info);
  co_await linger(*session, state, strikes);
  if (first_of(strikes, Fault::Kind::close)) co_return false;
  for (const auto kind : {Fault::Kind::error, Fault::Kind::forbid}) {
    if (const Strike* strike = first_of(strikes, kind)) {
      co_return co_await send(*session, answer_of(error_of(strike->fault, info)), keep_alive);
    }
  }
  if (info.verb == "watch") co_return co_await stream_watch(session, state, info, strikes);
  HttpAnswer result;
  if (info.resource == "services" && info.subresource == "proxy") {
    result = co_await pass_to_service(state, info);
  } else {
    result = dispatch(state.cluster, state.faults, info);
  }
  if (first_of(strikes, Fault::Kind::commit_then_close)) co_return false;
  co_return co_await send(*session, result, keep_alive);
}

net::awaitable<bool> serve_one(std::shared_ptr<Session> session, ServerState& state) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(request_body_bytes_max);
  boost::system::error_code bad;
  co_await http::async_read(session->stream, session->buffer, parser,
                            net::redirect_error(net::use_awaitable, bad));
  if (bad == http::error::body_limit) {
    co_return co_await send(*session, answer_of(too_large()), false);
  }
  if (bad) co_return false;
  const auto request = parser.release();
  auto info = read_info(request);
  if (!info) co_return co_await send(*session, answer_of(bad_request("bad URL")), false);
  const auto user = state.authenticate(text_of(request[http::field::authorization]));
  info->user = user.value_or("");
  state.log(*info);
  if (!user && !is_public(*info)) {
    co_return co_await send(*session, answer_of(unauthorized()), request.keep_alive());
  }
  co_return co_await answer(session, state, std::move(*info), request.keep_alive());
}

}  // namespace

Session::Session(net::ip::tcp::socket socket, net::ssl::context& tls, std::set<Session*>& sessions)
    : stream(std::move(socket), tls), timer(stream.get_executor()), all(sessions) {
  all.insert(this);
}

Session::~Session() { all.erase(this); }

net::awaitable<void> Session::sleep_until(std::chrono::steady_clock::time_point deadline) {
  if (!woken) {
    boost::system::error_code cancelled;
    timer.expires_at(deadline);
    co_await timer.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  }
  woken = false;
}

net::awaitable<void> Session::notice_departure(std::shared_ptr<Session> session) {
  session->reading_ahead = true;
  boost::system::error_code gone;
  const auto bytes = co_await session->stream.async_read_some(
      session->buffer.prepare(read_ahead_bytes), net::redirect_error(net::use_awaitable, gone));
  session->buffer.commit(bytes);
  session->reading_ahead = false;
  session->peer_gone = gone.failed();
  session->wake();
}

net::awaitable<bool> send(Session& session, const HttpAnswer& answer, bool keep_alive) {
  http::response<http::string_body> response;
  response.result(static_cast<unsigned>(answer.code));
  response.set(http::field::content_type, answer.content_type);
  for (const auto& warning : answer.warnings) {
    response.insert(http::field::warning,
                    "299 - " + boost::json::serialize(boost::json::string(warning)));
  }
  if (answer.retry_after_s) {
    response.set(http::field::retry_after, std::to_string(*answer.retry_after_s));
  }
  response.body() = answer.body;
  response.keep_alive(keep_alive);
  response.prepare_payload();
  co_await http::async_write(session.stream, response, net::use_awaitable);
  co_return keep_alive;
}

net::awaitable<void> serve(std::shared_ptr<Session> session, ServerState& state) {
  try {
    co_await session->stream.async_handshake(net::ssl::stream_base::server, net::use_awaitable);
    while (co_await serve_one(session, state)) {
    }
  } catch (const boost::system::system_error&) {
    // The client went away in the middle; nobody is left to be told.
  }
  boost::system::error_code ignored;
  session->stream.next_layer().close(ignored);
}

}  // namespace bulla::test
