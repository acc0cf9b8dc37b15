// SPDX-License-Identifier: Apache-2.0
#include "template/go/time_layout.hpp"

#include <algorithm>
#include <array>

namespace bulla::tmpl::go::layout {
namespace {

struct Known {
  std::string_view text;
  Element kind;
  OffsetForm offset = {};
};

// Go's order: where one text begins another, the longer one comes first (or the check below keeps
// "Month" from being "Mon" and "th").
constexpr std::array<Known, 33> known = {{
    {"January", Element::long_month},
    {"Jan", Element::month},
    {"Monday", Element::long_weekday},
    {"Mon", Element::weekday},
    {"MST", Element::zone_name},
    {"01", Element::zero_month},
    {"02", Element::zero_day},
    {"03", Element::zero_hour12},
    {"04", Element::zero_minute},
    {"05", Element::zero_second},
    {"06", Element::year},
    {"002", Element::zero_year_day},
    {"15", Element::hour},
    {"1", Element::number_month},
    {"2006", Element::long_year},
    {"2", Element::day},
    {"_2", Element::under_day},
    {"__2", Element::under_year_day},
    {"3", Element::hour12},
    {"4", Element::minute},
    {"5", Element::second},
    {"PM", Element::upper_pm},
    {"pm", Element::lower_pm},
    {"-070000", Element::zone_offset, {false, false, true, true}},
    {"-07:00:00", Element::zone_offset, {false, true, true, true}},
    {"-0700", Element::zone_offset, {false, false, true, false}},
    {"-07:00", Element::zone_offset, {false, true, true, false}},
    {"-07", Element::zone_offset, {false, false, false, false}},
    {"Z070000", Element::zone_offset, {true, false, true, true}},
    {"Z07:00:00", Element::zone_offset, {true, true, true, true}},
    {"Z0700", Element::zone_offset, {true, false, true, false}},
    {"Z07:00", Element::zone_offset, {true, true, true, false}},
    {"Z07", Element::zone_offset, {true, false, false, false}},
}};

bool is_small_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

Chunk chunk_at(std::string_view layout, std::size_t at, std::size_t size, Element kind) noexcept {
  return {layout.substr(0, at), layout.substr(at, size), layout.substr(at + size), kind};
}

/// A separator and zeros or nines, which no other digit follows.
bool fraction_at(std::string_view layout, std::size_t at, Chunk& chunk) noexcept {
  const auto digits = layout.substr(at + 1);
  if (digits.empty() || (digits[0] != '0' && digits[0] != '9')) return false;
  const auto size = std::min(digits.find_first_not_of(digits[0]), digits.size());
  if (size < digits.size() && is_digit(digits[size])) return false;
  chunk = chunk_at(layout, at, size + 1,
                   digits[0] == '0' ? Element::fraction_zeros : Element::fraction_nines);
  chunk.digits = size;
  chunk.separator = layout[at];
  return true;
}

bool known_at(std::string_view layout, std::size_t at, Chunk& chunk) noexcept {
  const auto here = layout.substr(at);
  // A literal underscore before the year, not a padded day.
  if (here.starts_with("_2006")) {
    chunk = chunk_at(layout, at + 1, 4, Element::long_year);
    return true;
  }
  for (const auto& form : known) {
    if (!here.starts_with(form.text)) continue;
    const bool abbreviation = form.kind == Element::month || form.kind == Element::weekday;
    if (abbreviation && here.size() > 3 && is_small_letter(here[3])) continue;
    chunk = chunk_at(layout, at, form.text.size(), form.kind);
    chunk.offset = form.offset;
    return true;
  }
  return false;
}

}  // namespace

Chunk next_chunk(std::string_view layout) noexcept {
  Chunk chunk;
  for (std::size_t at = 0; at < layout.size(); ++at) {
    const bool separator = layout[at] == '.' || layout[at] == ',';
    if (separator ? fraction_at(layout, at, chunk) : known_at(layout, at, chunk)) return chunk;
  }
  chunk.prefix = layout;
  return chunk;
}

}  // namespace bulla::tmpl::go::layout
