// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a pass of the Reconciler is about. For its own sources.

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/reconciler.hpp"

namespace bulla {

struct Reconciler::Seen {
  kube::ObjectKey key;
  kube::Priority priority;
  Attempts::Attempt attempt;
  boost::json::value sealed = {};  ///< once the status is written, without its spec
  std::optional<boost::json::value> secret = {};
  std::optional<FairTurns::Place> place = {};  ///< where one of the two is large

  /// The Secret is right for the object, as far as is known; nothing has changed since.
  bool in_sync = false;
  bool under_other_flags = false;  ///< but for its labels and annotations
  /// It was, and something else changed or deleted the Secret since.
  bool drifted = false;
  std::shared_ptr<const Keyring> ring = {};  ///< when the pass began

  [[nodiscard]] Settled::From from() const {
    return {digest_of_object(sealed), secret ? version_of_secret(*secret) : 0, ring};
  }
  [[nodiscard]] bool thoroughly() const noexcept { return priority == kube::Priority::thorough; }
};

struct Reconciler::Opened {
  boost::json::value secret;  ///< in wiping memory
  std::vector<Fingerprint> keys;
};

struct Reconciler::Verdict {
  State state = State::synced;
  bool wrote = false;
  bool known_before = false;  ///< the status alone is to be put right: nothing is told or counted
  std::string_view reason = outcome_reason::unsealed;
  std::string message = {};             ///< for the Event; empty when synced
  std::string_view status_prefix = {};  ///< what the status says before it
  std::string_view counted_as = {};     ///< the metric's reason; empty when synced
  std::optional<Error> passing = {};    ///< what time can cure: nothing is told yet
  bool refused = false;                 ///< by the API server, for what is in the Secret
  SyncRecord record = {};               ///< when synced; without a Secret where it is not ours
  SecretVersion written = 0;            ///< when `wrote`: what is there now
  std::vector<Fingerprint> keys = {};

  /// `secret` is right; nullptr: it is not ours to repair.
  /// When it is tried again, of those known before.
  Settled::Time until = Settled::Time::max();

  static Verdict synced(const boost::json::value* secret, std::vector<Fingerprint> keys);
  static Verdict unseal_failed(const Error& error);
  static Verdict update_failed(const Error& error);
  static Verdict immutable(const kube::ObjectKey& key);
  static Verdict not_managed(std::string_view name, Action action);
  /// As an earlier pass ended.
  static Verdict again(Settled::End end);
};

/// What time can cure. A namespace that is not there (yet, or any more) is such a thing.
[[nodiscard]] bool passes_with_time(const Error& error);
[[nodiscard]] Next retry_after(const Error& error);

}  // namespace bulla
