// SPDX-License-Identifier: Apache-2.0
#include "controller/rate_limit.hpp"

#include <algorithm>
#include <cstdint>

#include "base/error.hpp"

namespace bulla {

RateLimiter::RateLimiter(Rate rate, std::size_t clients_max)
    : unit_(std::max<std::chrono::nanoseconds>(std::chrono::nanoseconds(std::chrono::seconds(1)) /
                                                   std::clamp(rate.per_second, 1, per_second_max) /
                                                   std::max(rate.work_in_full, 1),
                                               std::chrono::nanoseconds(1))),
      full_(unit_ * std::max(rate.work_in_full, 1)),
      limit_(std::clamp(rate.burst, 0, per_second_max) + 1),
      tolerance_(full_ * limit_),
      clients_max_(clients_max) {
  BULLA_ASSERT(clients_max > 0);
}

RateLimiter::Answer RateLimiter::take(const std::string& client, Time now) {
  Time& due = due_of(client, now);
  const Time next = std::max(due, now) + unit_;
  Answer answer{.limit = limit_};
  // Allowed while the client is ahead of its rate by no more than the burst.
  if (next - now > tolerance_) {
    answer.retry_after = next - now - tolerance_;
    answer.reset = due - now;
    return answer;
  }
  due = next;
  answer.allowed = true;
  answer.reset = next - now;
  answer.remaining = static_cast<int>((tolerance_ - answer.reset) / full_);
  return answer;
}

void RateLimiter::charge(const std::string& client, std::size_t work, Time now) {
  Time& due = due_of(client, now);
  due = std::max(due, now) + unit_ * static_cast<std::int64_t>(work);
}

void RateLimiter::give_back(const std::string& client) {
  const auto found = due_.find(client);
  (found == due_.end() ? others_ : found->second) -= unit_;
}

RateLimiter::Time& RateLimiter::due_of(const std::string& client, Time now) {
  const auto found = due_.find(client);
  if (found != due_.end()) return found->second;
  if (due_.size() >= clients_max_) forget_those_at_rest(now);
  if (due_.size() >= clients_max_) return others_;
  return due_.emplace(client, now).first->second;
}

void RateLimiter::forget_those_at_rest(Time now) {
  std::erase_if(due_, [&](const auto& entry) { return entry.second <= now; });
}

}  // namespace bulla
