// SPDX-License-Identifier: Apache-2.0
#include "controller/fair_pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"

namespace bulla {

namespace net = boost::asio;

FairPool::FairPool(net::any_io_executor executor, net::thread_pool& pool, std::size_t threads)
    : executor_(std::move(executor)), pool_(pool), turns_(threads - 1), idle_(threads) {
  BULLA_ASSERT(threads >= 2);
}

net::awaitable<void> FairPool::wait_for_turn(kube::ObjectKey key, kube::Priority priority) {
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
}

/// Erasing a bell cancels the wait for it.
void FairPool::hand_out() {
  while (idle_ > 0) {
    const auto turn = turns_.pop();
    if (!turn) return;
    --idle_;
    bells_.erase(turn->key);
  }
}

}  // namespace bulla
