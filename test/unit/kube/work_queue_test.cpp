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

std::optional<ObjectKey> popped(KeyQueue& queue) {
  const auto turn = queue.pop();
  return turn ? std::optional(turn->key) : std::nullopt;
}

}  // namespace

TEST_CASE("a burst becomes one pass, and a change during it exactly one more") {
  KeyQueue queue;
  for (int i = 0; i < 5; ++i) queue.add(a);
  CHECK(queue.waiting() == 1);
  CHECK(popped(queue) == a);
  queue.add(a);
  queue.add(a);
  CHECK_FALSE(queue.pop().has_value());  // never in two hands
  queue.done(a);
  CHECK(popped(queue) == a);
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
  CHECK(popped(queue) == c);
  CHECK(popped(queue) == b);
  CHECK(popped(queue) == a);
  CHECK_FALSE(queue.pop().has_value());
}

TEST_CASE("namespaces have their turns one after the other, however many keys they have") {
  KeyQueue queue;
  for (const auto* name : {"1", "2", "3"}) queue.add({"many", name});
  queue.add({"few", "1"});
  queue.add({"other", "1"});
  std::vector<std::string> order;
  while (const auto key = popped(queue)) order.push_back(to_text(*key));
  CHECK(order == std::vector<std::string>{"many/1", "few/1", "other/1", "many/2", "many/3"});
}

TEST_CASE("a new key of a namespace waits for one turn of each other namespace") {
  KeyQueue queue;
  for (int i = 0; i < 1000; ++i) queue.add({"many", std::to_string(i)});
  for (int i = 0; i < 16; ++i) (void)queue.pop();
  queue.add(a);
  CHECK(queue.pop()->key.namespace_ == "many");
  CHECK(popped(queue) == a);
}

TEST_CASE("namespaces are busy that wait for new work, or are worked on") {
  KeyQueue queue;
  CHECK(queue.namespaces_busy() == 0);
  for (const auto* ns : {"a", "b", "c"}) {
    queue.add({ns, "1"});
    queue.add({ns, "2"});
  }
  queue.add({"d", "1"}, Priority::backlog);
  CHECK(queue.namespaces_busy() == 3);
  const auto turn = queue.pop();
  REQUIRE(turn.has_value());
  CHECK(queue.namespaces_busy() == 4);  // the first waits, and is worked on
  const auto second = queue.pop();
  const auto third = queue.pop();
  const auto fourth = queue.pop();
  CHECK(queue.namespaces_busy() == 5);
  for (const auto& one : {turn, second, third, fourth}) queue.done(one->key);
  CHECK(queue.namespaces_busy() == 2);
}

TEST_CASE("new work goes before retries, these before the backlog, and what takes long is last") {
  KeyQueue queue;
  queue.add({"n", "thorough"}, Priority::thorough);
  queue.add({"n", "backlog"}, Priority::backlog);
  queue.add_at({"n", "retry"}, SteadyTime{});
  queue.promote_due(SteadyTime{});
  queue.add({"n", "live"});
  for (const auto* name : {"live", "retry", "backlog", "thorough"}) {
    const auto turn = queue.pop();
    REQUIRE(turn);
    CHECK(turn->key.name == name);
  }
}

TEST_CASE("one turn in eight goes the other way round: nothing waits for ever") {
  KeyQueue queue;
  queue.add({"n", "backlog"}, Priority::backlog);
  for (int i = 0; i < 7; ++i) {
    queue.add(a);
    CHECK(popped(queue) == a);
    queue.done(a);
  }
  queue.add(a);
  CHECK(queue.pop()->key.name == "backlog");
}

TEST_CASE("of what takes long a few are handed out at a time, and others go on") {
  KeyQueue queue(1);
  queue.add(a, Priority::thorough);
  queue.add(b, Priority::thorough);
  CHECK(popped(queue) == a);
  CHECK_FALSE(queue.pop().has_value());
  queue.add({"n", "live"});
  CHECK(queue.pop()->priority == Priority::live);
  queue.add(a);  // it changes meanwhile: the next look is a quick one
  queue.done(a);
  CHECK(queue.pop()->priority == Priority::live);
  CHECK(popped(queue) == b);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("a key that moved up is not handed out where it was before") {
  KeyQueue queue;
  queue.add(a, Priority::backlog);
  queue.add(b, Priority::backlog);
  queue.add(a, Priority::retry);
  queue.add(a, Priority::thorough);  // never down
  CHECK(queue.waiting() == 2);
  CHECK(queue.pop()->priority == Priority::retry);
  CHECK(popped(queue) == b);
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
  CHECK(popped(queue) == a);
  CHECK_FALSE(queue.pop().has_value());
  queue.promote_due(start + milliseconds(40));
  CHECK(popped(queue) == b);
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
      const auto turn = co_await queue.get();
      if (!turn) break;
      worked.push_back(turn->key);
      queue.done(turn->key);
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
