// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace bulla::test {

TEST_CASE("every number is worked on once, whoever does it") {
  for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
    CAPTURE(count);
    std::vector<int> done(count);
    parallel_for(count, [&](std::size_t i) { ++done[i]; });
    CHECK(done == std::vector<int>(count, 1));
  }
}

TEST_CASE("a loop inside a loop is done too") {
  std::atomic<int> done = 0;
  parallel_for(20, [&](std::size_t) { parallel_for(20, [&](std::size_t) { ++done; }); });
  CHECK(done == 400);
}

TEST_CASE("an exception reaches the caller when all threads have stopped") {
  std::atomic<int> at_work = 0;
  const auto failing = [&](std::size_t i) {
    ++at_work;
    if (i == 7) {
      --at_work;
      throw std::runtime_error("seven");
    }
    --at_work;
  };
  CHECK_THROWS_AS(parallel_for(100, failing), std::runtime_error);
  CHECK(at_work == 0);
}

}  // namespace bulla::test
