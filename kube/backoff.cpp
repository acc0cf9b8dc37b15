// SPDX-License-Identifier: Apache-2.0
#include "kube/backoff.hpp"

#include <algorithm>

namespace bulla::kube {

std::chrono::milliseconds Backoff::next(SteadyTime now) {
  const bool long_ago = now - last_ > options_.reset_after;
  if (next_.count() == 0 || long_ago) next_ = options_.first;
  const auto delay = next_;
  next_ = std::min(next_ * 2, options_.max);
  const auto jitter = random_.below(static_cast<std::uint32_t>(delay.count()));
  const auto total = std::min(delay + std::chrono::milliseconds(jitter), options_.max);
  last_ = now + total;  // counted from the end of the wait
  return total;
}

}  // namespace bulla::kube
