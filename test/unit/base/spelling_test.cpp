// SPDX-License-Identifier: Apache-2.0
#include "base/spelling.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

TEST_CASE("the edit distance counts letters put in, taken out, replaced, and swapped") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("scope", "scope") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("sope", "scope") == 1);
  CHECK(edit_distance("scoope", "scope") == 1);
  CHECK(edit_distance("scape", "scope") == 1);
  CHECK(edit_distance("csope", "scope") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);  // the textbooks' pair
  CHECK(edit_distance("ca", "abc") == 3);          // no edits inside of what was swapped
}

}  // namespace bulla::test
