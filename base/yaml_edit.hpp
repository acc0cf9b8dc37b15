// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace bulla {

/// `text`, one YAML document with a map at its root, with `patch` merged into it as text.
///
/// The patch holds maps and texts only: maps are merged into the document's, texts replace what is
/// there or are added. Every byte that is not part of a replaced value stays: comments, key order,
/// quoting, indentation, line endings, a missing line feed at the end. A replaced value keeps its
/// style (plain, quoted, block) where its new text can be written so. What is new stands behind the
/// last entry of its map, in the map's own indentation or brackets, on one line each. Where a map
/// has a key twice, the last one, which counts, is changed.
///
/// Nothing is taken on trust: the result is read again, and must be the old value with the patch
/// merged in. Not for plaintext: the copies made here are not wiped.
///
/// `first_line` is the number of the text's first line, for messages.
/// Errors: invalid_input: the text is not such a document, or it can't be edited so (a map to add
/// to is an alias, a changed value is used through an anchor elsewhere, a new key is longer than
/// YAML reads, ...): "line 7: can't be edited in place: WHY".
[[nodiscard]] Result<std::string> patch_yaml(std::string_view text,
                                             const boost::json::object& patch,
                                             std::size_t first_line = 1);

/// What patch_yaml makes of a value: RFC 7396 (JSON merge patch) without its deletions.
void merge_patch(boost::json::value& value, const boost::json::object& patch);

}  // namespace bulla
