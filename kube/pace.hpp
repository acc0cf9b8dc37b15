// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/backoff.hpp"

namespace bulla::kube {

struct RequestRate {
  double per_second = 5;  ///< above 0
  int burst = 10;         ///< requests that may go at once; at least 1
};

/// When requests may go: client-go's token bucket (golang.org/x/time/rate), full at the start. Each
/// one takes its turn in the order of asking. Pure: time comes in as `now`. Not thread-safe.
class Pace {
 public:
  explicit Pace(RequestRate rate);
  /// The turn of the next request: `now`, or when its token will be there.
  [[nodiscard]] SteadyTime next_turn(SteadyTime now);

 private:
  SteadyTime::duration interval_;  ///< in which the bucket gains one token
  SteadyTime::duration depth_;     ///< what fills a bucket that has only one token left
  SteadyTime full_at_{};           ///< when the bucket will be full
};

}  // namespace bulla::kube
