// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/secret.hpp"
#include "template/context.hpp"

namespace bulla::tmpl {

/// From the run's source of randomness: fit for keys, unless a test brings its own.
[[nodiscard]] SecretBuffer random_bytes(Context& context, std::size_t count);

}  // namespace bulla::tmpl
