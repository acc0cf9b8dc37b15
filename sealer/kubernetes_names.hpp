// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resource/objects.hpp"

namespace bulla::sealer {

// Names that seal, but that the API server refuses later, where nobody looks: in a warning each.

/// Of a place: an RFC 1123 label of at most 63 characters for a namespace, a subdomain of at most
/// 253 for a name. What is empty is not looked at.
[[nodiscard]] std::vector<std::string> refused_names(std::string_view namespace_,
                                                     std::string_view name);

/// Of a Secret: its place, and its items (letters, digits, '-', '_' and '.', at most 253 of them,
/// neither "." nor a beginning of ".."). `where` is the document's name, for the warnings.
[[nodiscard]] std::vector<std::string> refused_names(const Secret& secret, std::string_view where);

}  // namespace bulla::sealer
