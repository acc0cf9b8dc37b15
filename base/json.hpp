// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace bulla {

/// Lists and maps that stand deeper than limits::depth_max are an error, or become null.
enum class Deeper { refused, dropped };

struct JsonRules {
  Deeper deeper = Deeper::refused;
  std::size_t counts_as_bytes = 0;  ///< the budget is that of a text of this size, or more
};

/// The one value of JSON text, strict, on wiping_memory(); the parser's own memory is wiped too.
/// Bounds: limits::depth_max; the parser and what it makes are within one ReadingBudget.
/// Errors: invalid_input, "malformed JSON: ..." or the bound; never with a value.
[[nodiscard]] Result<boost::json::value> read_json(std::string_view text,
                                                   const JsonRules& rules = {});

}  // namespace bulla
