// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace bulla {

/// How a pass over a SealedSecret ended, for its owner to read.
struct Outcome {
  bool synced = false;
  std::string_view reason;   ///< one of outcome_reason
  std::string message = {};  ///< why not; empty when synced. Never plaintext
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
/// moves only when a condition's status flips, lastUpdateTime with every write. Messages are cut at
/// limits::status_message_bytes_max.
[[nodiscard]] std::optional<boost::json::value> next_status(const boost::json::value* old,
                                                            const Outcome& outcome,
                                                            std::int64_t generation, WallTime now);

}  // namespace bulla
