// SPDX-License-Identifier: Apache-2.0
#include "template/go/time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace bulla::tmpl::go {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_s = 86'400;
/// From January 1, year 1, to 1970.
constexpr std::int64_t zero_time_s = -62'135'596'800;

__extension__ using Wide = __int128;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// Sums wrap around, as in Go.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

bool is_leap(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Days since 1970. Years begin in March here, so that the leap day comes last; an era is 400
/// years.
std::int64_t days_from_civil(std::int64_t year, int month, std::int64_t day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const auto era = floor_divide(year, 400);
  const auto year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::int64_t wall_seconds(const Time& time) noexcept {
  return wrapping_add(time.seconds, time.zone.offset_s);
}

constexpr std::array<std::string_view, 12> months = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};

}  // namespace

const Zone& utc() {
  static const Zone zone{"UTC", 0, true};
  return zone;
}

Time Time::zero() { return {zero_time_s, 0, utc()}; }

Time Time::from(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - whole);
  return {whole.count(), static_cast<std::int32_t>(rest.count()), utc()};
}

int Time::compare(const Time& other) const noexcept {
  if (seconds != other.seconds) return seconds < other.seconds ? -1 : 1;
  if (nanoseconds != other.nanoseconds) return nanoseconds < other.nanoseconds ? -1 : 1;
  return 0;
}

Time Time::in(Zone other) const { return {seconds, nanoseconds, std::move(other)}; }

Time Time::plus(std::int64_t duration_ns) const {
  const auto whole = floor_divide(duration_ns, second_ns);
  auto out = *this;
  out.seconds = wrapping_add(seconds, whole);
  out.nanoseconds += static_cast<std::int32_t>(duration_ns - whole * second_ns);
  if (out.nanoseconds >= second_ns) {
    out.seconds = wrapping_add(out.seconds, 1);
    out.nanoseconds -= static_cast<std::int32_t>(second_ns);
  }
  return out;
}

std::int64_t Time::minus(const Time& other) const noexcept {
  const Wide difference =
      (static_cast<Wide>(seconds) - other.seconds) * second_ns + (nanoseconds - other.nanoseconds);
  const Wide least = std::numeric_limits<std::int64_t>::min();
  const Wide most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(difference, least, most));
}

Time Time::plus_date(std::int64_t years, std::int64_t more_months, std::int64_t days) const {
  const auto day = civil_day(*this);
  const auto wall = wall_seconds(*this);
  const auto midnight = seconds_at(day.year, day.month, day.day);
  auto out = *this;
  out.seconds =
      wrapping_add(seconds_at(wrapping_add(day.year, years), wrapping_add(day.month, more_months),
                              wrapping_add(day.day, days)),
                   wrapping_add(wall, -midnight) - zone.offset_s);
  return out;
}

Time Time::truncated(std::int64_t duration_ns) const {
  if (duration_ns <= 0) return *this;
  const Wide since_zero = (static_cast<Wide>(seconds) - zero_time_s) * second_ns + nanoseconds;
  auto over = static_cast<std::int64_t>(since_zero % duration_ns);
  if (over < 0) over += duration_ns;
  return plus(-over);
}

CivilDay civil_day(const Time& time) noexcept {
  const auto days = floor_divide(wall_seconds(time), day_s);
  const auto shifted = days + 719'468;  // since March 1, year 0
  const auto era = floor_divide(shifted, 146'097);
  const auto day_of_era = shifted - era * 146'097;
  const auto year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const auto day_of_year =
      static_cast<int>(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
  const int month_from_march = (5 * day_of_year + 2) / 153;

  CivilDay out;
  out.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  out.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.weekday = static_cast<int>((days % 7 + 11) % 7);  // 1970 began on a Thursday
  out.year_day = static_cast<int>(days - days_from_civil(out.year, 1, 1)) + 1;
  return out;
}

Clockface clockface(const Time& time) noexcept {
  const auto wall = wall_seconds(time);
  const auto second = static_cast<int>(wall - floor_divide(wall, day_s) * day_s);
  return {second / 3'600, second / 60 % 60, second % 60};
}

std::int64_t seconds_at(std::int64_t year, std::int64_t month, std::int64_t day) noexcept {
  const auto carried = floor_divide(wrapping_add(month, -1), 12);
  const auto month_in_year = static_cast<int>(wrapping_add(month, -1) - carried * 12) + 1;
  // Far outside of what 64-bit seconds reach, any answer is as good; it must only be one.
  constexpr std::int64_t far = 300'000'000'000;
  const auto bounded_year = std::clamp(wrapping_add(year, carried), -far, far);
  const auto bounded_day = std::clamp(day, -far * 366, far * 366);
  const Wide days =
      static_cast<Wide>(days_from_civil(bounded_year, month_in_year, 1)) + bounded_day - 1;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(days * day_s));
}

int days_in_month(std::int64_t year, int month) noexcept {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::string_view month_name(std::int64_t month) noexcept {
  return month >= 1 && month <= 12 ? months[static_cast<std::size_t>(month - 1)]
                                   : std::string_view();
}

std::string_view weekday_name(std::int64_t weekday) noexcept {
  return weekday >= 0 && weekday <= 6 ? weekdays[static_cast<std::size_t>(weekday)]
                                      : std::string_view();
}

}  // namespace bulla::tmpl::go
