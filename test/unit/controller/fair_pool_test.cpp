// SPDX-License-Identifier: Apache-2.0
#include "controller/fair_pool.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <string>
#include <vector>

namespace bulla::test {

namespace {

namespace net = boost::asio;
using kube::Priority;

/// Two threads, and work that lasts until it is let go.
struct Place {
  net::io_context context;
  net::thread_pool threads{2};
  FairPool pool{context.get_executor(), threads, 2};
  std::vector<std::string> ended;

  void start(const kube::ObjectKey& key, Priority priority = Priority::live,
             std::shared_future<void> until = {}) {
    const auto task = [this, key, priority, until]() -> net::awaitable<void> {
      // A name of its own: the compiler destroys such a temporary twice.
      auto work = [until] {
        if (until.valid()) until.wait();
        return true;
      };
      const bool done = co_await pool.run(key, priority, std::move(work));
      if (done) ended.push_back(to_text(key));
    };
    net::co_spawn(context, task, net::detached);
  }
  void run_until_ended(std::size_t count) {
    while (ended.size() < count) context.run_one();
  }
};

}  // namespace

TEST_CASE("while one thread is held, another namespace waits for one turn and no more") {
  Place place;
  std::promise<void> let_go;
  const auto held = let_go.get_future().share();
  place.start({"held", "1"}, Priority::live, held);
  for (int i = 0; i < 5; ++i) place.start({"many", std::to_string(i)});
  place.start({"few", "1"});
  place.run_until_ended(6);
  CHECK(place.ended ==
        std::vector<std::string>{"many/0", "many/1", "few/1", "many/2", "many/3", "many/4"});
  let_go.set_value();
  place.run_until_ended(7);
  CHECK(place.ended.back() == "held/1");
}

TEST_CASE("what takes long never has the last thread") {
  Place place;
  std::promise<void> let_go;
  const auto held = let_go.get_future().share();
  for (const auto* name : {"1", "2", "3"}) place.start({"long", name}, Priority::thorough, held);
  place.start({"n", "short"});
  place.run_until_ended(1);
  CHECK(place.ended == std::vector<std::string>{"n/short"});
  let_go.set_value();
  place.run_until_ended(4);
}

TEST_CASE("a place is taken at once only where nobody waits for it") {
  net::io_context context;
  FairTurns turns(context.get_executor(), 2, 1);
  const kube::ObjectKey a{"n", "a"};
  const kube::ObjectKey b{"n", "b"};
  const kube::ObjectKey c{"other", "c"};
  auto first = turns.take_now(a, Priority::thorough);
  REQUIRE(first);
  CHECK_FALSE(turns.take_now(b, Priority::thorough));  // the last place is for those that are quick
  std::vector<std::string> had;
  const auto wait_for = [&](const kube::ObjectKey& key) {
    net::co_spawn(
        context,
        [&, key]() -> net::awaitable<void> {
          const auto place = co_await turns.wait(key, Priority::live);
          had.push_back(to_text(key));
        },
        net::detached);
  };
  {
    const auto second = turns.take_now(c, Priority::live);
    REQUIRE(second);
    wait_for({"n", "d"});
    context.poll();
    CHECK(had.empty());
  }
  context.restart();
  context.poll();
  CHECK(had == std::vector<std::string>{"n/d"});
  first.reset();
  CHECK(turns.take_now(b, Priority::thorough));
}

}  // namespace bulla::test
