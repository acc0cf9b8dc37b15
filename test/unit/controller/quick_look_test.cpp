// SPDX-License-Identifier: Apache-2.0
#include "controller/quick_look.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

TEST_CASE("a look is as long as it may be while few namespaces want something") {
  for (const std::size_t namespaces : {0U, 1U, 4U}) {
    CAPTURE(namespaces);
    CHECK(quick_look_among(namespaces).operations == 64);
    CHECK(quick_look_among(namespaces).templates == std::chrono::milliseconds(200));
  }
}

TEST_CASE("many looks together take about as long as four, and none is below its least") {
  CHECK(quick_look_among(8).operations == 32);
  CHECK(quick_look_among(8).templates == std::chrono::milliseconds(100));
  CHECK(quick_look_among(32).operations == 8);
  CHECK(quick_look_among(32).templates == std::chrono::milliseconds(25));
  CHECK(quick_look_among(10'000).operations == 4);
  CHECK(quick_look_among(10'000).templates == std::chrono::milliseconds(12));
}

}  // namespace bulla::test
