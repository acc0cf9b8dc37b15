// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"

namespace bulla::sealer {

/// The SealedSecret of a document. A document that names no kind or apiVersion is taken for one.
/// Errors: invalid_input, after `name` (what to call the document): another kind or version, or
/// fields of the wrong kind.
[[nodiscard]] Result<SealedSecret> sealed_secret_of(const Document& document,
                                                    const std::string& name);

}  // namespace bulla::sealer
