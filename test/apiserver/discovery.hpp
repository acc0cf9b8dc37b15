// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "catalogue.hpp"
#include "json.hpp"

namespace bulla::test {

/// The documents by which clients find out what is served: /version, /api, /apis,
/// /api/v1, /apis/GROUP[/VERSION], /openapi/v3[/...]. Nothing for any other path. `path` has
/// no query.
///
/// The OpenAPI documents hold no schemas: only the operations, and that those take the
/// `fieldValidation` parameter, which tells kubectl to leave validation to the server.
[[nodiscard]] std::optional<Json> discovery_document(std::string_view path,
                                                     const std::vector<ResourcePtr>& resources);

}  // namespace bulla::test
