// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "base/allocation_budget.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"

namespace bulla {

/// What a reader may hold of an input of `input_bytes`, however it is written.
[[nodiscard]] constexpr std::size_t reading_bytes_max(std::size_t input_bytes) noexcept {
  return limits::reading_bytes_base + limits::reading_bytes_per_byte * input_bytes;
}

/// How many bytes reading one input may hold at a time: made once for a whole input, with all its
/// documents. Wiping memory counts by itself where it is allocated, as long as a Scope of memory()
/// lives; what a reader keeps elsewhere, it adds with keep().
///
/// Errors:  AllocationBudget::Exceeded. A reader catches it and gives up with `exceeded()`.
/// Threads: one.
class ReadingBudget {
 public:
  /// `bytes_max`, if it is less, counts in place of what the input's size allows.
  explicit ReadingBudget(std::size_t input_bytes,
                         std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) noexcept
      : bytes_max_(std::min(reading_bytes_max(input_bytes), bytes_max)),
        memory_(bytes_max_, AllocationBudget::Large::goes_on) {}

  [[nodiscard]] AllocationBudget& memory() noexcept { return memory_; }

  /// Counts `bytes` that live outside of wiping memory until the reader is done.
  void keep(std::size_t bytes) { memory_.take(bytes); }

  /// Counts `bytes` that are copied from what was read before, dropped again or not: copying costs
  /// time too, and aliases make much of it from little. Throws when all copies together pass what
  /// may be held.
  void copy(std::size_t bytes) {
    if (bytes > bytes_max_ - copied_) throw AllocationBudget::Exceeded();
    copied_ += bytes;
  }

  /// The error's code is invalid_input; its message names the bound.
  [[nodiscard]] Error exceeded() const {
    return {Errc::invalid_input, "reading it would take more than " + std::to_string(bytes_max_) +
                                     " bytes of memory, which is too much for its size"};
  }

 private:
  std::size_t bytes_max_;
  AllocationBudget memory_;
  std::size_t copied_ = 0;
};

/// What a vector of `T` takes for one more of them, at most, while it grows by copying.
template <class T>
constexpr std::size_t growing_bytes = 3 * sizeof(T);

}  // namespace bulla
