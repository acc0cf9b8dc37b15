// SPDX-License-Identifier: Apache-2.0
#include "kube/election.hpp"

#include <algorithm>

namespace bulla::kube {
namespace {

/// A holder that asks for days is not believed: it would block every other elector.
constexpr std::chrono::seconds duration_max = std::chrono::minutes(10);

std::chrono::seconds duration_of(const LeaseRecord& record) noexcept {
  const std::int64_t seconds = std::clamp<std::int64_t>(record.duration_s, 0, duration_max.count());
  return std::chrono::seconds(seconds);
}

}  // namespace

Result<void> ElectionTimings::check() const {
  const auto wrong = [](std::string message) {
    return Error{Errc::invalid_input, std::move(message)};
  };
  if (retry.count() <= 0) return wrong("the retry period of leader election must be above zero");
  if (renew_deadline * 10 <= retry * 12) {
    return wrong("the renew deadline of leader election must be longer than 1.2 retry periods");
  }
  if (lease <= renew_deadline) {
    return wrong("the lease duration must be longer than the renew deadline");
  }
  if (lease.count() % 1000 != 0) return wrong("the lease duration must be in whole seconds");
  return {};
}

Election::Election(std::string identity, ElectionTimings timings)
    : identity_(std::move(identity)), timings_(timings) {
  BULLA_ASSERT(!identity_.empty());
  BULLA_ASSERT(timings_.check().has_value());
}

void Election::observe(const LeaseRecord& record, SteadyTime now) {
  if (exists_ && record == record_) return;
  exists_ = true;
  record_ = record;
  observed_at_ = now;
}

void Election::observe_absence() {
  exists_ = false;
  record_ = {};
}

SteadyTime Election::free_at() const noexcept {
  if (!held_by_other()) return SteadyTime();
  return observed_at_ + duration_of(record_);
}

bool Election::may_take(SteadyTime now) const noexcept { return free_at() <= now; }

LeaseRecord Election::claim(WallTime wall) const {
  const auto now = format_micro_time(wall);
  const bool ours = exists_ && record_.holder == identity_;
  LeaseRecord claim;
  claim.holder = identity_;
  claim.duration_s = std::chrono::duration_cast<std::chrono::seconds>(timings_.lease).count();
  claim.acquire_time = ours ? record_.acquire_time : now;
  claim.renew_time = now;
  claim.transitions = exists_ && !ours ? record_.transitions + 1 : record_.transitions;
  return claim;
}

LeaseRecord Election::release(WallTime wall) const {
  const auto now = format_micro_time(wall);
  return {.holder = {},
          .duration_s = 1,
          .acquire_time = now,
          .renew_time = now,
          .transitions = record_.transitions};
}

void Election::claimed(const LeaseRecord& claim, SteadyTime sent_at) {
  exists_ = true;
  record_ = claim;
  observed_at_ = sent_at;
  leads_until_ = sent_at + timings_.renew_deadline;
}

}  // namespace bulla::kube
