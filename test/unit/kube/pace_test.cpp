// SPDX-License-Identifier: Apache-2.0
#include "kube/pace.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

#include "kube/client.hpp"
#include "tiny_server.hpp"

namespace bulla::kube {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{std::chrono::hours(1)};

std::vector<std::chrono::milliseconds> turns(Pace& pace, SteadyTime now, int count) {
  std::vector<std::chrono::milliseconds> after_start;
  for (int i = 0; i < count; ++i)
    after_start.push_back(
        std::chrono::duration_cast<std::chrono::milliseconds>(pace.next_turn(now) - start));
  return after_start;
}

}  // namespace

TEST_CASE("a burst goes at once, the rest at the rate") {
  Pace pace({.per_second = 10, .burst = 3});
  CHECK(turns(pace, start, 6) == std::vector{0ms, 0ms, 0ms, 100ms, 200ms, 300ms});
  // Those who ask later wait behind them.
  CHECK(turns(pace, start + 50ms, 1) == std::vector{400ms});
}

TEST_CASE("rest earns tokens, one an interval, and never more than a burst") {
  Pace pace({.per_second = 10, .burst = 3});
  (void)turns(pace, start, 3);
  CHECK(turns(pace, start + 200ms, 3) == std::vector{200ms, 200ms, 300ms});
  CHECK(turns(pace, start + 1h, 4) ==
        std::vector<std::chrono::milliseconds>{1h, 1h, 1h, 1h + 100ms});
}

TEST_CASE("no burst means one after another") {
  Pace pace({.per_second = 0.5, .burst = 1});
  CHECK(turns(pace, start, 3) == std::vector{0ms, 2000ms, 4000ms});
}

TEST_CASE("a client keeps to its rate, all handles together, and close() ends the waiting") {
  test::TinyServer server(
      [](const test::Seen&, std::size_t) { return test::http_answer(200, "{}"); });
  ClientConfig config;
  config.server = server.url();
  boost::asio::io_context context;
  const Client client = Client::create(context.get_executor(), std::move(config))
                            .value()
                            .with_rate({.per_second = 1.0 / 3600, .burst = 3});
  const Client other = client.with_own_connections();
  const auto path = "/apis/x/v1/y";
  std::vector<bool> answers;
  const auto note = [&](bool answered) {
    answers.push_back(answered);
    if (answers.size() < 3) return;
    client.close();  // the others would wait for hours
    other.close();
  };
  const auto ask = [&](Client by) -> Awaitable<void> {
    const auto answer = co_await by.get(path);
    note(answer.has_value());
  };
  const auto watch = [&](Client by) -> Awaitable<void> {
    ListOptions what;  // not inside of the co_await: GCC 12 would destroy it twice
    what.path = path;
    const auto answer = co_await by.watch(std::move(what), "1", 1s);
    note(answer.has_value());
  };
  boost::asio::co_spawn(context, watch(client), boost::asio::detached);
  boost::asio::co_spawn(context, ask(other), boost::asio::detached);
  boost::asio::co_spawn(context, ask(client), boost::asio::detached);
  boost::asio::co_spawn(context, watch(other), boost::asio::detached);
  boost::asio::co_spawn(context, ask(client), boost::asio::detached);
  context.run();
  CHECK(answers == std::vector{true, true, true, false, false});
  CHECK(server.seen().size() == 3);
}

}  // namespace bulla::kube
