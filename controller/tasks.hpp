// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace bulla {

/// Coroutines that run beside each other, and can be waited for.
///
/// Threads: one, that of the executor. Lifetime: until wait() has returned true.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor)
      : executor_(std::move(executor)), finished_(executor_) {
    finished_.expires_at(std::chrono::steady_clock::time_point::max());
  }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task. An exception in it is a bug: it goes on to whoever runs the executor.
  void start(boost::asio::awaitable<void> task);

  /// Waits until every task has ended; false if that takes longer than `limit`.
  [[nodiscard]] boost::asio::awaitable<bool> wait(std::chrono::milliseconds limit);
  [[nodiscard]] boost::asio::awaitable<void> wait();

 private:
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer finished_;  ///< never expires: cancelled when the last task ends
  std::size_t running_ = 0;
};

/// Runs `work`, a function without arguments that must not throw, on the pool's threads, and
/// continues where the caller was.
template <class Work>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Work&>> run_on(
    boost::asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  // In an optional, because co_spawn wants a value that it can make without arguments.
  auto task = [](Work& function) -> boost::asio::awaitable<std::optional<Value>> {
    co_return std::optional<Value>(function());
  };
  auto value =
      co_await boost::asio::co_spawn(pool.get_executor(), task(work), boost::asio::use_awaitable);
  co_return std::move(*value);
}

}  // namespace bulla
