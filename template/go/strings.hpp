// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

// Go's package strings. Results are views of the arguments where they can be.
namespace bulla::tmpl::go {

// Case, code point by code point; what is not UTF-8 becomes U+FFFD unless the text is all ASCII.
[[nodiscard]] SecretBuffer upper(std::string_view text);
[[nodiscard]] SecretBuffer lower(std::string_view text);
/// strings.Title: the first letter of each word in title case, where anything but letters, digits,
/// underscores and (strangely) non-ASCII punctuation ends a word.
[[nodiscard]] SecretBuffer title(std::string_view text);

[[nodiscard]] std::string_view trim_space(std::string_view text) noexcept;
/// Without the code points in `cutset` at both ends.
[[nodiscard]] std::string_view trim_any(std::string_view text, std::string_view cutset);
[[nodiscard]] std::string_view trim_prefix(std::string_view text, std::string_view prefix) noexcept;
[[nodiscard]] std::string_view trim_suffix(std::string_view text, std::string_view suffix) noexcept;

/// Where `part` begins, or npos. Takes time in proportion to both, whatever they hold, which
/// std::string_view::find does not.
[[nodiscard]] std::size_t find(std::string_view text, std::string_view part) noexcept;
/// How many times `part` occurs without overlap; of an empty one, code points plus one.
[[nodiscard]] std::size_t count(std::string_view text, std::string_view part) noexcept;
/// Every `old` replaced; an empty one stands before each code point and at the end. The caller
/// bounds the size: text.size() + count(text, old) * (with.size() - old.size()).
[[nodiscard]] SecretBuffer replace_all(std::string_view text, std::string_view old,
                                       std::string_view with);

/// strings.SplitN: at most `limit` pieces, the last one being the rest; all of them if `limit` is
/// negative, and nothing (Go's nil) if it is 0. An empty separator splits after each code point.
[[nodiscard]] std::optional<std::vector<std::string_view>> split_n(std::string_view text,
                                                                   std::string_view separator,
                                                                   std::int64_t limit);

}  // namespace bulla::tmpl::go
