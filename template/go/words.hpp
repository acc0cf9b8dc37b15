// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/secret.hpp"

// What sprig takes from the Go libraries goutils and xstrings, with their peculiarities: several of
// these work on bytes and so cut, or take apart, characters that aren't ASCII.
namespace bulla::tmpl::go {

/// At most `width` bytes, the last three being dots where something was left out. `offset` is a
/// byte that should stay visible: then dots may stand in front too. Empty where that can't be done
/// (a width below 4, or below 7 with dots in front).
[[nodiscard]] SecretBuffer abbreviate(std::string_view text, std::int64_t offset,
                                      std::int64_t width);
/// The first byte of each word, as if the text were Latin-1.
[[nodiscard]] SecretBuffer initials(std::string_view text);
/// Without white space; each byte taken as Latin-1, if there was any.
[[nodiscard]] SecretBuffer delete_white_space(std::string_view text);
/// The first letter of each word in lower case.
[[nodiscard]] SecretBuffer uncapitalize(std::string_view text);
/// Upper and title case to lower, lower to upper, and to title case at the start of a word.
[[nodiscard]] SecretBuffer swap_case(std::string_view text);

struct Wrapping {
  std::int64_t width;           ///< in bytes; below 1 is 1
  std::string_view line_break;  ///< "" is "\n"
  bool breaks_long_words = false;
};
/// Breaks lines at spaces. The caller bounds the size: a line break comes at most once in
/// max(width, 1) bytes, or once a space.
[[nodiscard]] SecretBuffer wrap(std::string_view text, const Wrapping& wrapping);

/// "http_server" to "HttpServer"; leading and doubled separators stay.
[[nodiscard]] SecretBuffer pascal_case(std::string_view text);
/// "HTTPServer20" to "http_server20", with `connector` between the words.
[[nodiscard]] SecretBuffer separated_words(std::string_view text, char connector);

}  // namespace bulla::tmpl::go
