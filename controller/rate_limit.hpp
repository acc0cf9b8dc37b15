// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/limits.hpp"

namespace bulla {

/// So many requests a second of each client, and so many more at once: the generic cell rate
/// algorithm (ITU-T I.371), which needs one time a client. Pure: time comes in as `now`. Not
/// thread-safe.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Rate {
    int per_second = 1;  ///< at least 1
    int burst = 0;       ///< requests beyond the first that may come at once
  };
  /// Remembers `clients_max` clients that are not at rest; further ones share one rate.
  explicit RateLimiter(Rate rate, std::size_t clients_max = limits::rate_limited_clients_max);

  struct Answer {
    bool allowed = false;
    int limit = 0;                           ///< requests that may come at once
    int remaining = 0;                       ///< of those, now
    std::chrono::nanoseconds reset{};        ///< until all of them may come again
    std::chrono::nanoseconds retry_after{};  ///< 0 when allowed
  };
  /// Counts a request of `client`, if it is allowed.
  [[nodiscard]] Answer take(const std::string& client, Time now);
  /// Takes back the request counted last for `client`: something else refused it.
  void give_back(const std::string& client);

 private:
  [[nodiscard]] Time& due_of(const std::string& client, Time now);
  void forget_those_at_rest(Time now);

  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds tolerance_;
  int limit_;
  std::size_t clients_max_;
  std::unordered_map<std::string, Time> due_;  ///< when the client would be at rest
  Time others_{};                              ///< the same for all who find no room
};

}  // namespace bulla
