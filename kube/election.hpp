// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "base/error.hpp"
#include "kube/backoff.hpp"
#include "kube/lease.hpp"

namespace bulla::kube {

/// A killed leader is replaced within `lease` and one look, 5 s by default; the price is one small
/// write every `retry`, and little patience with a slow API server.
struct ElectionTimings {
  std::chrono::milliseconds lease = std::chrono::seconds(4);  ///< whole seconds: the Lease says so
  /// A leader that could not renew for so long stops leading.
  std::chrono::milliseconds renew_deadline = std::chrono::milliseconds(2500);
  std::chrono::milliseconds retry = std::chrono::seconds(1);

  /// Errors: invalid_input unless lease > renew_deadline > 1.2 retries, all above zero, the lease
  /// in whole seconds.
  [[nodiscard]] Result<void> check() const;
};

/// Who leads, as far as one elector can tell: no requests and no clock of its own, so that every
/// moment can be tested. client-go's rules (tools/leaderelection).
///
/// `now` is always this machine's steady clock. A Lease counts from the moment that we saw it
/// change, not from the times in it: no two machines need agree on the time of day. What is needed
/// is that their clocks run at about the same speed.
///
/// Threads: none of its own.
class Election {
 public:
  Election(std::string identity, ElectionTimings timings);

  /// What the API server holds, as read or as a watch tells it.
  void observe(const LeaseRecord& record, SteadyTime now);
  /// There is no Lease.
  void observe_absence();

  /// Nobody's, ours, or not renewed for as long as its holder asked for. A Lease that we see for
  /// the first time is given its full duration.
  [[nodiscard]] bool may_take(SteadyTime now) const noexcept;
  /// When may_take() becomes true if nothing changes.
  [[nodiscard]] SteadyTime free_at() const noexcept;
  [[nodiscard]] const std::string& holder() const noexcept { return record_.holder; }
  /// We hold it, in time or not: nobody else can have held it since we wrote it last.
  [[nodiscard]] bool held_by_us() const noexcept { return record_.holder == identity_; }
  /// Somebody else holds it, however old that news is.
  [[nodiscard]] bool held_by_other() const noexcept {
    return !record_.holder.empty() && record_.holder != identity_;
  }

  /// What to write to take over or to renew. `wall` is only for people to read.
  [[nodiscard]] LeaseRecord claim(WallTime wall) const;
  /// What to write to let go at once.
  [[nodiscard]] LeaseRecord release(WallTime wall) const;

  /// A claim was accepted. `sent_at` is when it was sent: the server, and so every other elector,
  /// cannot have seen it before.
  void claimed(const LeaseRecord& claim, SteadyTime sent_at);
  /// We lead no more, whatever the Lease says.
  void give_up() noexcept { leads_until_ = SteadyTime(); }

  /// The end of our leadership unless it is renewed: before anybody else may take over, by
  /// lease - renew_deadline. In the past (the clock's epoch): we do not lead.
  [[nodiscard]] SteadyTime leads_until() const noexcept { return leads_until_; }
  [[nodiscard]] bool leads(SteadyTime now) const noexcept { return now < leads_until_; }

 private:
  std::string identity_;
  ElectionTimings timings_;
  bool exists_ = false;
  LeaseRecord record_ = {};
  SteadyTime observed_at_{};
  SteadyTime leads_until_{};
};

}  // namespace bulla::kube
