// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bulla::test {

/// Listens on a port of 127.0.0.1 and gives each connection to a function, on a thread of its own;
/// what the function returns from is closed. The destructor breaks all connections off and waits
/// for the threads: let it run before what the function uses is gone.
class LoopbackListener {
 public:
  using Serve = std::function<void(int connection)>;
  explicit LoopbackListener(Serve serve);
  ~LoopbackListener();
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// How many there have been.
  [[nodiscard]] std::size_t connections() const;

 private:
  void run();

  Serve serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> workers_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace bulla::test
