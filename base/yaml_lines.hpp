// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/reading_budget.hpp"

namespace bulla {

// Where texts and their documents begin and end.

/// U+FEFF in UTF-8, which Windows programs put in front of a text.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// `text` without a byte order mark in front.
[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept {
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

/// Whether `line` begins a YAML document: `---`, followed by white space or nothing. Whatever
/// stands around it: neither a block scalar nor a quoted one can hold it (YAML 1.1, section 9.1).
[[nodiscard]] bool is_yaml_separator(std::string_view line) noexcept;

/// read_yaml() for a whole text whose last line ends as it stands there. kubectl reads manifests a
/// line at a time and ends each, so that a block scalar there keeps its line break; kubeconfigs and
/// what plug-ins print it reads as they are. Without a budget, it is that of the text. Errors: as
/// read_yaml().
[[nodiscard]] Result<std::vector<boost::json::value>> read_yaml_as_it_is(std::string_view text);
[[nodiscard]] Result<std::vector<boost::json::value>> read_yaml_as_it_is(std::string_view text,
                                                                         ReadingBudget& budget);

}  // namespace bulla
