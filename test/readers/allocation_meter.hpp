// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bulla::test {

/// Measures what the calling program allocates by malloc, libraries included, whatever it counts
/// itself: the most that lives at a time since this was made, above what lived then.
/// Threads: one meter at a time; other threads count too.
class AllocationMeter {
 public:
  AllocationMeter() noexcept;
  [[nodiscard]] std::size_t peak_bytes() const noexcept;

 private:
  std::size_t before_;
};

}  // namespace bulla::test
