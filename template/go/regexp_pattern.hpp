// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

#include "base/error.hpp"

// Between Go's patterns and RE2's: for regexp.cpp.
namespace bulla::tmpl::go {

/// The pattern in RE2's words. Errors: what RE2 takes and Go refuses.
[[nodiscard]] Result<std::string> translate_pattern(std::string_view pattern);

/// Why RE2 refused, in Go's words: "error parsing regexp: missing closing ]: `[`".
[[nodiscard]] Error pattern_error(const RE2& regexp);

}  // namespace bulla::tmpl::go
