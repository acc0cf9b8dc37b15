// SPDX-License-Identifier: Apache-2.0
#include "controller/rate_limit.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace bulla {

RateLimiter::RateLimiter(Rate rate, std::size_t clients_max)
    : interval_(std::chrono::nanoseconds(std::chrono::seconds(1)) / std::max(rate.per_second, 1)),
      tolerance_(interval_ * std::max(rate.burst, 0)),
      limit_(std::max(rate.burst, 0) + 1),
      clients_max_(clients_max) {
  BULLA_ASSERT(clients_max > 0);
}

RateLimiter::Answer RateLimiter::take(const std::string& client, Time now) {
  Time& due = due_of(client, now);
  const Time next = std::max(due, now) + interval_;
  Answer answer{.limit = limit_};
  // Allowed while the client is ahead of its rate by no more than the burst.
  if (next - now > interval_ + tolerance_) {
    answer.retry_after = next - now - interval_ - tolerance_;
    answer.reset = due - now;
    return answer;
  }
  due = next;
  answer.allowed = true;
  answer.reset = next - now;
  answer.remaining = static_cast<int>((interval_ + tolerance_ - answer.reset) / interval_);
  return answer;
}

void RateLimiter::give_back(const std::string& client) {
  const auto found = due_.find(client);
  (found == due_.end() ? others_ : found->second) -= interval_;
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
