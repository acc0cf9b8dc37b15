// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/limits.hpp"
#include "kube/backoff.hpp"
#include "kube/object.hpp"

namespace bulla::kube {

/// Whose turn comes first, from the first to the last.
enum class Priority {
  live,      ///< somebody waits for it
  retry,     ///< it failed before
  backlog,   ///< it was there at the start
  thorough,  ///< it takes long
};

/// A key whose turn it is, and as what it was added.
struct Turn {
  ObjectKey key;
  Priority priority = Priority::live;
};

/// The order of work: names, not objects, each at most once, and never handed out twice at a time.
///
/// Of those with the same priority, each namespace has its turn after the other, however many keys
/// it has. Of eight turns one goes the other way round, so that what comes last comes at last.
///
/// A burst of add()s becomes one pass; an add() while the key is being worked on causes exactly
/// one more. Pure: time comes in as `now`. Not thread-safe.
class KeyQueue {
 public:
  /// `thorough_max`: so many `thorough` ones are handed out at a time.
  explicit KeyQueue(std::size_t thorough_max = limits::thorough_passes_max)
      : thorough_max_(thorough_max) {}

  /// Marks the key as needing work. One that waits already moves up, never down.
  void add(const ObjectKey& key, Priority priority = Priority::live);
  /// add() as a retry at `due`. One entry per key: the earlier time wins.
  void add_at(const ObjectKey& key, SteadyTime due);
  /// Moves what is due by `now` into the queue.
  void promote_due(SteadyTime now);
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

  /// The next key, which from now on is being worked on; nothing if none may be handed out.
  [[nodiscard]] std::optional<Turn> pop();
  /// The work on the key is over. If it was added meanwhile, it waits again.
  void done(const ObjectKey& key);

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t delayed() const noexcept { return by_due_.size(); }
  [[nodiscard]] std::size_t in_work() const noexcept { return in_work_; }
  /// Namespaces for which somebody waits, and those with a key in work; one may count as both.
  [[nodiscard]] std::size_t namespaces_busy() const noexcept {
    return waiting_in_.front().namespaces.size() + worked_on_.size();
  }
  void clear_delayed();

 private:
  static constexpr std::array levels{Priority::live, Priority::retry, Priority::backlog,
                                     Priority::thorough};
  struct Entry {
    bool dirty = false;
    bool working = false;
    Priority priority = Priority::live;  ///< of the next turn
    Priority worked_as = Priority::live;
  };
  /// The keys of one priority: those of each namespace in order, and the namespaces in order.
  /// Some may have moved up: pop() skips them.
  struct Level {
    std::unordered_map<std::string, std::deque<std::string>> names;
    std::deque<std::string> namespaces;
  };
  void append(const ObjectKey& key, Priority priority);
  [[nodiscard]] std::optional<ObjectKey> take_from(Priority priority);
  [[nodiscard]] bool waits_as(const ObjectKey& key, Priority priority) const;

  std::size_t thorough_max_;
  std::unordered_map<ObjectKey, Entry> entries_;
  std::array<Level, levels.size()> waiting_in_;
  std::set<std::pair<SteadyTime, ObjectKey>> by_due_;
  std::unordered_map<ObjectKey, SteadyTime> due_;
  std::unordered_map<std::string, std::size_t> worked_on_;  ///< keys in work of each namespace
  std::size_t waiting_ = 0;
  std::size_t in_work_ = 0;
  std::size_t thorough_in_work_ = 0;
  std::size_t turns_ = 0;
};

/// The delay before try n+1 of a key that failed n times: 5 ms doubled each time, at most `max`.
struct RetryOptions {
  std::chrono::milliseconds first = std::chrono::milliseconds(5);
  std::chrono::milliseconds max = std::chrono::minutes(5);
};

/// A KeyQueue that workers (coroutines) wait on, with the failures of each key.
///
/// Threads: one; that of the executor. Lifetime: until every get() has returned.
class WorkQueue {
 public:
  using Now = std::function<SteadyTime()>;

  explicit WorkQueue(boost::asio::any_io_executor executor, RetryOptions retry = {},
                     Now now = &std::chrono::steady_clock::now);
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(const ObjectKey& key, Priority priority = Priority::live);
  void add_after(const ObjectKey& key, std::chrono::milliseconds delay);
  /// Counts a failure and adds the key after the delay that is due for that many (or `at_least`,
  /// such as the server's Retry-After). Returns the number of failures in a row.
  std::size_t add_failed(const ObjectKey& key, std::chrono::milliseconds at_least = {});
  [[nodiscard]] std::size_t failures(const ObjectKey& key) const;
  /// The key succeeded: its failures are forgotten.
  void forget(const ObjectKey& key);

  /// Waits for a key; nothing after shut_down(). Hand it back with done(), whatever happened.
  [[nodiscard]] boost::asio::awaitable<std::optional<Turn>> get();
  void done(const ObjectKey& key);

  /// No more work is taken or handed out; waiting workers are released.
  void shut_down();
  [[nodiscard]] std::size_t waiting() const noexcept { return keys_.waiting(); }
  [[nodiscard]] std::size_t in_work() const noexcept { return keys_.in_work(); }
  /// As of KeyQueue.
  [[nodiscard]] std::size_t namespaces_busy() const noexcept { return keys_.namespaces_busy(); }

 private:
  void wake_later();

  KeyQueue keys_;
  RetryOptions retry_;
  Now now_;
  std::unordered_map<ObjectKey, std::size_t> failures_;
  boost::asio::steady_timer bell_;   ///< workers wait on it; cancelling one wait wakes one worker
  boost::asio::steady_timer alarm_;  ///< for the next delayed key
  bool shut_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();  ///< for a handler on its way
};

}  // namespace bulla::kube
