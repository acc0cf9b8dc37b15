// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "api_error.hpp"
#include "json.hpp"

namespace bulla::test {

/// Structural pruning: removes what the schema does not name (x-kubernetes-preserve-unknown-
/// fields and additionalProperties honoured) and returns the paths of what was removed, such as
/// `spec.colour`. apiVersion, kind and metadata at the top are left alone.
std::vector<std::string> prune(Json& object, const Json& schema);

/// Removes nulls where the schema names the member and does not say `nullable`, as a real API
/// server does for custom resources (apiextensions, PruneNonNullableNullsWithoutDefaults). Nulls in
/// lists, and where the schema says nothing, stay.
void prune_nulls(Json& object, const Json& schema);

/// Adds the members that are missing, and for which the schema has a `default`.
void add_defaults(JsonObject& object, const Json& schema);

/// Checks types, required fields, enumerations, and numeric bounds of a structural schema.
[[nodiscard]] std::vector<FieldError> check_schema(const Json& object, const Json& schema);

}  // namespace bulla::test
