// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bulla::tmpl {

/// One UTF-8 code point from the front of a text, as Go's range over a string gives it.
struct Rune {
  char32_t code_point;  ///< U+FFFD where the bytes are not UTF-8
  std::size_t size;     ///< bytes: 1 where they are not UTF-8
  bool valid;
};
/// `text` must not be empty.
[[nodiscard]] Rune next_rune(std::string_view text) noexcept;

// The classes of Go's package unicode.
[[nodiscard]] bool is_letter(char32_t rune) noexcept;
[[nodiscard]] bool is_digit(char32_t rune) noexcept;
/// Letters, marks, numbers, punctuation, symbols, and the ASCII space.
[[nodiscard]] bool is_printable(char32_t rune) noexcept;

/// What Go's string(rune) gives: U+FFFD for what is no Unicode scalar value.
[[nodiscard]] std::string rune_to_utf8(char32_t rune);

/// strconv.Quote: for what stands in the template's own text.
[[nodiscard]] std::string go_quoted(std::string_view text);
/// Go's %#U of a rune: "U+003B ';'", or "U+0001" for what can't be printed.
[[nodiscard]] std::string go_unicode(char32_t rune);

}  // namespace bulla::tmpl
