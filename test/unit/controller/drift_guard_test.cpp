// SPDX-License-Identifier: Apache-2.0
#include "controller/drift_guard.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const kube::ObjectKey key{"n", "s"};
const DriftGuard::Time start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("drift is repaired at once, and then less and less often; it is told once") {
  DriftGuard guard;
  milliseconds expected[] = {seconds(0), seconds(1), seconds(2), seconds(4), seconds(8)};
  auto now = start;
  for (unsigned times = 1; times <= 5; ++times) {
    const auto answer = guard.drifted(key, now);
    CHECK(answer.wait == expected[times - 1]);
    CHECK(answer.tell == (times == DriftGuard::told_at));
    now += answer.wait;
  }
  for (int i = 0; i < 20; ++i) {
    const auto answer = guard.drifted(key, now);
    CHECK_FALSE(answer.tell);
    CHECK(answer.wait <= DriftGuard::wait_max);
    now += answer.wait;
  }
  CHECK(guard.drifted(key, now).wait == DriftGuard::wait_max);
}

TEST_CASE("other objects, and quiet times, start afresh") {
  DriftGuard guard;
  (void)guard.drifted(key, start);
  CHECK(guard.drifted({"n", "other"}, start).wait == seconds(0));
  CHECK(guard.drifted(key, start + seconds(1)).wait == seconds(1));
  const auto later = start + seconds(3) + DriftGuard::quiet;
  CHECK(guard.drifted(key, later).wait == seconds(0));
}

TEST_CASE("those that are quiet are forgotten, however many they were") {
  DriftGuard guard;
  for (int i = 0; i < 5000; ++i) (void)guard.drifted({"n", std::to_string(i)}, start);
  const auto later = start + 2 * DriftGuard::quiet;
  CHECK(guard.drifted({"n", "0"}, later).wait == seconds(0));
  CHECK(guard.drifted({"n", "0"}, later).wait == seconds(1));
}

}  // namespace bulla::test
