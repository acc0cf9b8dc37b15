// SPDX-License-Identifier: Apache-2.0
#include "controller/drift_guard.hpp"

#include <algorithm>

namespace bulla {

namespace {

/// Fewer are not worth looking through.
constexpr std::size_t entries_min = 1000;

}  // namespace

std::chrono::milliseconds DriftGuard::wait_before(unsigned times) const {
  using std::chrono::milliseconds;
  if (times < 2) return milliseconds(0);
  constexpr unsigned doublings_max = 10;  // beyond it the limit holds anyhow
  const auto wait = first_wait_ * (1U << std::min(times - 2, doublings_max));
  return std::min<milliseconds>(wait, wait_max);
}

DriftGuard::Answer DriftGuard::drifted(const kube::ObjectKey& key, Time now) {
  if (entries_.size() >= std::max(entries_min, 2 * looked_through_)) {
    std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.last > quiet; });
    looked_through_ = entries_.size();
  }
  Entry& entry = entries_[key];
  // The wait is no quiet: it was of our making.
  if (now - entry.last > quiet + wait_before(entry.times)) entry.times = 0;
  ++entry.times;
  entry.last = now;
  return {wait_before(entry.times), entry.times == told_at};
}

}  // namespace bulla
