// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/random.hpp"

namespace bulla::kube {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Delays that double: the first at least `first`, each with up to +100 % of jitter, until `max`.
struct BackoffOptions {
  std::chrono::milliseconds first = std::chrono::milliseconds(800);
  std::chrono::milliseconds max = std::chrono::seconds(30);
  /// As long without a delay starts over.
  std::chrono::milliseconds reset_after = std::chrono::minutes(2);
};

/// How long to wait before the next try. Not thread-safe; `random` must outlive it.
class Backoff {
 public:
  Backoff(BackoffOptions options, Random& random) noexcept : options_(options), random_(random) {}

  /// The next delay; `now` is any steady time that does not go back.
  [[nodiscard]] std::chrono::milliseconds next(SteadyTime now);
  void reset() noexcept { next_ = std::chrono::milliseconds(0); }

 private:
  BackoffOptions options_;
  Random& random_;
  std::chrono::milliseconds next_{0};
  SteadyTime last_{};
};

}  // namespace bulla::kube
