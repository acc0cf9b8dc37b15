// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/error.hpp"
#include "controller/options.hpp"

namespace bulla {

// What a SealedSecret may become. Whoever may create SealedSecrets in a namespace may, through the
// controller, create Secrets there; these functions say where that ends. Pure.

/// Whether the Secret has a mark that only a SealedSecret's Secret has: an owner that is one, or
/// an annotation by which one may write to it (managed, patch), or by which one leaves no owner
/// (skip-set-owner-references), of any value: a later merge may have changed it. Such a Secret is
/// never a sealing key.
/// Returns the mark, for a message; empty when there is none.
[[nodiscard]] std::string_view sealed_secret_mark(const boost::json::value& secret) noexcept;

/// Whether the Secret is a sealing key of ours, in use or retired, by its place, label and name.
[[nodiscard]] bool is_sealing_key(const Options& options,
                                  const boost::json::value& secret) noexcept;

/// Looks at a SealedSecret before anything of it is opened: `sealed` as the API server gives it,
/// and the Secret of its name (nullptr: there is none).
///
/// In the controller's own namespace no Secret that is a sealing key, or would be taken for one, is
/// made or changed: not under the legacy name, not with the label (of any value), and not in the V1
/// form, whose labels nobody sees before it is opened. In other namespaces nothing is refused.
/// Errors: invalid_input, with what is refused and why.
[[nodiscard]] Result<void> check_before_opening(const Options& options,
                                                const boost::json::value& sealed,
                                                const boost::json::value* secret);

/// The Secret that came out, as Secret::to_json() makes it: reduces its metadata to name,
/// namespace, labels, annotations and ownerReferences, and refuses a key label in the own namespace
/// and types that --allowed-secret-types does not name.
///
/// What goes: finalizers (with them, whoever may create SealedSecrets could keep a namespace from
/// being deleted), and what the API server sets and would only refuse or ignore (generateName,
/// resourceVersion, uid, managedFields, deletionTimestamp, ...).
/// Errors: invalid_input, with what is refused and why; never with a value.
[[nodiscard]] Result<void> check_opened(const Options& options, boost::json::value& secret);

}  // namespace bulla
