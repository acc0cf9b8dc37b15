// SPDX-License-Identifier: Apache-2.0
#include "controller/fair_turns.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"

namespace bulla {

namespace net = boost::asio;

net::awaitable<FairTurns::Place> FairTurns::wait(kube::ObjectKey key, kube::Priority priority) {
  const auto [bell, is_new] =
      bells_.try_emplace(key, executor_, net::steady_timer::time_point::max());
  BULLA_ASSERT(is_new);
  turns_.add(key, priority);
  hand_out();
  // What has its turn at once finds its bell gone.
  while (bells_.contains(key)) {
    boost::system::error_code rung;
    co_await bells_.at(key).async_wait(net::redirect_error(net::use_awaitable, rung));
  }
  co_return Place(*this, std::move(key));
}

std::optional<FairTurns::Place> FairTurns::take_now(const kube::ObjectKey& key,
                                                    kube::Priority priority) {
  if (idle_ == 0 || turns_.waiting() > 0) return std::nullopt;
  // Of the thorough ones so many may be at work that the queue would keep this one.
  if (priority == kube::Priority::thorough && turns_.in_work() > 0) return std::nullopt;
  turns_.add(key, priority);
  BULLA_ASSERT(turns_.pop());
  --idle_;
  return std::optional<Place>(std::in_place, *this, key);
}

void FairTurns::give_back(const kube::ObjectKey& key) {
  turns_.done(key);
  ++idle_;
  hand_out();
}

/// Erasing a bell cancels the wait for it.
void FairTurns::hand_out() {
  while (idle_ > 0) {
    const auto turn = turns_.pop();
    if (!turn) return;
    --idle_;
    bells_.erase(turn->key);
  }
}

}  // namespace bulla
