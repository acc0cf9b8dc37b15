// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/secret.hpp"
#include "template/runes.hpp"

// More of Go's packages unicode and unicode/utf8, on utf8proc's tables.
namespace bulla::tmpl::go {

/// What Go decodes where there is no well-formed UTF-8.
constexpr char32_t replacement_rune = 0xFFFD;

/// The first code point of `text` (not empty), which is removed from it: U+FFFD for one byte that
/// is not part of well-formed UTF-8.
char32_t take_rune(std::string_view& text) noexcept;
/// The same from the end.
char32_t take_last_rune(std::string_view& text) noexcept;
/// How many bytes the first code point takes (1 where it isn't well-formed, 0 of an empty text).
[[nodiscard]] std::size_t rune_size(std::string_view text) noexcept;
/// Appends as UTF-8; U+FFFD for what is no Unicode scalar value.
void append_rune(SecretBuffer& out, char32_t rune);
/// Appends one byte.
inline void append_char(SecretBuffer& out, char c) { out.append(std::string_view(&c, 1)); }

[[nodiscard]] bool is_upper(char32_t rune) noexcept;
[[nodiscard]] bool is_lower(char32_t rune) noexcept;
[[nodiscard]] bool is_title(char32_t rune) noexcept;
[[nodiscard]] bool is_space(char32_t rune) noexcept;
[[nodiscard]] bool is_number(char32_t rune) noexcept;  ///< digits, fractions, Roman numerals
[[nodiscard]] bool is_punctuation(char32_t rune) noexcept;

// Simple case mappings, one code point to one.
[[nodiscard]] char32_t to_upper(char32_t rune) noexcept;
[[nodiscard]] char32_t to_lower(char32_t rune) noexcept;
[[nodiscard]] char32_t to_title(char32_t rune) noexcept;

}  // namespace bulla::tmpl::go
