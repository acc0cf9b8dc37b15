// SPDX-License-Identifier: Apache-2.0
#include "kube/work_queue.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bulla::kube {

namespace asio = boost::asio;

// --- KeyQueue -----------------------------------------------------------------------------------

void KeyQueue::append(const ObjectKey& key, Priority priority) {
  (priority == Priority::live ? live_ : backlog_).push_back(key);
}

void KeyQueue::add(const ObjectKey& key, Priority priority) {
  auto& entry = entries_[key];
  if (!entry.dirty) {
    entry.dirty = true;
    entry.priority = priority;
    if (entry.working) return;  // done() will append it
    append(key, priority);
    ++waiting_;
    return;
  }
  if (priority == Priority::live && entry.priority == Priority::backlog) {
    entry.priority = Priority::live;
    if (!entry.working) append(key, priority);  // what stays in backlog_ no longer matches
  }
}

void KeyQueue::add_at(const ObjectKey& key, SteadyTime due) {
  const auto [known, is_new] = due_.try_emplace(key, due);
  if (!is_new) {
    if (known->second <= due) return;
    by_due_.erase({known->second, key});
    known->second = due;
  }
  by_due_.emplace(due, key);
}

void KeyQueue::promote_due(SteadyTime now) {
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const auto key = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    due_.erase(key);
    add(key);
  }
}

std::optional<SteadyTime> KeyQueue::next_due() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

std::optional<ObjectKey> KeyQueue::pop() {
  for (const auto priority : {Priority::live, Priority::backlog}) {
    auto& queue = priority == Priority::live ? live_ : backlog_;
    while (!queue.empty()) {
      const auto key = std::move(queue.front());
      queue.pop_front();
      const auto found = entries_.find(key);
      if (found == entries_.end()) continue;
      auto& entry = found->second;
      if (!entry.dirty || entry.working || entry.priority != priority) continue;
      entry.dirty = false;
      entry.working = true;
      --waiting_;
      ++in_work_;
      return key;
    }
  }
  return std::nullopt;
}

void KeyQueue::done(const ObjectKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.working) return;
  --in_work_;
  found->second.working = false;
  if (!found->second.dirty) {
    entries_.erase(found);
    return;
  }
  append(key, found->second.priority);
  ++waiting_;
}

void KeyQueue::clear_delayed() {
  by_due_.clear();
  due_.clear();
}

// --- WorkQueue ----------------------------------------------------------------------------------

WorkQueue::WorkQueue(asio::any_io_executor executor, RetryOptions retry, Now now)
    : retry_(retry), now_(std::move(now)), bell_(executor), alarm_(executor) {
  bell_.expires_at(SteadyTime::max());
}

void WorkQueue::add(const ObjectKey& key, Priority priority) {
  if (shut_) return;
  keys_.add(key, priority);
  bell_.cancel_one();
}

void WorkQueue::add_after(const ObjectKey& key, std::chrono::milliseconds delay) {
  if (shut_) return;
  keys_.add_at(key, now_() + delay);
  wake_later();
}

std::size_t WorkQueue::add_failed(const ObjectKey& key, std::chrono::milliseconds at_least) {
  if (shut_) return 0;
  const auto count = ++failures_[key];
  auto delay = retry_.first;
  for (std::size_t i = 1; i < count && delay < retry_.max; ++i) delay *= 2;
  add_after(key, std::max(std::min(delay, retry_.max), at_least));
  return count;
}

std::size_t WorkQueue::failures(const ObjectKey& key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void WorkQueue::forget(const ObjectKey& key) { failures_.erase(key); }

asio::awaitable<std::optional<ObjectKey>> WorkQueue::get() {
  while (!shut_) {
    keys_.promote_due(now_());
    auto key = keys_.pop();
    if (key) {
      if (keys_.waiting() > 0) bell_.cancel_one();  // several may have come due at once
      co_return key;
    }
    boost::system::error_code ignored;
    co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::optional<ObjectKey>();
}

void WorkQueue::done(const ObjectKey& key) {
  keys_.done(key);
  if (keys_.waiting() > 0) bell_.cancel_one();
}

void WorkQueue::shut_down() {
  shut_ = true;
  keys_.clear_delayed();
  alarm_.cancel();
  bell_.cancel();
}

void WorkQueue::wake_later() {
  const auto due = keys_.next_due();
  if (!due || shut_) return;
  // The time left is counted on our clock, which a test may have replaced.
  alarm_.expires_after(std::max(*due - now_(), SteadyTime::duration::zero()));
  alarm_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code aborted) {
    if (aborted || alive.expired() || shut_) return;
    keys_.promote_due(now_());
    if (keys_.waiting() > 0) bell_.cancel_one();
    wake_later();
  });
}

}  // namespace bulla::kube
