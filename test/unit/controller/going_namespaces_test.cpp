// SPDX-License-Identifier: Apache-2.0
#include "controller/going_namespaces.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const GoingNamespaces::Time start{hours(10)};

}  // namespace

TEST_CASE("a namespace that goes is left alone, and looked at less and less often") {
  GoingNamespaces going(seconds(5));
  CHECK_FALSE(going.left_alone_for("n", start));
  CHECK(going.refused("n", start));
  CHECK_FALSE(going.refused("n", start));
  CHECK(going.left_alone_for("n", start) == seconds(5));
  CHECK_FALSE(going.left_alone_for("other", start));
  auto now = start + seconds(5);
  CHECK(going.left_alone_for("n", now) == seconds(0));
  for (const auto wait : {seconds(10), seconds(20), seconds(40), seconds(60), seconds(60)}) {
    going.look("n", now);
    CHECK(going.left_alone_for("n", now) == wait);
    now += wait;
  }
}

TEST_CASE("something new in a namespace is a reason to look at once") {
  GoingNamespaces going(seconds(5));
  (void)going.refused("n", start);
  going.look_soon("n", start + seconds(1));
  CHECK(going.left_alone_for("n", start + seconds(1)) == seconds(0));
  going.look_soon("other", start);
  CHECK_FALSE(going.left_alone_for("other", start));
}

TEST_CASE("a namespace that lives again is one like any other") {
  GoingNamespaces going(seconds(5));
  (void)going.refused("n", start);
  going.lives("n");
  CHECK_FALSE(going.left_alone_for("n", start));
  CHECK(going.refused("n", start));
}

TEST_CASE("namespaces that are gone for good are forgotten") {
  GoingNamespaces going(seconds(5));
  (void)going.refused("gone", start);
  (void)going.refused("n", start + hours(2));
  CHECK_FALSE(going.left_alone_for("gone", start + hours(2)));
}

}  // namespace bulla::test
