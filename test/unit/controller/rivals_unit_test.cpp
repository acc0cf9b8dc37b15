// SPDX-License-Identifier: Apache-2.0
#include "controller/rivals.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const DriftGuard::Time start{std::chrono::hours(1)};

/// As often as it takes until the owner is told.
[[nodiscard]] Rivals::Answer contest(Rivals& rivals, const kube::ObjectKey& key,
                                     std::string_view writer) {
  for (unsigned times = 1; times < DriftGuard::told_at; ++times)
    CHECK_FALSE(rivals.wrote(key, writer, start).tell_owner);
  return rivals.wrote(key, writer, start);
}

}  // namespace

TEST_CASE("a rival that answers at once is answered six times in a minute") {
  Rivals rivals;
  auto now = start;
  int answers = 0;
  while (true) {
    now += rivals.wrote({"n", "s"}, "rival", now).wait;
    if (now > start + seconds(60)) break;
    ++answers;
  }
  CHECK(answers == 6);
}

TEST_CASE("each owner is told about a rival, and the operator once") {
  Rivals rivals;
  const auto first = contest(rivals, {"n", "a"}, "rival");
  CHECK(first.tell_owner);
  CHECK(first.tell_operator);
  const auto second = contest(rivals, {"n", "b"}, "rival");
  CHECK(second.tell_owner);
  CHECK_FALSE(second.tell_operator);
  CHECK(contest(rivals, {"n", "c"}, "another").tell_operator);
  CHECK_FALSE(rivals.wrote({"n", "a"}, "rival", start).tell_owner);
}

TEST_CASE("whoever makes up names is told a bounded number of times") {
  Rivals rivals;
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    const auto name = std::to_string(i);
    if (contest(rivals, {"n", name}, name).tell_operator) ++told;
  }
  CHECK(told == 16);
}

}  // namespace bulla::test
