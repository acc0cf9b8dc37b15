// SPDX-License-Identifier: Apache-2.0
#include <date/tz.h>

#include <stdexcept>

#include "template/go/time.hpp"

namespace bulla::tmpl::go {
namespace {

/// The date library reads the transitions that zone files list, which end with 2037; the rules that
/// go on for ever it doesn't. So a later moment is asked for in a year of the last listed decade
/// whose months fall on the same weekdays: by then all zones follow rules of the kind "last Sunday
/// in October".
std::int64_t within_listed_years(std::int64_t seconds) {
  const Time time{seconds, 0, utc()};
  const auto day = civil_day(time);
  if (day.year <= 2037) return seconds;
  // March and later depend on no leap day within the year.
  const int anchor = day.month <= 2 ? 1 : 3;
  const auto weekday_of = [&](std::int64_t year) {
    return civil_day({seconds_at(year, anchor, 1), 0, utc()}).weekday;
  };
  for (std::int64_t year = 2037; year > 2026; --year) {
    if (days_in_month(year, 2) == 28 && weekday_of(year) == weekday_of(day.year)) {
      // February 29 is March 1 there, at the same distance from all transitions.
      const auto midnight = seconds_at(day.year, day.month, day.day);
      return seconds_at(year, day.month, day.day) + (seconds - midnight);
    }
  }
  return seconds;
}

}  // namespace

Zone zone_at(std::string_view name, std::int64_t seconds) {
  // time.LoadLocation's own names, and what it refuses to look for.
  if (name.empty() || name == "UTC" || name == "Local") return utc();
  if (name.front() == '/' || name.front() == '\\' || name.find("..") != std::string_view::npos)
    return utc();
  try {
    const auto* zone = date::locate_zone(name);
    const date::sys_seconds moment{std::chrono::seconds(within_listed_years(seconds))};
    const auto info = zone->get_info(moment);
    return {info.abbrev, static_cast<std::int32_t>(info.offset.count()), false};
  } catch (const std::runtime_error&) {
    return utc();  // no such zone, or no zone files at all
  }
}

}  // namespace bulla::tmpl::go
