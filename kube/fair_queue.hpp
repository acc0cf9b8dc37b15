// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace bulla::kube {

/// A bounded queue in which each namespace has its turn after the other, and room: when it is full,
/// the newest of the namespace that has the most makes way. Pure; not thread-safe.
template <class T>
class FairQueue {
 public:
  /// `max`: of all namespaces together, at least one.
  explicit FairQueue(std::size_t max) : max_(max) {}

  /// Returns what has no place any more, which may be `item`.
  [[nodiscard]] std::optional<T> push(const std::string& namespace_, T item) {
    auto& own = items_[namespace_];
    if (own.empty()) turns_.push_back(namespace_);
    own.push_back(std::move(item));
    if (++size_ <= max_) return std::nullopt;
    const auto most = std::ranges::max_element(
        items_, {}, [&](const auto& entry) { return entry.second.size(); });
    // Of equals the newcomer yields.
    auto& loser = most->second.size() > own.size() ? most->second : own;
    std::optional<T> dropped(std::move(loser.back()));
    loser.pop_back();
    --size_;
    if (own.empty()) {
      items_.erase(namespace_);
      turns_.pop_back();
    }
    return dropped;
  }

  [[nodiscard]] std::optional<T> pop() {
    if (turns_.empty()) return std::nullopt;
    auto namespace_ = std::move(turns_.front());
    turns_.pop_front();
    const auto own = items_.find(namespace_);
    std::optional<T> item(std::move(own->second.front()));
    own->second.pop_front();
    --size_;
    if (own->second.empty()) {
      items_.erase(own);
    } else {
      turns_.push_back(std::move(namespace_));
    }
    return item;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void clear() {
    items_.clear();
    turns_.clear();
    size_ = 0;
  }

 private:
  std::size_t max_;
  std::size_t size_ = 0;
  std::map<std::string, std::deque<T>> items_;  ///< none is empty
  std::deque<std::string> turns_;               ///< those of items_
};

}  // namespace bulla::kube
