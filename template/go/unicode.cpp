// SPDX-License-Identifier: Apache-2.0
#include "template/go/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace bulla::tmpl::go {
namespace {

utf8proc_category_t category(char32_t rune) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(rune));
}

/// The simple mapping of U+00DF is to itself; utf8proc prefers the capital sharp s.
constexpr char32_t sharp_s = 0xDF;

}  // namespace

char32_t take_rune(std::string_view& text) noexcept {
  const auto rune = next_rune(text);
  text.remove_prefix(rune.size);
  return rune.code_point;
}

char32_t take_last_rune(std::string_view& text) noexcept {
  for (std::size_t size = std::min<std::size_t>(4, text.size()); size > 1; --size) {
    const auto rune = next_rune(text.substr(text.size() - size));
    if (!rune.valid || rune.size != size) continue;
    text.remove_suffix(size);
    return rune.code_point;
  }
  const auto last = static_cast<unsigned char>(text.back());
  text.remove_suffix(1);
  return last < 0x80 ? last : replacement_rune;
}

std::size_t rune_size(std::string_view text) noexcept {
  return text.empty() ? 0 : next_rune(text).size;
}

void append_rune(SecretBuffer& out, char32_t rune) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((rune >> shift) & 0x3F)); };
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = replacement_rune;
  if (rune < 0x80) {
    append_char(out, static_cast<char>(rune));
  } else if (rune < 0x800) {
    const char bytes[] = {static_cast<char>(0xC0 | (rune >> 6)), tail(0)};
    out.append({bytes, sizeof bytes});
  } else if (rune < 0x10000) {
    const char bytes[] = {static_cast<char>(0xE0 | (rune >> 12)), tail(6), tail(0)};
    out.append({bytes, sizeof bytes});
  } else {
    const char bytes[] = {static_cast<char>(0xF0 | (rune >> 18)), tail(12), tail(6), tail(0)};
    out.append({bytes, sizeof bytes});
  }
}

bool is_upper(char32_t rune) noexcept { return category(rune) == UTF8PROC_CATEGORY_LU; }
bool is_lower(char32_t rune) noexcept { return category(rune) == UTF8PROC_CATEGORY_LL; }
bool is_title(char32_t rune) noexcept { return category(rune) == UTF8PROC_CATEGORY_LT; }
bool is_number(char32_t rune) noexcept {
  const auto c = category(rune);
  return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}
bool is_punctuation(char32_t rune) noexcept {
  const auto c = category(rune);
  return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

bool is_space(char32_t rune) noexcept {
  // Unicode's property White_Space.
  return (rune >= 0x09 && rune <= 0x0D) || rune == 0x20 || rune == 0x85 || rune == 0xA0 ||
         rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

char32_t to_upper(char32_t rune) noexcept {
  if (rune == sharp_s) return rune;
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(rune)));
}
char32_t to_lower(char32_t rune) noexcept {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(rune)));
}
char32_t to_title(char32_t rune) noexcept {
  if (rune == sharp_s) return rune;
  return static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(rune)));
}

}  // namespace bulla::tmpl::go
