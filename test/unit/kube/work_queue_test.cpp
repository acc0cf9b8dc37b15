// SPDX-License-Identifier: Apache-2.0
#include "kube/work_queue.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "kube/backoff.hpp"

namespace bulla::kube {
namespace {

using std::chrono::milliseconds;
const ObjectKey a{"ns", "a"};
const ObjectKey b{"ns", "b"};

}  // namespace

TEST_CASE("a burst becomes one pass, and a change during it exactly one more") {
  KeyQueue queue;
  for (int i = 0; i < 5; ++i) queue.add(a);
  CHECK(queue.waiting() == 1);
  CHECK(queue.pop() == a);
  queue.add(a);
  queue.add(a);
  CHECK_FALSE(queue.pop().has_value());  // never in two hands
  queue.done(a);
  CHECK(queue.pop() == a);
  queue.done(a);
  CHECK_FALSE(queue.pop().has_value());
  CHECK(queue.in_work() == 0);
}

TEST_CASE("live keys go before the backlog, and a backlog key can move up") {
  KeyQueue queue;
  const ObjectKey c{"ns", "c"};
  queue.add(a, Priority::backlog);
  queue.add(b, Priority::backlog);
  queue.add(c);
  queue.add(b);
  CHECK(queue.waiting() == 3);
  CHECK(queue.pop() == c);
  CHECK(queue.pop() == b);
  CHECK(queue.pop() == a);
  CHECK_FALSE(queue.pop().has_value());
}

TEST_CASE("of two times for a key the earlier one wins") {
  KeyQueue queue;
  const SteadyTime start{};
  queue.add_at(a, start + milliseconds(20));
  queue.add_at(a, start + milliseconds(10));
  queue.add_at(a, start + milliseconds(30));
  queue.add_at(b, start + milliseconds(15));
  CHECK(queue.delayed() == 2);
  CHECK(queue.next_due() == start + milliseconds(10));
  queue.promote_due(start + milliseconds(10));
  CHECK(queue.pop() == a);
  CHECK_FALSE(queue.pop().has_value());
  queue.promote_due(start + milliseconds(40));
  CHECK(queue.pop() == b);
}

TEST_CASE("failures double the delay up to its bound, and success forgets them") {
  boost::asio::io_context context;
  SteadyTime now{};
  WorkQueue queue(context.get_executor(), {milliseconds(5), milliseconds(12)}, [&] { return now; });
  CHECK(queue.add_failed(a) == 1);
  CHECK(queue.add_failed(a) == 2);
  CHECK(queue.failures(a) == 2);
  queue.forget(a);
  CHECK(queue.failures(a) == 0);
}

TEST_CASE("workers wait for keys, and shutting down releases them") {
  boost::asio::io_context context;
  SteadyTime now{};
  WorkQueue queue(context.get_executor(), {}, [&] { return now; });
  std::vector<ObjectKey> worked;
  int left = 0;
  const auto worker = [&]() -> boost::asio::awaitable<void> {
    while (true) {
      const auto key = co_await queue.get();
      if (!key) break;
      worked.push_back(*key);
      queue.done(*key);
    }
    ++left;
  };
  for (int i = 0; i < 2; ++i) boost::asio::co_spawn(context, worker(), boost::asio::detached);
  context.poll();
  queue.add(a);
  queue.add_after(b, milliseconds(5));
  context.poll();
  CHECK(worked == std::vector{a});
  now += milliseconds(5);
  queue.add(a);
  context.poll();
  CHECK(worked.size() == 3);
  queue.shut_down();
  context.poll();
  CHECK(left == 2);
}

TEST_CASE("a backoff doubles to its bound and starts over after a quiet time") {
  struct NoJitter : Random {
    std::uint32_t below(std::uint32_t) override { return 0; }
  } random;
  Backoff backoff({milliseconds(800), milliseconds(3000), std::chrono::minutes(2)}, random);
  SteadyTime now{};
  CHECK(backoff.next(now) == milliseconds(800));
  CHECK(backoff.next(now) == milliseconds(1600));
  CHECK(backoff.next(now) == milliseconds(3000));
  CHECK(backoff.next(now) == milliseconds(3000));
  now += std::chrono::minutes(3);
  CHECK(backoff.next(now) == milliseconds(800));
}

}  // namespace bulla::kube
