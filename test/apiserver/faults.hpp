// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api_error.hpp"
#include "request.hpp"

namespace bulla::test {

/// What a fault applies to. Empty members match everything.
struct FaultMatch {
  std::string verb = {};      ///< get list watch create update patch delete deletecollection
  std::string resource = {};  ///< as in RBAC: "secrets", "sealedsecrets/status"
  std::string ns = {};
  std::string name = {};
  std::string user = {};

  [[nodiscard]] bool matches(const RequestInfo& info) const;
};

/// One thing that goes wrong. Make one with a factory below, narrow it with designated members:
///
///     auto fault = Fault::error(429, {.verb = "update", .resource = "secrets"});
///     fault.count = 3;
///     fault.retry_after_s = 1;
///     server.inject(fault);
struct Fault {
  enum class Kind {
    error,              ///< answered with `code`; nothing is done
    forbid,             ///< RBAC says no: 403 with the real words
    delay,              ///< works, after `delay`
    hold,               ///< waits until the fault is cleared, then works
    close,              ///< connection closed before anything is done
    commit_then_close,  ///< done, but the answer is never sent
    // For watches; they strike after `after_events` events were delivered:
    cut,             ///< the stream ends cleanly
    cut_mid_line,    ///< half an event, then the connection is closed
    silence,         ///< open, and never says anything again
    malformed_line,  ///< a line that is no JSON; then it goes on
    expire,          ///< an ERROR event with code 410; then the stream ends
    // For watches, from their start:
    duplicate_events,  ///< each event comes twice
    split_chunks,      ///< each event is cut into two HTTP chunks
    no_bookmarks,      ///< none, whatever the client asked for
  };
  static constexpr int forever = -1;

  Kind kind = Kind::error;
  FaultMatch match = {};
  int count = 1;         ///< how many requests it strikes, or `forever`
  int skip = 0;          ///< how many matching requests pass before the first one is struck
  int after_events = 0;  ///< watches only
  std::chrono::milliseconds delay{0};
  int code = 500;
  std::string reason = {};   ///< empty: what a real server says with `code`
  std::string message = {};  ///< empty: the same
  std::optional<int> retry_after_s = {};

  [[nodiscard]] static Fault of(Kind kind, FaultMatch match = {});
  [[nodiscard]] static Fault error(int code, FaultMatch match = {});
  /// Refuses for ever, as a missing RBAC rule does.
  [[nodiscard]] static Fault forbid(FaultMatch match);
};

/// A fault that strikes, and the id under which it was injected.
struct Strike {
  std::uint64_t id;
  Fault fault;
};

/// The faults that are in force. Threads: safe for concurrent use.
class Faults {
 public:
  std::uint64_t inject(Fault fault);
  void clear();
  void clear(std::uint64_t id);
  [[nodiscard]] bool is_in_force(std::uint64_t id) const;
  /// How often a fault has struck a request.
  [[nodiscard]] std::size_t strikes() const;

  /// Every fault that strikes this request, each counted down by one.
  [[nodiscard]] std::vector<Strike> take(const RequestInfo& info);
  /// True when a `forbid` would refuse this request; nothing is counted.
  [[nodiscard]] bool forbids(const RequestInfo& info) const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::size_t strikes_ = 0;
  std::vector<Strike> faults_;
};

/// The error answer of an `error` or `forbid` fault to this request.
[[nodiscard]] ApiError error_of(const Fault& fault, const RequestInfo& info);

}  // namespace bulla::test
