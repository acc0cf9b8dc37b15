// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace bulla {

namespace {

/// Whether this thread works for a parallel_for: the cores are busy then.
thread_local bool is_worker = false;

/// The numbers that are left, and what went wrong.
class Work {
 public:
  Work(std::size_t count, const std::function<void(std::size_t)>& work)
      : count_(count), work_(work) {}

  void run() noexcept {
    const bool was_worker = std::exchange(is_worker, true);
    for (auto i = next_++; i < count_; i = next_++) {
      try {
        work_(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_ = count_;
      }
    }
    is_worker = was_worker;
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::size_t count_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

std::size_t threads_for(std::size_t count) {
  if (is_worker) return 1;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1,
                                 std::max<std::size_t>(count, 1));
}

}  // namespace

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& work, Cores cores) {
  const auto threads = cores == Cores::one ? 1 : threads_for(count);
  if (threads == 1) {  // without marking the thread: a loop inside may still use all cores
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  Work shared(count, work);
  std::vector<std::jthread> helpers;
  helpers.reserve(threads - 1);
  try {
    while (helpers.size() + 1 < threads) helpers.emplace_back([&shared] { shared.run(); });
  } catch (const std::system_error&) {  // no more threads to be had: those that there are will do
  }
  shared.run();
  helpers.clear();  // waits for them
  shared.rethrow();
}

}  // namespace bulla
