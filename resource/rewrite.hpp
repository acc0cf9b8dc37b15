// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"

namespace bulla {

/// How a document that changes is written.
enum class Layout {
  kept,  ///< YAML: only what changed, see patch_yaml(); JSON: printed anew, as the reference does
  json,  ///< printed anew in JSON
  yaml,  ///< printed anew in YAML
};

/// One document of a text, and what it becomes.
struct Rewrite {
  std::size_t document = 0;  ///< its place in the list of documents
  const SealedSecret* before = nullptr;
  const SealedSecret* after = nullptr;
};

/// `text`, whose documents are `documents` (read_documents), with those of `changes` (in their
/// order in the text) rewritten. Every byte of the other documents, and of what stands between
/// them, stays. The only document of a text is printed anew as the whole text.
///
/// The result has been read again: the changed documents are what they should become, and the
/// others what they were. It is as secret as the text.
/// Errors: invalid_input, "line 7: ..." : a document can't be rewritten so; see patch_yaml().
[[nodiscard]] Result<SecretBuffer> rewrite_documents(std::string_view text,
                                                     std::span<const Document> documents,
                                                     std::span<const Rewrite> changes,
                                                     Layout layout);

}  // namespace bulla
