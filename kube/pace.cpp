// SPDX-License-Identifier: Apache-2.0
#include "kube/pace.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace bulla::kube {
namespace {

/// Keeps the sums of times far from overflow.
constexpr double interval_max_s = 3600;

}  // namespace

Pace::Pace(RequestRate rate) {
  BULLA_ASSERT(rate.per_second > 0);
  BULLA_ASSERT(rate.burst >= 1);
  const std::chrono::duration<double> interval(std::min(1 / rate.per_second, interval_max_s));
  interval_ = std::chrono::duration_cast<SteadyTime::duration>(interval);
  depth_ = interval_ * (rate.burst - 1);
}

SteadyTime Pace::next_turn(SteadyTime now) {
  full_at_ = std::max(full_at_, now);
  const auto turn = std::max(now, full_at_ - depth_);
  full_at_ += interval_;
  return turn;
}

}  // namespace bulla::kube
