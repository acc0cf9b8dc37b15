// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>

#include "kube/object.hpp"

namespace bulla {

/// Keeps us from fighting: a Secret (or a status) that somebody changes again after each repair is
/// repaired less and less often. Remembers those that drifted lately, and no others. Pure: time
/// comes in as `now`. Not thread-safe.
class DriftGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `first_wait`: before the second repair; twice that before each further one.
  explicit DriftGuard(std::chrono::milliseconds first_wait = std::chrono::seconds(1))
      : first_wait_(first_wait) {}

  struct Answer {
    std::chrono::milliseconds wait{0};  ///< before the repair: none at first
    bool tell = false;                  ///< it is time to tell somebody, once
  };
  [[nodiscard]] Answer drifted(const kube::ObjectKey& key, Time now);

  static constexpr auto wait_max = std::chrono::minutes(5);
  static constexpr auto quiet = std::chrono::minutes(10);  ///< as long without: all is forgotten
  static constexpr unsigned told_at = 5;

 private:
  struct Entry {
    unsigned times = 0;
    Time last{};
  };
  [[nodiscard]] std::chrono::milliseconds wait_before(unsigned times) const;

  std::chrono::milliseconds first_wait_;
  std::unordered_map<kube::ObjectKey, Entry> entries_;
  std::size_t looked_through_ = 0;  ///< the size after the last clearing out
};

}  // namespace bulla
