// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "server_state.hpp"

namespace bulla::test {

/// The port and the thread that serves it. Constructing it listens; destroying it closes the
/// port, cuts every connection and joins the thread. `state` must outlive it.
/// Threads: the members may be called from any thread.
class Listener {
 public:
  /// Throws std::runtime_error when the port cannot be had.
  Listener(ServerState& state, std::uint16_t port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Something changed: watches look for events, held requests for their release, and garbage
  /// is collected.
  void wake();
  void close_watches(bool mid_line);
  void send_bookmarks();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla::test
