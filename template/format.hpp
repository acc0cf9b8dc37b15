// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"
#include "template/runes.hpp"
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
/// fmt.Sprintln(arguments...): spaces between all, and a newline.
[[nodiscard]] Result<SecretBuffer> go_sprintln(const Context& context,
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

}  // namespace bulla::tmpl
