// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "controller/fair_turns.hpp"
#include "controller/tasks.hpp"

namespace bulla {

/// The threads for private keys and templates, shared in the order of a KeyQueue: each namespace
/// has its turn, and what takes long never has the last thread.
///
/// Threads: one, that of the executor, but for the work itself. Lifetime: until every run() has
/// returned.
class FairPool {
 public:
  /// `threads`: those of `pool`, at least two.
  FairPool(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
           std::size_t threads);

  /// Waits for a turn, and runs `work`, which must not throw, on one of the threads. At most once
  /// at a time for each key.
  template <class Work>
  [[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Work&>> run(kube::ObjectKey key,
                                                                        kube::Priority priority,
                                                                        Work work) {
    const auto place = co_await threads_.wait(std::move(key), priority);
    co_return co_await run_on(pool_, std::move(work));
  }

 private:
  boost::asio::thread_pool& pool_;
  FairTurns threads_;
};

}  // namespace bulla
