// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/secret.hpp"
#include "template/function.hpp"

namespace bulla::tmpl {

// Parts of Go's own functions (builtins.cpp has their table).

// compare.cpp: basic types only, and only like with like.
Result<Value> equal(Context& context, Arguments arguments);
Result<Value> not_equal(Context& context, Arguments arguments);
Result<Value> less(Context& context, Arguments arguments);
Result<Value> less_or_equal(Context& context, Arguments arguments);
Result<Value> greater(Context& context, Arguments arguments);
Result<Value> greater_or_equal(Context& context, Arguments arguments);

// escape.cpp: each appends `text`, escaped.
void append_html_escaped(SecretBuffer& out, std::string_view text);
void append_js_escaped(SecretBuffer& out, std::string_view text);
void append_query_escaped(SecretBuffer& out, std::string_view text);

}  // namespace bulla::tmpl
