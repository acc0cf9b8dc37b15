// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "template/tree.hpp"

namespace bulla::tmpl {

/// Parses `text`. Functions and variables must exist, as at run time.
/// Errors: invalid_input, "template: NAME:LINE: WHAT", in Go's words; may quote the text. Also
/// where blocks or parentheses are nested too deeply.
[[nodiscard]] Result<Tree> parse_tree(std::string_view name, std::string_view text);

}  // namespace bulla::tmpl
