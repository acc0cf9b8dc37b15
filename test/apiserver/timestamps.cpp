// SPDX-License-Identifier: Apache-2.0
#include "timestamps.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

namespace bulla::test {

std::string to_rfc3339(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &fields);
  return {text.data(), length};
}

std::string age_since(std::string_view rfc3339, WallTime now) {
  std::tm fields{};
  const std::string text(rfc3339);
  if (!strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &fields)) return "<unknown>";
  const std::int64_t then_s = timegm(&fields);
  const std::int64_t now_s = std::chrono::system_clock::to_time_t(now);
  const std::int64_t seconds = std::max<std::int64_t>(0, now_s - then_s);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (minutes < 10) {
    const auto rest = seconds % 60;
    return std::to_string(minutes) + "m" + (rest == 0 ? "" : std::to_string(rest) + "s");
  }
  if (hours < 3) return std::to_string(minutes) + "m";
  if (hours < 48) return std::to_string(hours) + "h";
  return std::to_string(hours / 24) + "d";
}

}  // namespace bulla::test
