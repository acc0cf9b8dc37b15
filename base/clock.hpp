// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "base/error.hpp"

namespace bulla {

/// The time of day, in UTC.
using WallTime = std::chrono::system_clock::time_point;

/// Where the time of day comes from, so that tests can be some other day.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
};

/// The machine's clock; lives for the whole process.
[[nodiscard]] const Clock& system_clock() noexcept;

/// RFC 3339 in UTC with whole seconds, "2026-01-02T15:04:05Z", as Kubernetes writes metav1.Time.
[[nodiscard]] std::string format_rfc3339(WallTime time);
/// RFC 3339 with any offset and fraction, in the years 1678 to 2261. Errors: invalid_input.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);

/// A duration in Go's notation: "720h", "1h30m", "1.5s", "-2ms", "0".
/// Errors: invalid_input with Go's words (`time: invalid duration "x"`).
[[nodiscard]] Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text);
/// The same for a text that must not be quoted: nothing where it is no duration.
[[nodiscard]] std::optional<std::chrono::nanoseconds> read_go_duration(
    std::string_view text) noexcept;
/// As Go prints it: "720h0m0s", "1.5s", "2m0s", "0s".
[[nodiscard]] std::string format_go_duration(std::chrono::nanoseconds duration);

}  // namespace bulla
