// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/random.hpp"
#include "kube/backoff.hpp"
#include "kube/client.hpp"
#include "kube/watcher.hpp"

namespace bulla::kube {

struct InformerOptions {
  ListOptions list = {};  ///< path, selectors, metadata only, page size
  BackoffOptions backoff = {};
  /// Each watch asks the server for a random time between the two.
  std::chrono::milliseconds watch_min = std::chrono::seconds(240);
  std::chrono::milliseconds watch_max = std::chrono::seconds(290);
  /// A watch that ends before this and brought nothing is not started again at once.
  std::chrono::milliseconds short_lived = std::chrono::seconds(1);
};

/// Keeps its owner informed of all objects of a list, for as long as it runs, whatever the server
/// does: drives a Watcher with a Client.
///
/// `on_event` is called on the client's executor, in order, and must not block or throw; objects
/// lie in wiping memory. `on_error` tells of trouble that the informer deals with itself (log it).
/// Threads: that of the client's executor. `random` must outlive it.
class Informer {
 public:
  using OnEvent = std::function<void(ObjectEvent)>;
  using OnError = std::function<void(const Error&)>;

  Informer(const Client& client, InformerOptions options, Random& random, OnEvent on_event,
           OnError on_error);
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;
  ~Informer();

  /// Runs until cancel(). The Informer must live until it returns. Call it once.
  [[nodiscard]] Awaitable<void> run();
  /// Lists everything again, whatever the watch says: the server's store went back in time. What is
  /// under way is broken off.
  void list_again() noexcept;
  /// Makes run() return soon, without another callback.
  void cancel() noexcept;
  /// True once the first list is complete.
  [[nodiscard]] bool ready() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla::kube
