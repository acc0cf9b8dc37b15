// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// Which document of the input an error is about: "standard input, line 7".
[[nodiscard]] std::string document_name(const Options& options, const Document& document);

/// The Secret of a document of the input `text`, if there is something in it to seal.
/// Errors: invalid_input, after the line of the value at fault; another kind of object without
/// items; no items without --allow-empty-data.
[[nodiscard]] Result<Secret> secret_to_seal(const Options& options, std::string_view text,
                                            const Document& document);

/// What to say of a Secret that seals, but that the API server will refuse for its size; "" of
/// others. `where` is the document's name.
[[nodiscard]] std::string size_warning(const Secret& secret, const std::string& where);

/// Gives `secret` the name and namespace it is sealed under: --name over its own name; its own
/// namespace, else that of --namespace or the context. A cluster-wide Secret needs no namespace.
/// Errors: invalid_input: no name, no namespace, or another one than --namespace says.
[[nodiscard]] Result<void> settle_identity(const Options& options, Secret& secret);

/// The scope to seal under, nothing meaning "what the annotations say": --scope strict equals no
/// flag.
[[nodiscard]] std::optional<Scope> scope_flag(const Options& options) noexcept;

}  // namespace bulla::sealer
