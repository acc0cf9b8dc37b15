// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "controller/options.hpp"
#include "kube/client.hpp"
#include "kube/leader_election.hpp"

namespace bulla {

/// Which one of several replicas writes.
///
/// Every write of the controller goes through client(), and that is all that fences a replica whose
/// time is over: one place that no new feature can forget, instead of a question before each write.
/// Whoever asks leads() only spares itself work that would be refused.
///
/// Threads: that of the client's executor. Lifetime: until run() has returned.
class Leading {
 public:
  Leading(const kube::Client& client, const Options& options, const Clock& clock, Random& random);

  /// For all work: its writes fail with `unavailable` while this replica does not lead.
  [[nodiscard]] const kube::Client& client() const noexcept { return client_; }

  /// Competes until stop(), and calls `on_leading` once when this replica leads: at once with
  /// --leader-elect=false, and where Leases are not permitted. While it can't renew its Lease its
  /// writes are refused, and those under way broken off.
  /// Errors: unavailable when another replica leads instead, so that this one has to end: what it
  /// knows may be old.
  struct Calls {
    std::function<void()> on_leading;
    std::function<void()> break_off;       ///< of writes under way
    std::function<void()> on_older_lease;  ///< see kube::LeaderElector::Calls
  };
  [[nodiscard]] kube::Awaitable<Result<void>> run(Calls calls);
  /// Lets go of the Lease. Call it when the last write is done.
  void stop() noexcept;

  [[nodiscard]] bool leads() const noexcept { return leading_ && leadership_.holds(); }
  /// A Lease says that this replica alone writes; false where nothing says so.
  [[nodiscard]] bool has_lease() const noexcept { return has_lease_; }
  /// Who leads, as far as we know; empty if nobody does.
  [[nodiscard]] std::string leader() const;
  /// For a liveness probe.
  [[nodiscard]] bool is_healthy() const noexcept;

 private:
  std::optional<kube::LeaderElector> elector_;  ///< none: leader election is off
  kube::Leadership leadership_;
  kube::Client client_;
  bool leading_ = false;
  bool has_lease_ = false;
};

}  // namespace bulla
