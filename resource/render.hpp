// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/secret.hpp"
#include "resource/open_items.hpp"
#include "template/template.hpp"

namespace bulla {

/// Runs the programs of spec.template.data over `items`, and over each other's texts, as they are;
/// then puts in the results of those that no item had the name of: what is sealed wins.
/// All share one budget.
/// Programs that don't parse are noted always; the others run only if `failures` was empty, for
/// what they would say of an item that is missing would mislead.
/// Returns whether they reached a bound of `options`.
[[nodiscard]] bool render(const std::map<std::string, std::string>& programs,
                          std::map<std::string, SecretBuffer>& items,
                          const tmpl::RunOptions& options, ItemFailures& failures);

}  // namespace bulla
