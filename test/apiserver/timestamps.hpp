// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace bulla::test {

using WallTime = std::chrono::system_clock::time_point;
using WallClock = std::function<WallTime()>;

/// "2026-01-02T15:04:05Z": UTC, whole seconds, as metav1.Time prints.
[[nodiscard]] std::string to_rfc3339(WallTime time);

/// How long ago an RFC 3339 time was, in the words of kubectl's AGE column ("5m12s");
/// "<unknown>" when it cannot be read.
[[nodiscard]] std::string age_since(std::string_view rfc3339, WallTime now);

}  // namespace bulla::test
