// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "controller/tasks.hpp"
#include "kube/object.hpp"
#include "kube/work_queue.hpp"

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
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  /// Waits for a turn, and runs `work`, which must not throw, on one of the threads. At most once
  /// at a time for each key.
  template <class Work>
  [[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Work&>> run(kube::ObjectKey key,
                                                                        kube::Priority priority,
                                                                        Work work) {
    co_await wait_for_turn(key, priority);
    auto result = co_await run_on(pool_, std::move(work));
    turns_.done(key);
    ++idle_;
    hand_out();
    co_return result;
  }

 private:
  [[nodiscard]] boost::asio::awaitable<void> wait_for_turn(kube::ObjectKey key,
                                                           kube::Priority priority);
  void hand_out();

  boost::asio::any_io_executor executor_;
  boost::asio::thread_pool& pool_;
  kube::KeyQueue turns_;
  std::size_t idle_;                                                      ///< threads
  std::unordered_map<kube::ObjectKey, boost::asio::steady_timer> bells_;  ///< of those that wait
};

}  // namespace bulla
