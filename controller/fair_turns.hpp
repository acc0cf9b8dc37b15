// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>

#include "kube/object.hpp"
#include "kube/work_queue.hpp"

namespace bulla {

/// A number of places, handed out in the order of a KeyQueue: each namespace has its turn.
///
/// Threads: one, that of the executor. Lifetime: until every wait() has returned, and every Place
/// is gone.
class FairTurns {
 public:
  /// `thorough_max`: as of KeyQueue.
  FairTurns(boost::asio::any_io_executor executor, std::size_t places, std::size_t thorough_max)
      : executor_(std::move(executor)), turns_(thorough_max), idle_(places) {}
  FairTurns(const FairTurns&) = delete;
  FairTurns& operator=(const FairTurns&) = delete;

  /// A place, given back at its end.
  class Place {
   public:
    Place(FairTurns& turns, kube::ObjectKey key) : turns_(&turns), key_(std::move(key)) {}
    Place(Place&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (turns_ != nullptr) turns_->give_back(key_);
    }

   private:
    FairTurns* turns_;
    kube::ObjectKey key_;
  };

  /// At most once at a time for each key.
  [[nodiscard]] boost::asio::awaitable<Place> wait(kube::ObjectKey key, kube::Priority priority);
  /// Nothing if wait() would have to wait.
  [[nodiscard]] std::optional<Place> take_now(const kube::ObjectKey& key, kube::Priority priority);

 private:
  void hand_out();
  void give_back(const kube::ObjectKey& key);

  boost::asio::any_io_executor executor_;
  kube::KeyQueue turns_;
  std::size_t idle_;                                                      ///< places
  std::unordered_map<kube::ObjectKey, boost::asio::steady_timer> bells_;  ///< of those that wait
};

}  // namespace bulla
