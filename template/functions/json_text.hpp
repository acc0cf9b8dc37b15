// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"
#include "template/value.hpp"

// Go's encoding/json for the values of templates.
namespace bulla::tmpl {

/// How a value is written.
struct JsonStyle {
  bool escapes_html = true;  ///< <, > and & as \u003c and so on
  bool indents = false;      ///< one item a line, two spaces a level
};

struct JsonWritten {
  SecretBuffer text;
  std::string unsupported;  ///< why the value has no JSON form, in Go's words; else empty
};
/// Errors: a bound was reached.
[[nodiscard]] Result<JsonWritten> to_json(const Context& context, const Value& value,
                                          const JsonStyle& style);

struct JsonRead {
  Value value;        ///< nil where the text is no JSON
  std::string wrong;  ///< what is wrong, in Go's words, which may quote the text; else empty
};
/// Objects are new dicts, numbers floats (nil, and `wrong`, where one is too large).
/// Errors: a bound was reached.
[[nodiscard]] Result<JsonRead> from_json(Context& context, std::string_view text);

/// A string in quotes. Appends. Bytes that are not UTF-8 become \ufffd.
void append_json_string(SecretBuffer& out, std::string_view text, bool escapes_html);

}  // namespace bulla::tmpl
