// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/limits.hpp"

namespace bulla {

/// So much work a second for each client, and so much more at once: the generic cell rate algorithm
/// (ITU-T I.371), which needs one time a client. A request is let in while its client is within its
/// bounds, and pays afterwards for the work that it made: who owes waits longer. Pure: time comes
/// in as `now`. Not thread-safe.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// More would be no limit; it keeps times within what a clock can say.
  static constexpr int per_second_max = 1'000'000;

  struct Rate {
    int per_second = 1;    ///< full requests, at least 1
    int burst = 0;         ///< full requests beyond the first that may come at once
    int work_in_full = 1;  ///< units of work that make a full request, at least 1
  };
  /// Remembers `clients_max` clients that are not at rest; further ones share one rate.
  explicit RateLimiter(Rate rate, std::size_t clients_max = limits::rate_limited_clients_max);

  struct Answer {
    bool allowed = false;
    int limit = 0;                           ///< full requests that may come at once
    int remaining = 0;                       ///< of those, now
    std::chrono::nanoseconds reset{};        ///< until all of them may come again
    std::chrono::nanoseconds retry_after{};  ///< 0 when allowed
  };
  /// Counts a request of `client` as one unit of work, if it is allowed.
  [[nodiscard]] Answer take(const std::string& client, Time now);
  /// Counts `work` more units, for a request that was let in.
  void charge(const std::string& client, std::size_t work, Time now);
  /// Takes back the request counted last for `client`: something else refused it.
  void give_back(const std::string& client);

 private:
  [[nodiscard]] Time& due_of(const std::string& client, Time now);
  void forget_those_at_rest(Time now);

  std::chrono::nanoseconds unit_;  ///< the time that one unit of work stands for
  std::chrono::nanoseconds full_;  ///< and a full request
  int limit_;
  std::chrono::nanoseconds tolerance_;  ///< how far ahead of its rate a client may be
  std::size_t clients_max_;
  std::unordered_map<std::string, Time> due_;  ///< when the client would be at rest
  Time others_{};                              ///< the same for all who find no room
};

}  // namespace bulla
