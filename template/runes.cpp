// SPDX-License-Identifier: Apache-2.0
#include "template/runes.hpp"

#include <utf8proc.h>

#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "template/format.hpp"

namespace bulla::tmpl {
namespace {

utf8proc_category_t category(char32_t rune) noexcept {
  if (rune > 0x10FFFF) return UTF8PROC_CATEGORY_CN;
  return utf8proc_category(static_cast<utf8proc_int32_t>(rune));
}

}  // namespace

Rune next_rune(std::string_view text) noexcept {
  std::size_t size = 1;
  const auto code_point = decode_utf8(text, size);
  if (!code_point) return {0xFFFD, 1, false};
  return {*code_point, size, true};
}

bool is_letter(char32_t rune) noexcept {
  const auto found = category(rune);
  return found >= UTF8PROC_CATEGORY_LU && found <= UTF8PROC_CATEGORY_LO;
}

bool is_digit(char32_t rune) noexcept { return category(rune) == UTF8PROC_CATEGORY_ND; }

bool is_printable(char32_t rune) noexcept {
  if (rune == ' ') return true;
  const auto found = category(rune);
  return found >= UTF8PROC_CATEGORY_LU && found <= UTF8PROC_CATEGORY_SO;
}

std::string rune_to_utf8(char32_t rune) {
  std::string out;
  const bool scalar = rune <= 0x10FFFF && (rune < 0xD800 || rune > 0xDFFF);
  append_utf8(out, scalar ? rune : 0xFFFD);
  return out;
}

std::string go_quoted(std::string_view text) {
  SecretBuffer out;
  append_go_quoted(out, text);
  return std::string(out.expose_secret_text());
}

std::string go_unicode(char32_t rune) {
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(rune));
  std::string out = code.data();
  if (is_printable(rune)) out += " '" + rune_to_utf8(rune) + "'";
  return out;
}

}  // namespace bulla::tmpl
