// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api_error.hpp"
#include "catalogue.hpp"
#include "json.hpp"

namespace bulla::test {

/// What decoding and defaulting do to an object that a client sent: metadata is cut down to
/// the known fields, a Secret's stringData is folded into data and its type defaulted, Events
/// get their empty fields. Answers 400 to what cannot be decoded.
[[nodiscard]] std::optional<ApiError> normalise(Json& object, const Resource& resource);

/// What a real API server answers 422 for; empty when the object is fine. `old` is null on
/// creation.
[[nodiscard]] std::vector<FieldError> validate(const Json& object, const Json* old,
                                               const Resource& resource);

}  // namespace bulla::test
