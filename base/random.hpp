// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace bulla {

/// Chance for what is not secret: jitter, generated names. A test's own source makes a run
/// repeatable. Keys never come from here: crypto/ asks libsodium and OpenSSL itself.
class Random {
 public:
  virtual ~Random() = default;
  /// Evenly distributed in [0, bound); 0 if `bound` is 0.
  [[nodiscard]] virtual std::uint32_t below(std::uint32_t bound) = 0;
};

/// The operating system's, through libsodium; safe from any thread, lives for the whole process.
[[nodiscard]] Random& system_random() noexcept;

}  // namespace bulla
