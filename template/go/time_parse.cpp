// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "template/go/number.hpp"
#include "template/go/time.hpp"
#include "template/go/time_layout.hpp"

namespace bulla::tmpl::go {
namespace {

using layout::Chunk;
using layout::Element;

bool is_digit_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}
bool is_fraction_mark(char c) noexcept { return c == '.' || c == ','; }

/// Digits and a sign, as Go's own small reader takes them.
std::optional<int> small_number(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit_at(text, i) || i > 8) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return negative ? -value : value;
}

std::string_view lower_letters_equal_prefix(std::string_view text, std::string_view word) noexcept {
  if (text.size() < word.size()) return {};
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto a = static_cast<unsigned char>(text[i] | 0x20);
    const auto b = static_cast<unsigned char>(word[i] | 0x20);
    if (text[i] != word[i] && (a != b || a < 'a' || a > 'z')) return {};
  }
  return text.substr(0, word.size());
}

/// "+03", "-4": the length of an offset in whole hours, 0 if there is none up to 23.
std::size_t signed_hours(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return 0;
  const auto end = std::min(text.find_first_not_of("0123456789", 1), text.size());
  const auto hours = parse_uint(text.substr(1, end - 1), 10);
  return hours.error == NumberError::none && hours.value <= 23 ? end : 0;
}

/// The length of what looks like the abbreviation of a zone, 0 if nothing does.
std::size_t zone_name_size(std::string_view text) noexcept {
  if (text.size() < 3) return 0;
  if (text.starts_with("ChST") || text.starts_with("MeST")) return 4;
  if (text.starts_with("GMT")) return 3 + signed_hours(text.substr(3));
  if (text[0] == '+' || text[0] == '-') return signed_hours(text);
  std::size_t capitals = 0;
  while (capitals < std::min<std::size_t>(6, text.size()) && text[capitals] >= 'A' &&
         text[capitals] <= 'Z')
    ++capitals;
  switch (capitals) {
    case 5: return text[4] == 'T' ? 5 : 0;
    case 4: return text[3] == 'T' || text.starts_with("WITA") ? 4 : 0;
    case 3: return 3;
    default: return 0;
  }
}

/// Removes `prefix` from `value`, where any number of spaces stands for any other. False if it
/// isn't there; then `value` is where it ceased to fit.
bool skip_literal(std::string_view& value, std::string_view prefix) noexcept {
  const auto cut_spaces = [](std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  };
  while (!prefix.empty()) {
    if (prefix[0] == ' ') {
      if (!value.empty() && value[0] != ' ') return false;
      cut_spaces(prefix);
      cut_spaces(value);
      continue;
    }
    if (value.empty() || value[0] != prefix[0]) return false;
    prefix.remove_prefix(1);
    value.remove_prefix(1);
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view layout, std::string_view text, Quoting quoting) noexcept
      : layout_(layout), text_(text), quoting_(quoting) {}

  Result<Time> parse() {
    value_ = text_;
    for (auto layout = layout_;;) {
      const auto chunk = layout::next_chunk(layout);
      if (!skip_literal(value_, chunk.prefix)) return mismatch(value_, chunk.prefix);
      if (chunk.kind == Element::end) break;
      layout = chunk.rest;
      const auto before = value_;
      const bool good = read(chunk, layout);
      if (!out_of_range_.empty()) return error(": " + std::string(out_of_range_) + " out of range");
      if (!good) return mismatch(before, chunk.element);
    }
    if (!value_.empty()) {
      SecretBuffer why;
      why.append(": extra text: ");
      append_time_quoted(why, value_);
      return error(why.expose_secret_text());
    }
    return finish();
  }

 private:
  // --- what went wrong -------------------------------------------------------------------------
  Error error(std::string_view why) const {
    if (quoting_ == Quoting::forbidden)
      return {Errc::invalid_input, "parsing time: the text doesn't fit the layout"};
    SecretBuffer message;
    message.append("parsing time ");
    append_time_quoted(message, text_);
    message.append(why);
    return {Errc::invalid_input, std::string(message.expose_secret_text())};
  }
  Error mismatch(std::string_view value, std::string_view element) const {
    SecretBuffer why;
    why.append(" as ");
    append_time_quoted(why, layout_);
    why.append(": cannot parse ");
    append_time_quoted(why, value);
    why.append(" as ");
    append_time_quoted(why, element);
    return error(why.expose_secret_text());
  }

  // --- elements --------------------------------------------------------------------------------
  bool read(const Chunk& chunk, std::string_view layout_after) {
    switch (chunk.kind) {
      case Element::hour: return read_in(hour_, false, 0, 23, "hour");
      case Element::hour12: return read_in(hour_, false, 0, 12, "hour");
      case Element::zero_hour12: return read_in(hour_, true, 0, 12, "hour");
      case Element::minute: return read_in(minute_, false, 0, 59, "minute");
      case Element::zero_minute: return read_in(minute_, true, 0, 59, "minute");
      case Element::second: return read_second(false, layout_after);
      case Element::zero_second: return read_second(true, layout_after);
      case Element::upper_pm: return read_half_day("AM", "PM");
      case Element::lower_pm: return read_half_day("am", "pm");
      case Element::zone_name: return read_zone_name();
      case Element::zone_offset: return read_offset(chunk.offset);
      case Element::fraction_zeros: return read_fraction(chunk.digits);
      case Element::fraction_nines: return read_any_fraction();
      default: return read_date(chunk.kind);
    }
  }

  bool read_date(Element kind) {
    switch (kind) {
      case Element::year: return read_short_year();
      case Element::long_year: return read_long_year();
      case Element::month: return read_month_name(3);
      case Element::long_month: return read_month_name(std::string_view::npos);
      case Element::number_month: return read_in(month_, false, 1, 12, "month");
      case Element::zero_month: return read_in(month_, true, 1, 12, "month");
      case Element::weekday: return read_weekday_name(3);
      case Element::long_weekday: return read_weekday_name(std::string_view::npos);
      case Element::under_day: take_space(); return read_number(day_, false);
      case Element::day: return read_number(day_, false);
      case Element::zero_day: return read_number(day_, true);
      case Element::under_year_day:
        take_space();
        take_space();
        return read_year_day(false);
      default: return read_year_day(true);
    }
  }

  void take_space() noexcept {
    if (value_.starts_with(' ')) value_.remove_prefix(1);
  }

  /// One or two digits, two if `fixed`.
  bool read_number(int& out, bool fixed) noexcept {
    if (!is_digit_at(value_, 0) || (fixed && !is_digit_at(value_, 1))) return false;
    const std::size_t size = is_digit_at(value_, 1) ? 2 : 1;
    out = *small_number(value_.substr(0, size));
    value_.remove_prefix(size);
    return true;
  }

  bool read_in(int& out, bool fixed, int least, int most, std::string_view what) noexcept {
    if (!read_number(out, fixed)) return false;
    if (out < least || out > most) out_of_range_ = what;
    return true;
  }

  bool read_short_year() noexcept {
    if (value_.size() < 2) return false;
    const auto year = small_number(value_.substr(0, 2));
    value_.remove_prefix(2);
    if (year) year_ = *year + (*year >= 69 ? 1900 : 2000);
    return year.has_value();
  }

  bool read_long_year() noexcept {
    if (value_.size() < 4 || !is_digit_at(value_, 0)) return false;
    const auto year = small_number(value_.substr(0, 4));
    value_.remove_prefix(4);
    if (year) year_ = *year;
    return year.has_value();
  }

  bool read_month_name(std::size_t letters) noexcept {
    for (int month = 1; month <= 12; ++month) {
      const auto name = lower_letters_equal_prefix(value_, month_name(month).substr(0, letters));
      if (name.empty()) continue;
      value_.remove_prefix(name.size());
      month_ = month;
      return true;
    }
    return false;
  }

  /// Only checked: the date says which day of the week it is.
  bool read_weekday_name(std::size_t letters) noexcept {
    for (int day = 0; day < 7; ++day) {
      const auto name = lower_letters_equal_prefix(value_, weekday_name(day).substr(0, letters));
      if (name.empty()) continue;
      value_.remove_prefix(name.size());
      return true;
    }
    return false;
  }

  bool read_year_day(bool fixed) noexcept {
    std::size_t size = 0;
    while (size < 3 && is_digit_at(value_, size)) ++size;
    if (size == 0 || (fixed && size != 3)) return false;
    year_day_ = *small_number(value_.substr(0, size));
    value_.remove_prefix(size);
    return true;
  }

  bool read_second(bool fixed, std::string_view layout_after) noexcept {
    if (!read_in(second_, fixed, 0, 59, "second")) return false;
    if (!out_of_range_.empty()) return true;
    // A fraction may follow although the layout has none.
    const auto next = layout::next_chunk(layout_after).kind;
    if (next == Element::fraction_zeros || next == Element::fraction_nines) return true;
    return read_any_fraction();
  }

  bool read_any_fraction() noexcept {
    if (value_.size() < 2 || !is_fraction_mark(value_[0]) || !is_digit_at(value_, 1)) return true;
    std::size_t digits = 1;
    while (is_digit_at(value_, digits + 1)) ++digits;
    return read_fraction(digits);
  }

  /// A mark and that many digits, of which nine count.
  bool read_fraction(std::size_t digits) noexcept {
    if (value_.size() < digits + 1 || !is_fraction_mark(value_[0])) return false;
    const auto counted = value_.substr(1, std::min<std::size_t>(digits, 9));
    const auto number = small_number(counted);
    if (!number) return false;
    if (*number < 0) {
      out_of_range_ = "fractional second";
      return true;
    }
    nanoseconds_ = *number;
    for (auto size = counted.size(); size < 9; ++size) nanoseconds_ *= 10;
    value_.remove_prefix(digits + 1);
    return true;
  }

  bool read_half_day(std::string_view morning, std::string_view afternoon) noexcept {
    if (!value_.starts_with(morning) && !value_.starts_with(afternoon)) return false;
    (value_.starts_with(morning) ? morning_ : afternoon_) = true;
    value_.remove_prefix(2);
    return true;
  }

  bool read_zone_name() noexcept {
    if (value_.starts_with("UTC")) {
      is_utc_ = true;
      value_.remove_prefix(3);
      return true;
    }
    const auto size = zone_name_size(value_);
    zone_name_ = value_.substr(0, size);
    value_.remove_prefix(size);
    return size > 0;
  }

  bool read_offset(const layout::OffsetForm& form) noexcept {
    if (form.z_for_utc && value_.starts_with('Z')) {
      is_utc_ = true;
      value_.remove_prefix(1);
      return true;
    }
    const std::size_t step = form.colons ? 3 : 2;
    const std::size_t size = !form.minutes ? 3 : form.seconds ? 3 + 2 * step : 3 + step;
    if (value_.size() < size) return false;
    const auto text = value_.substr(0, size);
    value_.remove_prefix(size);
    if (form.colons && (text[3] != ':' || (form.seconds && text[6] != ':'))) return false;
    const auto field = [&](std::size_t at) -> std::optional<int> {
      if (at >= size) return 0;
      const auto digits = text.substr(at, 2);
      return is_digit_at(digits, 0) && is_digit_at(digits, 1) ? small_number(digits) : std::nullopt;
    };
    const auto hours = field(1);
    const auto minutes = field(1 + step);
    const auto seconds = field(1 + 2 * step);
    if (!hours || !minutes || !seconds) return false;
    // Some people write offsets of 24 hours, or 60 minutes.
    if (*hours > 24) out_of_range_ = "time zone offset hour";
    if (*minutes > 60) out_of_range_ = "time zone offset minute";
    if (*seconds > 60) out_of_range_ = "time zone offset second";
    const int offset = (*hours * 60 + *minutes) * 60 + *seconds;
    offset_ = text[0] == '-' ? -offset : offset;
    return text[0] == '-' || text[0] == '+';
  }

  // --- the whole -------------------------------------------------------------------------------
  Result<Time> finish() {
    if (afternoon_ && hour_ < 12) hour_ += 12;
    if (!afternoon_ && morning_ && hour_ == 12) hour_ = 0;
    if (year_day_ >= 0) {
      const auto problem = apply_year_day();
      if (!problem.empty()) return error(problem);
    }
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
    if (day_ < 1 || day_ > days_in_month(year_, month_)) return error(": day out of range");

    const int in_day = hour_ * 3'600 + minute_ * 60 + second_;
    Time time{seconds_at(year_, month_, day_) + in_day, nanoseconds_, utc()};
    if (is_utc_) return time;
    if (offset_) {
      time.seconds -= *offset_;
      const bool local = *offset_ == 0 && (zone_name_.empty() || zone_name_ == "UTC");
      if (!local) time.zone = {std::string(zone_name_), *offset_, false};
    } else if (!zone_name_.empty()) {
      const bool has_hours = zone_name_.size() > 3 && zone_name_.starts_with("GMT");
      const int hours = has_hours ? small_number(zone_name_.substr(3)).value_or(0) : 0;
      time.zone = {std::string(zone_name_), hours * 3'600, false};
    }
    return time;
  }

  /// Sets month and day; what doesn't fit, or nothing.
  std::string_view apply_year_day() noexcept {
    const int in_year = days_in_month(year_, 2) + 337;
    if (year_day_ < 1 || year_day_ > in_year) return ": day-of-year out of range";
    int month = 1;
    int day = year_day_;
    for (; day > days_in_month(year_, month); ++month) day -= days_in_month(year_, month);
    if (month_ >= 0 && month_ != month) return ": day-of-year does not match month";
    if (day_ >= 0 && day_ != day) return ": day-of-year does not match day";
    month_ = month;
    day_ = day;
    return {};
  }

  std::string_view layout_;
  std::string_view text_;
  Quoting quoting_;
  std::string_view value_;  ///< what is still unread
  std::string_view out_of_range_;

  int year_ = 0, month_ = -1, day_ = -1, year_day_ = -1;
  int hour_ = 0, minute_ = 0, second_ = 0;
  std::int32_t nanoseconds_ = 0;
  bool morning_ = false, afternoon_ = false, is_utc_ = false;
  std::optional<int> offset_;
  std::string_view zone_name_;
};

}  // namespace

Result<Time> parse_time(std::string_view layout, std::string_view text, Quoting quoting) {
  return Parser(layout, text, quoting).parse();
}

}  // namespace bulla::tmpl::go
