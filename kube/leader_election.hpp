// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"
#include "kube/election.hpp"

namespace bulla::kube {

/// Asked before every write: am I still the leader? Copies share their answer.
///
/// Nothing at the API server fences a leader that lost its Lease without knowing. So leadership
/// ends here, by this machine's clock, `lease - renew_deadline` (1.5 s by default) before anybody
/// else can take over: start no write at or after until(), see fenced(), and break off what is
/// under way when the elector calls it interrupted, which it does at that moment. Its
/// resourceVersion does the rest.
///
/// That replaces a time-out for each write: one that is under way while leadership is renewed may
/// take its time, as it must where an admission webhook is slow.
///
/// Threads: may be asked from any.
class Leadership {
 public:
  /// That of an only replica: for ever.
  Leadership();
  [[nodiscard]] bool holds() const noexcept { return std::chrono::steady_clock::now() < until(); }
  [[nodiscard]] SteadyTime until() const noexcept;

 private:
  friend class LeaderElector;
  std::shared_ptr<std::atomic<SteadyTime::rep>> until_;
};

/// A client for a leader's work: a write that `leadership` does not hold for fails with
/// `unavailable`, and is not sent. Reads pass. The elector itself must not get it.
[[nodiscard]] Client fenced(const Client& client, Leadership leadership);

struct LeaderElectionOptions {
  std::string namespace_ = {};  ///< of the Lease
  std::string name = {};        ///< of the Lease
  /// "hostname_uuid": not the same in any two lives of a process, and never empty.
  std::string identity = {};
  ElectionTimings timings = {};
  const Clock* clock = &system_clock();  ///< for the times in the Lease, which people read
};

/// Competes for a Lease, and keeps it.
///
/// Stand-bys watch the Lease: they take over at once when it is released, and when it has not been
/// renewed for its duration. Where watching is not permitted, or breaks, they look every retry
/// period or two. Its requests have connections of their own.
///
/// Threads: that of the client's executor; leadership() may be asked from any. The objects that the
/// constructor refers to must outlive it.
class LeaderElector {
 public:
  enum class Outcome {
    stopped,        ///< after stop(): the Lease is released
    lost,           ///< led, and another one does now, or did meanwhile: exit
    not_permitted,  ///< may not use Leases at all: work as the only replica. One log line said so
  };

  LeaderElector(const Client& client, LeaderElectionOptions options, Random& random);
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;
  ~LeaderElector();

  struct Calls {
    /// Once, when this process becomes leader (not for not_permitted).
    std::function<void()> on_leading;
    /// When the Lease could not be renewed in time: writes under way are to be broken off.
    std::function<void()> on_interrupted = [] {};
    /// When the Lease is older than it was, or not there any more: the API server's store may have
    /// gone back in time (see is_older_version()), or somebody deleted the Lease. Leader or not.
    std::function<void()> on_older_lease = [] {};
  };
  /// Runs until one of the outcomes. The elector must live until it returns. Call it once.
  ///
  /// A leader that can't renew leads no more, and goes on trying. If the Lease still has its name
  /// when it gets through, nobody led meanwhile, and it leads again as if nothing had happened:
  /// so an API server that is away for some seconds ends no process. (client-go's electors exit.)
  [[nodiscard]] Awaitable<Outcome> run(Calls calls);

  /// Makes run() return soon; a leader releases the Lease first, so that another one takes over at
  /// once. Call it when the last write is done.
  void stop() noexcept;

  /// Holds while we lead, and for ever after not_permitted.
  [[nodiscard]] Leadership leadership() const noexcept;
  /// Who leads as far as we know: an identity, empty if nobody does.
  [[nodiscard]] const std::string& holder() const noexcept;
  /// For a liveness probe. False if we led, and have not even tried to renew for more than a renew
  /// deadline, a lease and 20 s.
  [[nodiscard]] bool is_healthy(SteadyTime now) const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bulla::kube
