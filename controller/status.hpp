// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "resource/scope.hpp"

namespace bulla {

/// What the status remembers of a pass that ended well, so that the next start of the controller
/// finds out without work that nothing changed meanwhile:
///
///     secret:      {uid, resourceVersion}   the Secret as it was right; missing if it is not ours
///     sealingKeys: [SHA256:...]             the keys that opened the items
///     scope:       strict                   what the annotations asked for: they have no
///     generation
///     additionalMetadata: SHA256:...        what all Secrets got besides; missing for nothing
struct SyncRecord {
  std::string secret_uid = {};
  std::string secret_version = {};
  std::vector<std::string> keys = {};  ///< fingerprints, each once
  Scope scope = Scope::strict;
  std::string additional_metadata = {};  ///< AdditionalMetadata::digest()

  friend bool operator==(const SyncRecord&, const SyncRecord&) = default;
};

/// The record in the status of a SealedSecret; nothing if there is none, or if it says no longer
/// anything about the object as it is: its generation, its scope, or its conditions are others.
[[nodiscard]] std::optional<SyncRecord> record_in(const boost::json::value& sealed);

/// The keys that the status names, at most limits::keys_max: what has the form of a fingerprint.
/// A hint, no more: whoever may write statuses may name any.
[[nodiscard]] std::vector<std::string> keys_in_status(const boost::json::value& sealed);

/// Whether the status says that the Secret is in sync; nothing if it says neither.
[[nodiscard]] std::optional<bool> synced_in_status(const boost::json::value& sealed);

/// The field manager that we write statuses as. It names our namespace, so that of two controllers
/// in one cluster each can tell where the other one is.
[[nodiscard]] std::string status_writer(std::string_view own_namespace);
/// Whoever but `own` wrote the status last, as the API server noted it (a field manager: what the
/// client calls itself, or the first word of its User-Agent); empty if that can't be told.
[[nodiscard]] std::string other_status_writer(const boost::json::value& sealed,
                                              std::string_view own);
/// The same of the rest of an object: whoever wrote it since `own` did.
[[nodiscard]] std::string other_writer(const boost::json::value& object, std::string_view own);

/// How a pass over a SealedSecret ended, for its owner to read.
struct Outcome {
  bool synced = false;
  std::string_view reason;   ///< one of outcome_reason
  std::string message = {};  ///< why not; empty when synced. Never plaintext
  /// Nothing: none is kept, but for the keys while the spec is the same.
  std::optional<SyncRecord> record = std::nullopt;
};

namespace outcome_reason {
inline constexpr std::string_view unsealed = "Unsealed";
inline constexpr std::string_view unseal_failed = "UnsealFailed";
inline constexpr std::string_view update_failed = "UpdateFailed";
inline constexpr std::string_view not_managed = "NotManaged";
inline constexpr std::string_view immutable = "Immutable";
}  // namespace outcome_reason

/// The status that says `outcome` about generation `generation`, or nothing when `old` (the status
/// as read; nullptr: none) says so already.
///
/// Conditions: Synced, first, because the CRD's printer columns read index 0; then Ready, which
/// says the same in the way that tools know; then whatever others were there. lastTransitionTime
/// moves only when a condition's status flips, lastUpdateTime with every write but one that
/// changes the record alone. Messages are cut at limits::status_message_bytes_max.
[[nodiscard]] std::optional<boost::json::value> next_status(const boost::json::value* old,
                                                            const Outcome& outcome,
                                                            std::int64_t generation, WallTime now);

}  // namespace bulla
