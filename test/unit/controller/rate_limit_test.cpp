// SPDX-License-Identifier: Apache-2.0
#include "controller/rate_limit.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace bulla::test {

namespace {

using std::chrono::milliseconds;

const RateLimiter::Time start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("a client may send a burst, and then keeps to its rate") {
  RateLimiter limiter({.per_second = 2, .burst = 2});
  for (const int remaining : {2, 1, 0}) {
    const auto answer = limiter.take("a", start);
    CHECK(answer.allowed);
    CHECK(answer.limit == 3);
    CHECK(answer.remaining == remaining);
  }
  const auto refused = limiter.take("a", start);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == milliseconds(500));
  CHECK(refused.reset == milliseconds(1500));
  CHECK_FALSE(limiter.take("a", start + milliseconds(499)).allowed);
  CHECK(limiter.take("a", start + milliseconds(500)).allowed);
  CHECK_FALSE(limiter.take("a", start + milliseconds(500)).allowed);
  CHECK(limiter.take("a", start + milliseconds(5000)).remaining == 2);
}

TEST_CASE("clients don't take each other's share") {
  RateLimiter limiter({.per_second = 1, .burst = 0});
  CHECK(limiter.take("a", start).allowed);
  CHECK_FALSE(limiter.take("a", start).allowed);
  CHECK(limiter.take("b", start).allowed);
}

TEST_CASE("what is given back may be taken again") {
  RateLimiter limiter({.per_second = 1, .burst = 0});
  CHECK(limiter.take("a", start).allowed);
  limiter.give_back("a");
  CHECK(limiter.take("a", start).allowed);
}

TEST_CASE("work is paid for afterwards, and who owes waits longer") {
  RateLimiter limiter({.per_second = 2, .burst = 2, .work_in_full = 10});
  // Thirty units may come at once: thirty small requests, or three full ones.
  for (int i = 0; i < 30; ++i) {
    CAPTURE(i);
    const auto answer = limiter.take("small", start);
    CHECK(answer.allowed);
    CHECK(answer.limit == 3);
    CHECK(answer.remaining == (29 - i) / 10);
  }
  CHECK(limiter.take("small", start).retry_after == milliseconds(50));
  CHECK(limiter.take("large", start).allowed);
  limiter.charge("large", 99, start);
  const auto refused = limiter.take("large", start);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == milliseconds(71 * 50));
  CHECK_FALSE(limiter.take("large", start + milliseconds(71 * 50 - 1)).allowed);
  CHECK(limiter.take("large", start + milliseconds(71 * 50)).allowed);
}

TEST_CASE("the highest rates are no faults") {
  constexpr int huge = std::numeric_limits<int>::max();
  RateLimiter limiter({.per_second = huge, .burst = huge, .work_in_full = 32});
  limiter.charge("a", 1'000'000, start);
  CHECK(limiter.take("a", start).allowed);
}

TEST_CASE("a flood of clients shares one rate, and costs no more memory") {
  RateLimiter limiter({.per_second = 1, .burst = 0}, 2);
  CHECK(limiter.take("a", start).allowed);
  CHECK(limiter.take("b", start).allowed);
  CHECK(limiter.take("c", start).allowed);
  CHECK_FALSE(limiter.take("d", start).allowed);
  // Those that are at rest make room.
  CHECK(limiter.take("d", start + std::chrono::seconds(1)).allowed);
  CHECK(limiter.take("e", start + std::chrono::seconds(1)).allowed);
}

}  // namespace bulla::test
