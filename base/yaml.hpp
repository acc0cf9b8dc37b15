// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/reading_budget.hpp"
#include "base/secret.hpp"

namespace bulla {

// YAML by libyaml, the C library that Go's yaml package was ported from: what Kubernetes' tools
// accept, how they break lines and how they word a syntax error come from there.

/// Whether anchors and aliases are read. What comes over the network has no use for them.
enum class Aliases { expanded, refused };

/// The documents of YAML text, each as the JSON value that Kubernetes makes of it (YAML 1.1 as
/// sigs.k8s.io/yaml resolves it): `yes` is true, 0777 is 511, 0x1F is 31, a date stays text, keys
/// become text, `<<` merges, aliases are copied. A later key of the same name wins. Values are
/// built on wiping_memory(). Documents without content give null.
///
/// `first_line` is the number of the text's first line, for error messages. `budget` is that of the
/// whole input, of which the text may be a part; without one, the text is the whole.
/// Bounds: limits::depth_max; limits::yaml_nodes_max a document, aliases expanded; the budget.
/// What is returned stays within it too.
/// Errors: invalid_input, "line N: what is wrong", never with a value.
[[nodiscard]] Result<std::vector<boost::json::value>> read_yaml(std::string_view text,
                                                                std::size_t first_line = 1);
[[nodiscard]] Result<std::vector<boost::json::value>> read_yaml(std::string_view text,
                                                                std::size_t first_line,
                                                                ReadingBudget& budget,
                                                                Aliases aliases);

/// Appends `value` as one YAML document in the layout of sigs.k8s.io/yaml: two spaces, keys in
/// its natural order ("a2" before "a10"), lines folded at 80 columns. No `---` in front.
void append_yaml(SecretBuffer& out, const boost::json::value& value);

/// The YAML 1.1 scalar `text`, unquoted and untagged, as JSON: null, bool, number or string.
[[nodiscard]] boost::json::value resolve_yaml_scalar(std::string_view text);

}  // namespace bulla
