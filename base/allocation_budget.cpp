// SPDX-License-Identifier: Apache-2.0
#include "base/allocation_budget.hpp"

namespace bulla {

void AllocationBudget::check(std::size_t bytes) {
  static std::mutex one_at_a_time;
  if (bytes > bytes_left()) throw Exceeded();
  if (!alone_.owns_lock()) alone_ = std::unique_lock(one_at_a_time);
  next_check_ = bytes_max_;
}

}  // namespace bulla
