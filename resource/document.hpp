// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"
#include "base/yaml.hpp"
#include "resource/objects.hpp"

namespace bulla {

/// One document of an input: a JSON value on wiping_memory(), for it may hold plaintext.
struct Document {
  boost::json::value value;
  std::size_t line = 1;                        ///< where it starts in the input, from 1
  Scalars scalars = Scalars::keep_their_kind;  ///< whether it was YAML
  /// Its bytes in the input: a JSON value alone; YAML with the `---`, the comments and the
  /// directives that belong to it.
  std::size_t offset = 0;
  std::size_t size = 0;
  bool follows_value = false;  ///< a JSON value right behind another, with no `---` between them
};

/// What a reader of documents takes. The default is for files that people hand to kubeseal.
struct DocumentRules {
  std::size_t documents_max = limits::documents_max;
  Aliases aliases = Aliases::expanded;
  /// What reading may hold at a time, if less than a ReadingBudget of the text's size.
  std::size_t reading_bytes_max = std::numeric_limits<std::size_t>::max();
};

/// All documents of a text: YAML documents separated by `---`, JSON values one after another, or
/// both mixed, as Kubernetes' decoder takes them. Empty documents (white space, comments, `null`)
/// are left out. YAML scalars become JSON as Kubernetes does it (YAML 1.1: `yes` is true, 0777 is
/// 511); see objects.hpp for how they become text again where text is wanted.
///
/// Bounds: the rules' documents_max; limits::depth_max and yaml_nodes_max a document; what is held
/// of all documents together, aliases expanded, is within one ReadingBudget. Errors: invalid_input,
/// with the line and what is wrong there, never with a value.
[[nodiscard]] Result<std::vector<Document>> read_documents(std::string_view text,
                                                           const DocumentRules& rules = {});

/// A document as Go prints it: JSON indented by two spaces with <, >, & and U+2028/9 escaped, and
/// one line feed at the end; or YAML with keys sorted, starting with `---`.
/// Member order in JSON is the value's own. The text is as secret as the value.
[[nodiscard]] SecretBuffer print_json(const boost::json::value& value);
[[nodiscard]] SecretBuffer print_yaml(const boost::json::value& value);

}  // namespace bulla
