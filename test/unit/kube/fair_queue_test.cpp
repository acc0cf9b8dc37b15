// SPDX-License-Identifier: Apache-2.0
#include "kube/fair_queue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace bulla::kube {
namespace {

std::vector<std::string> all_of(FairQueue<std::string>& queue) {
  std::vector<std::string> all;
  while (auto item = queue.pop()) all.push_back(*item);
  return all;
}

}  // namespace

TEST_CASE("each namespace has its turn, and its own are in order") {
  FairQueue<std::string> queue(10);
  for (const auto* item : {"a1", "a2", "a3"}) CHECK_FALSE(queue.push("a", item));
  CHECK_FALSE(queue.push("b", "b1"));
  CHECK(queue.size() == 4);
  CHECK(all_of(queue) == std::vector<std::string>{"a1", "b1", "a2", "a3"});
  CHECK(queue.empty());
}

TEST_CASE("when it is full, the namespace that has the most makes way") {
  FairQueue<std::string> queue(3);
  for (const auto* item : {"a1", "a2", "a3"}) CHECK_FALSE(queue.push("a", item));
  CHECK(queue.push("a", "a4") == "a4");
  CHECK(queue.push("b", "b1") == "a3");
  CHECK(queue.push("c", "c1") == "a2");
  CHECK(queue.push("d", "d1") == "d1");  // all have the same
  CHECK(queue.push("c", "c2") == "c2");
  CHECK(all_of(queue) == std::vector<std::string>{"a1", "b1", "c1"});
}

}  // namespace bulla::kube
