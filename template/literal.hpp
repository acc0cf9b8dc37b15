// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "template/tree.hpp"

namespace bulla::tmpl {

// Go's literals, as they stand in a template's text. Errors: invalid_input with Go's words.

/// strconv.Unquote of "..." or `...`.
[[nodiscard]] Result<std::string> unquote(std::string_view quoted);

/// Sets `number.text` and every type that holds the value. `number.text` is a number, an imaginary
/// one, a character constant, or (`is_pair`) a complex number such as 1+2i.
[[nodiscard]] Result<void> read_number(NumberNode& number, bool is_pair);

// strconv's parsing with base prefixes and underscores: nothing if the text is wrong or the number
// too large.
[[nodiscard]] std::optional<std::uint64_t> parse_go_uint(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_go_int(std::string_view text);
/// Decimal or hexadecimal (then with an exponent); "inf" and "nan" are wrong.
[[nodiscard]] std::optional<double> parse_go_float(std::string_view text);

}  // namespace bulla::tmpl
