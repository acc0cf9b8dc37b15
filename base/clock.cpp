// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace bulla {

using namespace std::chrono;

namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return std::chrono::system_clock::now(); }
};

/// Takes digits from the front of `text`: exactly `count` of them.
bool take_digits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc() || end != text.data() + count || value < 0) return false;
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text, year_month_day& date) {
  int y = 0;
  int m = 0;
  int d = 0;
  if (!take_digits(text, 4, y) || !take(text, '-') || !take_digits(text, 2, m) ||
      !take(text, '-') || !take_digits(text, 2, d))
    return false;
  date = year(y) / m / d;
  return date.ok();
}

bool take_time_of_day(std::string_view& text, nanoseconds& time) {
  int h = 0;
  int m = 0;
  int s = 0;
  if (!take_digits(text, 2, h) || !take(text, ':') || !take_digits(text, 2, m) ||
      !take(text, ':') || !take_digits(text, 2, s))
    return false;
  if (h > 23 || m > 59 || s > 59) return false;
  time = hours(h) + minutes(m) + seconds(s);
  if (!take(text, '.')) return true;
  nanoseconds unit = milliseconds(100);
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
    time += unit * (text.front() - '0');
    unit /= 10;
    text.remove_prefix(1);
  }
  return digits > 0;
}

bool take_offset(std::string_view& text, minutes& offset) {
  if (take(text, 'Z')) return true;
  const int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
  int h = 0;
  int m = 0;
  if (sign == 0 || !take_digits(text, 2, h) || !take(text, ':') || !take_digits(text, 2, m))
    return false;
  if (h > 23 || m > 59) return false;
  offset = sign * (hours(h) + minutes(m));
  return true;
}

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"µs", 1'000},
                                     {"μs", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

/// A duration's magnitude: that of the smallest std::int64_t is one more than that of the largest.
constexpr std::uint64_t nanos_max = std::uint64_t{1} << 63;

/// One "12.5h" from the front of `text`, in nanoseconds; nothing when there is none, or it is too
/// long. Whole numbers are exact, as in Go; only the fraction goes through floating point.
std::optional<std::uint64_t> take_duration_part(std::string_view& text) {
  const auto is_digit = [&] { return !text.empty() && text.front() >= '0' && text.front() <= '9'; };
  std::uint64_t whole = 0;
  double fraction = 0;  // the digits after the point as a whole number, and what to divide it by
  double scale = 1;
  bool has_digits = false;
  for (; is_digit(); text.remove_prefix(1), has_digits = true) {
    if (whole > nanos_max / 10) return std::nullopt;
    whole = whole * 10 + static_cast<std::uint64_t>(text.front() - '0');
  }
  if (take(text, '.')) {
    for (; is_digit(); text.remove_prefix(1), has_digits = true) {
      if (fraction >= 1e18) continue;  // below a nanosecond of any unit
      fraction = fraction * 10 + (text.front() - '0');
      scale *= 10;
    }
  }
  if (!has_digits) return std::nullopt;
  const auto unit_end = std::min(text.find_first_of("0123456789."), text.size());
  for (const auto& unit : units) {
    if (text.substr(0, unit_end) != unit.name) continue;
    text.remove_prefix(unit_end);
    if (whole > nanos_max / unit.nanos) return std::nullopt;
    return whole * unit.nanos +
           static_cast<std::uint64_t>(fraction * (static_cast<double>(unit.nanos) / scale));
  }
  return std::nullopt;
}

/// "1.5" for 15 tenths: the fraction as Go prints it, without trailing zeros.
std::string decimal(std::int64_t value, std::int64_t unit) {
  std::string out = std::to_string(value / unit);
  if (std::int64_t rest = value % unit; rest != 0) {
    out += '.';
    for (; rest != 0; rest %= unit) {
      unit /= 10;
      out += static_cast<char>('0' + rest / unit);
      if (unit == 1) break;
    }
  }
  return out;
}

}  // namespace

const Clock& system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

std::string format_rfc3339(WallTime time) {
  const auto whole = floor<seconds>(time);
  const auto day = floor<days>(whole);
  const year_month_day date(day);
  const hh_mm_ss time_of_day(whole - day);
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()),
                                 static_cast<int>(time_of_day.hours().count()),
                                 static_cast<int>(time_of_day.minutes().count()),
                                 static_cast<int>(time_of_day.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto whole = text;
  year_month_day date;
  nanoseconds time{};
  minutes offset{};
  const bool good = take_date(text, date) && (take(text, 'T') || take(text, 't')) &&
                    take_time_of_day(text, time) && take_offset(text, offset) && text.empty() &&
                    // WallTime counts nanoseconds: it ends within the years 1677 and 2262.
                    date.year() >= year(1678) && date.year() <= year(2261);
  if (!good) return Error{Errc::invalid_input, quoted(whole) + " is not an RFC 3339 time"};
  return WallTime(sys_days(date)) + duration_cast<WallTime::duration>(time - offset);
}

Result<nanoseconds> parse_go_duration(std::string_view text) {
  const auto duration = read_go_duration(text);
  if (duration) return *duration;
  Error error{Errc::invalid_input, "time: invalid duration " + quoted(text)};
  if (!text.ends_with('d') && !text.ends_with('w')) return error;
  return std::move(error).hint("the largest unit is h, an hour: 30 days are 720h");
}

std::optional<nanoseconds> read_go_duration(std::string_view text) noexcept {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (text == "0") return nanoseconds(0);
  if (text.empty()) return std::nullopt;

  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto part = take_duration_part(text);
    if (!part || *part > nanos_max - total) return std::nullopt;
    total += *part;
  }
  if (!negative && total == nanos_max) return std::nullopt;
  // Negated while unsigned: the smallest value has no positive counterpart.
  return nanoseconds(static_cast<std::int64_t>(negative ? 0 - total : total));
}

std::string format_go_duration(nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  const std::string sign = duration.count() < 0 ? "-" : "";
  if (duration == nanoseconds::min()) return "-2562047h47m16.854775808s";  // has no magnitude
  const auto total = std::abs(duration.count());
  if (total < 1'000) return sign + std::to_string(total) + "ns";
  if (total < 1'000'000) return sign + decimal(total, 1'000) + "µs";
  if (total < 1'000'000'000) return sign + decimal(total, 1'000'000) + "ms";
  constexpr std::int64_t minute = 60'000'000'000;
  std::string out = sign;
  if (total >= 60 * minute) out += std::to_string(total / (60 * minute)) + "h";
  if (total >= minute) out += std::to_string(total / minute % 60) + "m";
  return out + decimal(total % minute, 1'000'000'000) + "s";
}

}  // namespace bulla
