// SPDX-License-Identifier: Apache-2.0
#include "kube/resource_version.hpp"

#include <doctest/doctest.h>

namespace bulla::kube {

TEST_CASE("resource versions are compared as numbers") {
  CHECK(is_older_version("99", "100"));
  CHECK(is_older_version("254", "1776"));
  CHECK(is_older_version("9223372036854775807", "18446744073709551615"));
  CHECK_FALSE(is_older_version("100", "99"));
  CHECK_FALSE(is_older_version("100", "100"));
  CHECK_FALSE(is_older_version("0100", "100"));
}

TEST_CASE("nothing is concluded from what is no decimal number") {
  for (const auto* other : {"", "abc", "0x1", "-1", "+1", " 1", "1 ", "1.5", "18446744073709551616",
                            "99999999999999999999999999"}) {
    CAPTURE(other);
    CHECK_FALSE(is_older_version(other, "100"));
    CHECK_FALSE(is_older_version("0", other));
  }
}

}  // namespace bulla::kube
