// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

// How a layout ("2006-01-02 15:04") falls into elements: for time_format.cpp and time_parse.cpp.
namespace bulla::tmpl::go::layout {

enum class Element : std::uint8_t {
  end,  ///< no element follows
  long_month,
  month,
  number_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  under_day,
  zero_day,
  under_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_pm,
  lower_pm,
  zone_name,
  zone_offset,
  fraction_zeros,
  fraction_nines,
};

/// How an offset is written.
struct OffsetForm {
  bool z_for_utc = false;
  bool colons = false;
  bool minutes = true;
  bool seconds = false;
};

struct Chunk {
  std::string_view prefix;   ///< literal text before the element
  std::string_view element;  ///< its text in the layout
  std::string_view rest;     ///< what follows it
  Element kind = Element::end;
  OffsetForm offset = {};
  std::size_t digits = 0;  ///< of a fraction
  char separator = '.';    ///< of a fraction
};

/// The first element of `layout`.
[[nodiscard]] Chunk next_chunk(std::string_view layout) noexcept;

}  // namespace bulla::tmpl::go::layout
