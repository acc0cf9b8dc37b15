// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace bulla {

/// How many bytes reading one input may make of it, however it is written: made once for a whole
/// input, with all its documents, and asked before anything is copied or kept.
///
/// What is taken is an upper estimate of what containers and texts allocate, while they grow too.
/// Nothing is given back: a copy that is dropped again has cost its time.
class ReadingBudget {
 public:
  /// For an input of `input_bytes`: limits::reading_bytes_base and reading_bytes_per_byte for each.
  explicit ReadingBudget(std::size_t input_bytes) noexcept
      : bytes_max_(limits::reading_bytes_base + limits::reading_bytes_per_byte * input_bytes) {}

  /// Whether `bytes` more may be made. After a refusal the reader gives up with `exceeded()`.
  [[nodiscard]] bool take(std::size_t bytes) noexcept {
    if (bytes > bytes_max_ - taken_) return false;
    taken_ += bytes;
    return true;
  }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

  /// The error's code is invalid_input; its message names the bound.
  [[nodiscard]] Error exceeded() const {
    return {Errc::invalid_input, "reading it would take more than " + std::to_string(bytes_max_) +
                                     " bytes of memory, which is too much for its size"};
  }

 private:
  std::size_t bytes_max_;
  std::size_t taken_ = 0;
};

/// One value's place in a list or a map, while that grows by copying (Boost.JSON: 24 bytes a
/// value).
constexpr std::size_t value_bytes = 72;
/// A text's own allocation, beside its bytes.
constexpr std::size_t text_bytes = 32;

}  // namespace bulla
