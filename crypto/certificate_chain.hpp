// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace bulla {

/// The certificates of PEM text, of whatever kind of key, each printed anew: of what stands before,
/// between and after them, which may be anything, there is nothing in it.
/// Errors: not_found: there is none; invalid_input: more text than limits::certificate_bytes_max.
[[nodiscard]] Result<std::string> certificates_alone(std::string_view pem);

}  // namespace bulla
