// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reading_budget.hpp"
#include "base/secret.hpp"

namespace bulla {

// Where the parts of a YAML document stand in its text. For base/'s own sources.

/// One node of a document. Places are bytes from the start of the text.
struct YamlNode {
  enum class Kind { plain, single_quoted, double_quoted, block, alias, list, map };
  struct Entry;

  Kind kind = Kind::plain;
  bool flow = false;       ///< a list or map in brackets
  bool null = false;       ///< a plain scalar that means nothing: "", ~, null
  bool marked = false;     ///< with an anchor or a tag
  std::size_t begin = 0;   ///< of its anchor or tag, where it has one
  std::size_t end = 0;     ///< behind its last character: no comment, no white space after it
  std::size_t column = 0;  ///< of a map's first key
  std::size_t line = 0;    ///< from 0
  /// Of a map, as they stand there, repeated keys included. Counted in the budget.
  std::vector<Entry, WipingAllocator<Entry>> entries;
};

struct YamlNode::Entry {
  std::optional<std::string> key;  ///< nothing when it is an alias, has a tag or is no scalar
  YamlNode value;
};

/// The root of the one document in `text`; what lists hold is left out. Nothing when the text is
/// not readable, holds another number of documents, or would take more than `budget` has (without
/// one: that of the text). The caller has bounded its depth (read_yaml).
[[nodiscard]] std::optional<YamlNode> map_yaml(std::string_view text);
[[nodiscard]] std::optional<YamlNode> map_yaml(std::string_view text, ReadingBudget& budget);

}  // namespace bulla
