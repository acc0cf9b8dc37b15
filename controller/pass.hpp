// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a pass of the Reconciler is about. For its own sources.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/reconciler.hpp"

namespace bulla {

struct Reconciler::Seen {
  kube::ObjectKey key;
  boost::json::value sealed;
  std::optional<boost::json::value> secret;
  kube::Priority priority;
  Attempts::Attempt attempt;

  [[nodiscard]] bool thoroughly() const noexcept { return priority == kube::Priority::thorough; }
};

struct Reconciler::Opened {
  boost::json::value secret;  ///< in wiping memory
  std::vector<Fingerprint> keys;
};

struct Reconciler::Verdict {
  State state = State::synced;
  bool wrote = false;
  std::string_view reason = outcome_reason::unsealed;
  std::string message = {};             ///< for the Event; empty when synced
  std::string_view status_prefix = {};  ///< what the status says before it
  std::string_view counted_as = {};     ///< the metric's reason; empty when synced
  std::optional<Error> passing = {};    ///< what time can cure: nothing is told yet
  bool refused = false;                 ///< by the API server, for what is in the Secret
  SyncRecord record = {};               ///< when synced; without a Secret where it is not ours
  std::vector<Fingerprint> keys = {};

  /// `secret` is right; nullptr: it is not ours to repair.
  static Verdict synced(const boost::json::value* secret, std::vector<Fingerprint> keys);
  static Verdict unseal_failed(const Error& error);
  static Verdict update_failed(const Error& error);
  static Verdict immutable(const kube::ObjectKey& key);
  static Verdict not_managed(std::string_view name, Action action);
};

/// What time can cure. A namespace that is not there (yet, or any more) is such a thing.
[[nodiscard]] bool passes_with_time(const Error& error);
[[nodiscard]] Next retry_after(const Error& error);

}  // namespace bulla
