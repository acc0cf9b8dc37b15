// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "json.hpp"

namespace bulla::test {

/// JSON merge patch (RFC 7386): null deletes, objects merge, everything else is replaced.
void merge_patch(Json& target, const Json& patch);

/// JSON patch (RFC 6902): add, remove, replace, move, copy, test. On failure returns what was
/// wrong and leaves `target` in an unspecified state.
[[nodiscard]] std::optional<std::string> json_patch(Json& target, const Json& operations);

/// Kubernetes' strategic merge patch, as far as objects without schema need it: merge lists by
/// their well-known keys (containers by name, ownerReferences by uid, ...), `$patch`,
/// `$retainKeys`, `$deleteFromPrimitiveList`; `$setElementOrder` is accepted, the order is not
/// changed.
void strategic_merge_patch(Json& target, const Json& patch);

}  // namespace bulla::test
