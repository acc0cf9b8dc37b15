// SPDX-License-Identifier: Apache-2.0
#include "template/go/words.hpp"

#include <algorithm>

#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

constexpr std::string_view dots = "...";

char32_t latin1(char c) noexcept { return static_cast<unsigned char>(c); }

/// [first, last) of `text`; the callers see to it that both are in range.
std::string_view slice(std::string_view text, std::int64_t first, std::int64_t last) {
  return text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

SecretBuffer joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  SecretBuffer out;
  for (const auto part : {a, b, c}) out.append(part);
  return out;
}

}  // namespace

SecretBuffer abbreviate(std::string_view text, std::int64_t offset, std::int64_t width) {
  const auto size = static_cast<std::int64_t>(text.size());
  if (text.empty() || width < 4) return {};
  if (size <= width) return SecretBuffer::copy_of(text);
  const auto shown = width - 3;
  offset = std::min(offset, size);
  if (size - offset < shown) offset = size - shown;
  if (offset <= 4) return joined(slice(text, 0, shown), dots);
  if (width < 7) return {};
  if (offset + shown < size) {
    const auto rest = abbreviate(slice(text, offset, size), 0, shown);
    return joined(dots, rest.expose_secret_text());
  }
  return joined(dots, slice(text, size - shown, size));
}

SecretBuffer initials(std::string_view text) {
  SecretBuffer out;
  bool after_gap = true;
  for (const char c : text) {
    const bool gap = is_space(latin1(c));
    if (!gap && after_gap) append_rune(out, latin1(c));
    after_gap = gap;
  }
  return out;
}

SecretBuffer delete_white_space(std::string_view text) {
  const auto space = [](char c) { return is_space(latin1(c)); };
  if (std::none_of(text.begin(), text.end(), space)) return SecretBuffer::copy_of(text);
  SecretBuffer out;
  for (const char c : text) {
    if (!space(c)) append_rune(out, latin1(c));
  }
  return out;
}

SecretBuffer uncapitalize(std::string_view text) {
  SecretBuffer out;
  bool first = true;
  while (!text.empty()) {
    const auto rune = take_rune(text);
    const bool space = is_space(rune);
    append_rune(out, !space && first ? to_lower(rune) : rune);
    first = space;
  }
  return out;
}

SecretBuffer swap_case(std::string_view text) {
  SecretBuffer out;
  bool first = true;  // of a word
  while (!text.empty()) {
    const auto rune = take_rune(text);
    if (is_upper(rune) || is_title(rune)) {
      append_rune(out, to_lower(rune));
      first = false;
    } else if (is_lower(rune)) {
      append_rune(out, first ? to_title(rune) : to_upper(rune));
      first = false;
    } else {
      append_rune(out, rune);
      first = is_space(rune);
    }
  }
  return out;
}

SecretBuffer wrap(std::string_view text, const Wrapping& wrapping) {
  SecretBuffer out;
  const auto line_break = wrapping.line_break.empty() ? "\n" : wrapping.line_break;
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(wrapping.width, 1));
  const auto break_after = [&](std::size_t bytes, std::size_t skipped) {
    out.append(text.substr(0, bytes));
    out.append(line_break);
    text.remove_prefix(bytes + skipped);
  };
  while (text.size() > width) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const auto last_space = text.substr(0, width + 1).rfind(' ');
    if (last_space != std::string_view::npos) {
      break_after(last_space, 1);
    } else if (wrapping.breaks_long_words) {
      break_after(width, 0);
    } else if (const auto next = text.find(' ', width); next != std::string_view::npos) {
      break_after(next, 1);
    } else {
      break;
    }
  }
  out.append(text);
  return out;
}

}  // namespace bulla::tmpl::go
