// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulla {

/// Appends `text` with Go's %q escapes for quotes, backslashes, control characters (those that
/// turn the direction of writing or end a line in Unicode, too) and bytes that are not UTF-8; other
/// text stays as it is.
void append_escaped(std::string& out, std::string_view text);

enum class LineEnds { escaped, kept };
/// `text` for a terminal, or for a status or Event that ends on one: nothing in it can move the
/// cursor, colour, clear or reorder what stands around it. The escapes are those of
/// append_escaped(), but quotes and backslashes stay. `kept`: for a message of ours that has
/// several lines; what strangers put into it must have passed `escaped` before.
[[nodiscard]] std::string printable(std::string_view text, LineEnds line_ends = LineEnds::escaped);

/// The front of `text`, at most `bytes_max` bytes, cut between two code points.
[[nodiscard]] std::string_view cut_to(std::string_view text, std::size_t bytes_max) noexcept;

/// One code point from the front of `text`, or nothing if it does not start with well-formed UTF-8
/// (RFC 3629: no overlong forms, no surrogates). `size` receives the bytes used, at least 1.
[[nodiscard]] std::optional<char32_t> decode_utf8(std::string_view text,
                                                  std::size_t& size) noexcept;

/// Appends `code_point` (a Unicode scalar value) as UTF-8.
void append_utf8(std::string& out, char32_t code_point);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The pieces between separators; an empty text has one empty piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Without the ASCII white space at both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// ASCII letters in lower case; other bytes as they are.
[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace bulla
