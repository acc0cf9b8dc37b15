// SPDX-License-Identifier: Apache-2.0
#include "kube/page_size.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

#include "base/limits.hpp"

namespace bulla::kube {

TEST_CASE("a page is asked for by what the objects of the one before took") {
  const auto after = [](std::size_t objects, std::size_t bytes_each) {
    PageSize size(500);
    size.page_arrived(objects, objects * bytes_each);
    return size.objects();
  };
  CHECK(PageSize(500).objects() == 500);
  CHECK(after(500, 1'000) == 500);
  CHECK(after(500, 8 * limits::kib) == 256);
  CHECK(after(7, limits::mib) == 2);
  CHECK(after(1, 16 * limits::mib) == 1);
  CHECK(after(0, 0) == 500);

  PageSize size(500);
  size.page_arrived(2, 2 * limits::mib);
  CHECK(size.objects() == 2);
  size.page_arrived(2, 2'000);
  CHECK(size.objects() == 500);
}

TEST_CASE("a page that was too large is asked for in quarters, down to one object") {
  PageSize size(500);
  for (const std::size_t smaller : {125U, 31U, 7U, 1U}) {
    CHECK(size.was_too_large());
    CHECK(size.objects() == smaller);
  }
  CHECK_FALSE(size.was_too_large());
  CHECK(PageSize(0).objects() == 1);
}

}  // namespace bulla::kube
