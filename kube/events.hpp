// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"
#include "kube/object.hpp"

namespace bulla::kube {

/// What an Event is about (its involvedObject).
struct EventSubject {
  std::string api_version;
  std::string kind;
  ObjectKey key;
  std::string uid;
  std::string resource_version;
};

enum class EventType { normal, warning };

struct EventRecorderOptions {
  std::string component = "sealed-secrets";
  /// Tries of one Event, and the time between two. Only a server that does not answer is tried
  /// again: one that refuses an Event will go on refusing.
  unsigned tries_max = 12;
  std::chrono::milliseconds retry_after = std::chrono::seconds(10);
  /// Events remembered for counting repeats.
  std::size_t remembered_max = 4096;
};

/// Writes core v1 Events. A repeat (same subject, type, reason and message) raises the count of the
/// first one by PATCH and is not a new Event. Needs `create` and `patch` on events.
///
/// record() never waits and never fails: Events queue up to limits::events_waiting_max, more are
/// dropped and counted, those of the namespace that has the most before others. Threads: that of
/// the client's executor. `clock` and `random` must outlive it. Lifetime: until run() has returned.
class EventRecorder {
 public:
  EventRecorder(const Client& client, EventRecorderOptions options, const Clock& clock,
                Random& random);
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;
  ~EventRecorder();

  /// `reason` is one CamelCase word; `message` is cut at limits::event_message_bytes_max and must
  /// not hold secrets.
  void record(const EventSubject& subject, EventType type, std::string_view reason,
              std::string_view message);

  /// Sends what is queued, until stop().
  [[nodiscard]] Awaitable<void> run();
  /// Gives run() `deadline` to send what waits (each once), and then ends it.
  void stop(std::chrono::milliseconds deadline);
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bulla::kube
