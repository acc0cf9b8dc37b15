// SPDX-License-Identifier: Apache-2.0
#include "controller/fingerprint_table.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

TEST_CASE("a fingerprint has one short name for as long as it is used") {
  FingerprintTable table;
  const auto first = table.use({"a", "b", "a"}, 10);
  REQUIRE(first.size() == 2);
  CHECK(table.text(first.at(0)) == "a");
  CHECK(table.text(first.at(1)) == "b");
  const auto second = table.use({"b"}, 10);
  CHECK(second.at(0) == first.at(1));
  table.release(first);
  CHECK(table.size() == 1);
  CHECK(table.text(second.at(0)) == "b");
  table.release(second);
  CHECK(table.size() == 0);
}

TEST_CASE("what has no room is left out, and what is there is found all the same") {
  FingerprintTable table;
  const auto first = table.use({"a", "b", "c"}, 2);
  CHECK(first.size() == 2);
  CHECK(table.use({"c", "b"}, 2) == std::vector{first.at(1)});
  CHECK(table.use({"known"}, 3).size() == 1);
}

}  // namespace bulla::test
