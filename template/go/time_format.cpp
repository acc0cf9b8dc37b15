// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>

#include "template/go/time.hpp"
#include "template/go/time_layout.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

using layout::Chunk;
using layout::Element;

void append_number(SecretBuffer& out, std::int64_t number, int width = 0) {
  std::array<char, 40> digits{};
  const auto magnitude =
      number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  const int size = std::snprintf(digits.data(), digits.size(), "%s%0*llu", number < 0 ? "-" : "",
                                 width, static_cast<unsigned long long>(magnitude));
  out.append({digits.data(), static_cast<std::size_t>(size)});
}

void append_padded(SecretBuffer& out, int number, std::size_t width) {
  const auto text = std::to_string(number);
  for (auto size = text.size(); size < width; ++size) append_char(out, ' ');
  out.append(text);
}

void append_offset(SecretBuffer& out, std::int32_t offset_s, const layout::OffsetForm& form) {
  if (form.z_for_utc && offset_s == 0) return append_char(out, 'Z');
  const int minutes = std::abs(offset_s / 60);
  // Go looks at the minutes for the sign, even where there are only seconds.
  append_char(out, offset_s / 60 < 0 ? '-' : '+');
  append_number(out, minutes / 60, 2);
  if (form.colons) append_char(out, ':');
  if (form.minutes) append_number(out, minutes % 60, 2);
  if (!form.seconds) return;
  if (form.colons) append_char(out, ':');
  append_number(out, offset_s / 60 < 0 ? -offset_s % 60 : offset_s % 60, 2);
}

void append_fraction(SecretBuffer& out, std::int32_t nanoseconds, const Chunk& chunk) {
  const auto with_one = std::to_string(1'000'000'000 + nanoseconds);  // keeps the leading zeros
  auto digits = std::string_view(with_one).substr(1, chunk.digits);
  if (chunk.kind == Element::fraction_nines) {
    const auto last = digits.find_last_not_of('0');
    if (last == std::string_view::npos) return;
    digits = digits.substr(0, last + 1);
  }
  append_char(out, chunk.separator);
  out.append(digits);
}

/// Prints elements of one time.
class Formatter {
 public:
  Formatter(const Time& time, SecretBuffer& out)
      : time_(time), day_(civil_day(time)), clock_(clockface(time)), out_(out) {}

  void append(const Chunk& chunk) {
    if (!append_date(chunk.kind) && !append_clock(chunk.kind)) append_rest(chunk);
  }

 private:
  bool append_date(Element kind) {
    switch (kind) {
      case Element::long_month: out_.append(month_name(day_.month)); return true;
      case Element::month: out_.append(month_name(day_.month).substr(0, 3)); return true;
      case Element::number_month: append_number(out_, day_.month); return true;
      case Element::zero_month: append_number(out_, day_.month, 2); return true;
      case Element::long_weekday: out_.append(weekday_name(day_.weekday)); return true;
      case Element::weekday: out_.append(weekday_name(day_.weekday).substr(0, 3)); return true;
      case Element::day: append_number(out_, day_.day); return true;
      case Element::under_day: append_padded(out_, day_.day, 2); return true;
      case Element::zero_day: append_number(out_, day_.day, 2); return true;
      case Element::under_year_day: append_padded(out_, day_.year_day, 3); return true;
      case Element::zero_year_day: append_number(out_, day_.year_day, 3); return true;
      case Element::long_year: append_number(out_, day_.year, 4); return true;
      case Element::year: append_number(out_, std::abs(day_.year) % 100, 2); return true;
      default: return false;
    }
  }

  bool append_clock(Element kind) {
    const int hour12 = clock_.hour % 12 == 0 ? 12 : clock_.hour % 12;
    const bool afternoon = clock_.hour >= 12;
    switch (kind) {
      case Element::hour: append_number(out_, clock_.hour, 2); return true;
      case Element::hour12: append_number(out_, hour12); return true;
      case Element::zero_hour12: append_number(out_, hour12, 2); return true;
      case Element::minute: append_number(out_, clock_.minute); return true;
      case Element::zero_minute: append_number(out_, clock_.minute, 2); return true;
      case Element::second: append_number(out_, clock_.second); return true;
      case Element::zero_second: append_number(out_, clock_.second, 2); return true;
      case Element::upper_pm: out_.append(afternoon ? "PM" : "AM"); return true;
      case Element::lower_pm: out_.append(afternoon ? "pm" : "am"); return true;
      default: return false;
    }
  }

  void append_rest(const Chunk& chunk) {
    if (chunk.kind == Element::zone_offset) {
      append_offset(out_, time_.zone.offset_s, chunk.offset);
    } else if (chunk.kind != Element::zone_name) {
      append_fraction(out_, time_.nanoseconds, chunk);
    } else if (time_.zone.name.empty()) {
      append_offset(out_, time_.zone.offset_s, {});
    } else {
      out_.append(time_.zone.name);
    }
  }

  const Time& time_;
  CivilDay day_;
  Clockface clock_;
  SecretBuffer& out_;
};

}  // namespace

SecretBuffer format_time(const Time& time, std::string_view text) {
  SecretBuffer out;
  Formatter formatter(time, out);
  for (;;) {
    const auto chunk = layout::next_chunk(text);
    out.append(chunk.prefix);
    if (chunk.kind == Element::end) return out;
    formatter.append(chunk);
    text = chunk.rest;
  }
}

}  // namespace bulla::tmpl::go
