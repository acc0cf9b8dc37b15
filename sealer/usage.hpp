// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "base/error.hpp"
#include "base/flags.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// Nothing that was typed is dropped in silence: refuses what can't be meant, and adds to
/// `options.warnings` a sentence for each flag of the command line that changes nothing. (The
/// environment may say what some runs alone use.)
/// Errors: invalid_input, with the way to say it: words that are no flags; flags that exclude each
/// other; a file flag given twice.
[[nodiscard]] Result<void> check_usage(const FlagSet::Parsed& parsed, Options& options);

/// The error for arguments that begin as kubectl's do ("apply -f x.yaml"), with what to type
/// instead; nothing for others.
[[nodiscard]] std::optional<Error> kubectl_verb(std::span<const char* const> arguments);

}  // namespace bulla::sealer
