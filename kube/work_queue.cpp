// SPDX-License-Identifier: Apache-2.0
#include "kube/work_queue.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bulla::kube {

namespace asio = boost::asio;

// --- KeyQueue -----------------------------------------------------------------------------------

namespace {

/// One in so many turns goes the other way round.
constexpr std::size_t turns_to_the_last = 8;

}  // namespace

void KeyQueue::append(const ObjectKey& key, Priority priority) {
  Level& level = waiting_in_.at(static_cast<std::size_t>(priority));
  auto& names = level.names[key.namespace_];
  if (names.empty()) level.namespaces.push_back(key.namespace_);
  names.push_back(key.name);
}

void KeyQueue::add(const ObjectKey& key, Priority priority) {
  auto& entry = entries_[key];
  const bool waits = entry.dirty;
  if (waits && priority >= entry.priority) return;
  entry.dirty = true;
  entry.priority = priority;
  if (entry.working) return;  // done() will append it
  append(key, priority);      // what stays where it was no longer matches
  if (!waits) ++waiting_;
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
    add(key, Priority::retry);
  }
}

std::optional<SteadyTime> KeyQueue::next_due() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

bool KeyQueue::waits_as(const ObjectKey& key, Priority priority) const {
  const auto found = entries_.find(key);
  return found != entries_.end() && found->second.dirty && !found->second.working &&
         found->second.priority == priority;
}

/// The first of the namespace whose turn it is.
std::optional<ObjectKey> KeyQueue::take_from(Priority priority) {
  if (priority == Priority::thorough && thorough_in_work_ >= thorough_max_) return std::nullopt;
  Level& level = waiting_in_.at(static_cast<std::size_t>(priority));
  while (!level.namespaces.empty()) {
    auto namespace_ = std::move(level.namespaces.front());
    level.namespaces.pop_front();
    const auto names = level.names.find(namespace_);
    ObjectKey key{namespace_, std::move(names->second.front())};
    names->second.pop_front();
    if (names->second.empty()) {
      level.names.erase(names);
    } else if (waits_as(key, priority)) {
      level.namespaces.push_back(std::move(namespace_));
    } else {
      level.namespaces.push_front(std::move(namespace_));
    }
    if (waits_as(key, priority)) return key;
  }
  return std::nullopt;
}

std::optional<Turn> KeyQueue::pop() {
  const bool last_first = turns_ % turns_to_the_last == turns_to_the_last - 1;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto priority = levels.at(last_first ? levels.size() - 1 - i : i);
    auto key = take_from(priority);
    if (!key) continue;
    auto& entry = entries_.at(*key);
    entry.dirty = false;
    entry.working = true;
    entry.worked_as = priority;
    ++turns_;
    --waiting_;
    ++in_work_;
    ++worked_on_[key->namespace_];
    if (priority == Priority::thorough) ++thorough_in_work_;
    return Turn{std::move(*key), priority};
  }
  return std::nullopt;
}

void KeyQueue::done(const ObjectKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.working) return;
  Entry& entry = found->second;
  --in_work_;
  const auto worked_on = worked_on_.find(key.namespace_);
  if (--worked_on->second == 0) worked_on_.erase(worked_on);
  if (entry.worked_as == Priority::thorough) --thorough_in_work_;
  entry.working = false;
  if (!entry.dirty) {
    entries_.erase(found);
    return;
  }
  append(key, entry.priority);
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

asio::awaitable<std::optional<Turn>> WorkQueue::get() {
  while (!shut_) {
    keys_.promote_due(now_());
    auto turn = keys_.pop();
    if (turn) {
      if (keys_.waiting() > 0) bell_.cancel_one();  // several may have come due at once
      co_return turn;
    }
    boost::system::error_code ignored;
    co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::optional<Turn>();
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
