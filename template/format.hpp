// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

// Go's package fmt, and strconv's numbers, for the values of templates. Errors: a bound was
// reached, or a dict contains itself.

/// fmt.Sprintf(format, arguments...).
[[nodiscard]] Result<SecretBuffer> go_sprintf(const Context& context, std::string_view format,
                                              std::span<const Value> arguments);
/// fmt.Sprint(arguments...): a space between operands when neither is a string.
[[nodiscard]] Result<SecretBuffer> go_sprint(const Context& context,
                                             std::span<const Value> arguments);
/// fmt.Sprintf("%v", value).
[[nodiscard]] Result<SecretBuffer> go_to_string(const Context& context, const Value& value);

/// strconv.FormatFloat(value, format, precision, 64): format is one of e, E, f, g, G; precision -1
/// is the shortest that reads back the same.
[[nodiscard]] std::string format_float(double value, char format, int precision);
/// strconv.Quote (ascii_only: QuoteToASCII). Appends.
void append_go_quoted(SecretBuffer& out, std::string_view text, bool ascii_only = false);

/// What `if` takes for true: not false, 0, "", an empty or nil container, or nil.
[[nodiscard]] bool is_true(const Value& value);

/// One UTF-8 code point from the front, as Go's range over a string does: U+FFFD of size 1 where
/// there is none. `text` isn't empty.
struct Rune {
  char32_t code_point;
  std::size_t size;
  bool valid;
};
[[nodiscard]] Rune next_rune(std::string_view text) noexcept;

}  // namespace bulla::tmpl
