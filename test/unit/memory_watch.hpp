// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace bulla::test {

/// Watches the memory that this test program gives back through operator delete. While one of
/// these lives, every block is searched for `marker` on its way out.
/// Threads: one watch at a time, and no other thread may free meanwhile.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::string_view marker);  ///< at most 64 bytes; copied to static storage
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;
  ~MemoryWatch();
  /// Blocks that were released with the marker still in them.
  [[nodiscard]] std::size_t leaks() const;
};

}  // namespace bulla::test
