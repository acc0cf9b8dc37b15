// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/go/quoting.hpp"

// Go's package time: instants with a zone, layouts, durations. The local zone is UTC.
namespace bulla::tmpl::go {

/// What a clock on the wall is off from UTC, and what that is called.
struct Zone {
  std::string name;  ///< "" prints as the offset
  std::int32_t offset_s = 0;
  bool is_utc = false;  ///< Go's UTC, as against a zone made from an offset of 0

  friend bool operator==(const Zone&, const Zone&) = default;
};
[[nodiscard]] const Zone& utc();

/// An instant in a zone. Any year that 64-bit seconds reach.
struct Time {
  std::int64_t seconds = 0;      ///< since 1970
  std::int32_t nanoseconds = 0;  ///< 0 to 999'999'999
  Zone zone = utc();

  /// Go's zero Time: January 1, year 1, 00:00:00 UTC.
  [[nodiscard]] static Time zero();
  [[nodiscard]] static Time from(WallTime time);

  /// Before, at or after: negative, 0, positive. The zone plays no part.
  [[nodiscard]] int compare(const Time& other) const noexcept;
  [[nodiscard]] Time in(Zone other) const;
  /// Time.Add; wraps around like Go's integers.
  [[nodiscard]] Time plus(std::int64_t duration_ns) const;
  /// Time.Sub, within what a duration can hold.
  [[nodiscard]] std::int64_t minus(const Time& other) const noexcept;
  /// Time.AddDate: October 32 is November 1.
  [[nodiscard]] Time plus_date(std::int64_t years, std::int64_t months, std::int64_t days) const;
  /// Time.Truncate: down to a multiple of the duration since the zero time.
  [[nodiscard]] Time truncated(std::int64_t duration_ns) const;

  friend bool operator==(const Time&, const Time&) = default;
};

/// A day of the (proleptic) Gregorian calendar.
struct CivilDay {
  std::int64_t year = 1;
  int month = 1;     ///< 1 to 12
  int day = 1;       ///< 1 to 31
  int weekday = 0;   ///< 0 is Sunday
  int year_day = 1;  ///< 1 to 366
};
struct Clockface {
  int hour = 0, minute = 0, second = 0;
};
[[nodiscard]] CivilDay civil_day(const Time& time) noexcept;
[[nodiscard]] Clockface clockface(const Time& time) noexcept;
/// Seconds since 1970 at midnight; month and day may be out of range, then they carry.
[[nodiscard]] std::int64_t seconds_at(std::int64_t year, std::int64_t month,
                                      std::int64_t day) noexcept;
[[nodiscard]] int days_in_month(std::int64_t year, int month) noexcept;
[[nodiscard]] std::string_view month_name(std::int64_t month) noexcept;      ///< "" if not 1 to 12
[[nodiscard]] std::string_view weekday_name(std::int64_t weekday) noexcept;  ///< "" if not 0 to 6

/// Time.Format.
[[nodiscard]] SecretBuffer format_time(const Time& time, std::string_view layout);
/// Time.String's layout, and that of encoding/json.
inline constexpr std::string_view string_layout = "2006-01-02 15:04:05.999999999 -0700 MST";
inline constexpr std::string_view rfc3339_nano = "2006-01-02T15:04:05.999999999Z07:00";

/// time.ParseInLocation(layout, text, time.Local). Errors: invalid_input with Go's words, which
/// quote the text, if allowed.
[[nodiscard]] Result<Time> parse_time(std::string_view layout, std::string_view text,
                                      Quoting quoting);

/// What `name` (such as "Europe/Berlin") has at that moment; UTC where there is no such zone, as
/// sprig falls back.
[[nodiscard]] Zone zone_at(std::string_view name, std::int64_t seconds);

/// time.ParseDuration, in nanoseconds. Errors: invalid_input with Go's words, which quote the text,
/// if allowed.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text, Quoting quoting);
/// Duration.Round.
[[nodiscard]] std::int64_t round_duration(std::int64_t duration_ns, std::int64_t unit_ns) noexcept;

/// As the package quotes texts in its errors: ASCII only. Appends.
void append_time_quoted(SecretBuffer& out, std::string_view text);

}  // namespace bulla::tmpl::go
