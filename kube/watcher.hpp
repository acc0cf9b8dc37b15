// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kube/watch_types.hpp"

namespace bulla::kube {

/// What a watcher tells its owner. Between `init` and `init_done` comes everything that is there
/// now: what the owner knew and does not hear of was deleted meanwhile.
struct ObjectEvent {
  enum class Kind { init, init_apply, init_done, apply, remove };
  Kind kind = Kind::init;
  boost::json::value object = {};  ///< of init_apply, apply and remove (as it last was)
};

/// List, then watch, and list again when the server forgot: as a state machine without sockets and
/// without a clock. Feed it what happened; it answers with what to tell and what to do next.
///
/// Threads: none of its own. See docs: states Empty, Listing, Listed and Watching.
class Watcher {
 public:
  enum class Action {
    list,        ///< ask for the page at `continue_token` (empty: the first)
    watch,       ///< start a watch at `resource_version`
    next_event,  ///< read on
  };
  struct Step {
    std::vector<ObjectEvent> events = {};
    Action action = Action::list;
    bool after_backoff = false;         ///< wait before acting
    std::string continue_token = {};    ///< for list
    std::string resource_version = {};  ///< for watch
    std::vector<Error> errors = {};     ///< to be logged; nothing else to do about them
  };

  [[nodiscard]] Step start();
  [[nodiscard]] Step page_arrived(ListPage page);
  [[nodiscard]] Step list_failed(Error error);
  [[nodiscard]] Step watch_started();
  [[nodiscard]] Step watch_refused(Error error);
  [[nodiscard]] Step event_arrived(WatchEvent event);
  /// A line that was no watch event.
  [[nodiscard]] Step event_unreadable(Error error);
  /// End of stream, connection lost or idle for too long. `short_lived`: it lasted less than a
  /// second.
  [[nodiscard]] Step watch_ended(bool short_lived);

 private:
  enum class State { empty, listing, listed, watching };
  [[nodiscard]] Step list_again(bool after_backoff);
  [[nodiscard]] Step watch_again(bool after_backoff);
  [[nodiscard]] Step watch_error(const boost::json::value& status);

  State state_ = State::empty;
  std::string resource_version_;
  unsigned refused_in_a_row_ = 0;
  unsigned gone_in_a_row_ = 0;
  bool brought_something_ = false;  ///< this watch delivered at least one event
};

}  // namespace bulla::kube
