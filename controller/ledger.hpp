// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kube/object.hpp"

namespace bulla {

/// How the last pass over a SealedSecret left it.
enum class State {
  unknown,   ///< a pass is due or under way: the queue holds it
  synced,    ///< its Secret is right
  no_key,    ///< it did not decrypt: a new key or an edit can cure that
  broken,    ///< the object itself is wrong: only an edit can cure that
  not_ours,  ///< the Secret is somebody else's: that Secret can cure it, or an edit
  rejected,  ///< the API server or `immutable` refused the write: as above
};

/// What is remembered of each SealedSecret: enough to tell a change that matters from one that does
/// not, and never the object. About 200 bytes each.
///
/// It answers one question: does this news need a pass? Being wrong costs time, never correctness:
/// every pass looks at everything afresh. Pure; not thread-safe.
class Ledger {
 public:
  /// A SealedSecret as a list or a watch shows it. True when a pass is needed: it is new, or
  /// something changed that we read: uid, generation, our annotations, what the status says.
  /// Our own status write coming back is none of these.
  [[nodiscard]] bool sealed_secret_is(const boost::json::value& object);
  void sealed_secret_gone(const kube::ObjectKey& key);

  /// The metadata of a Secret, there or changed. True when it blocked us and now may not.
  [[nodiscard]] bool secret_is(const boost::json::value& metadata);
  /// True when its absence needs a pass: it has to come back, or it was in the way.
  [[nodiscard]] bool secret_gone(const kube::ObjectKey& key);

  [[nodiscard]] bool knows(const kube::ObjectKey& key) const { return entries_.contains(key); }

  /// A pass begins, with the object as read. Call it before reading the Secret.
  void pass_begins(const boost::json::value& object);
  /// The pass is about to write the object's status so: that news is no news.
  void expect(const boost::json::value& object);
  /// The pass is over. True when another one is needed: the Secret that blocked it changed while
  /// the pass was looking.
  [[nodiscard]] bool pass_ended(const kube::ObjectKey& key, State state);

  /// Those that a change of the keys may cure.
  [[nodiscard]] std::vector<kube::ObjectKey> waiting_for_keys() const;
  /// Every object of the namespace (empty: of all).
  [[nodiscard]] std::vector<kube::ObjectKey> keys_in(std::string_view namespace_) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string uid;
    std::uint64_t digest = 0;  ///< of what matters in the object
    State state = State::unknown;
    bool secret_changed = false;  ///< since the pass began
  };
  std::unordered_map<kube::ObjectKey, Entry> entries_;
};

/// The names that a list showed, to find out afterwards what it did not show.
class Roll {
 public:
  void begin() { seen_.clear(); }
  void saw(kube::ObjectKey key) { seen_.insert(std::move(key)); }
  /// Those of `known` that were not seen; forgets the list.
  [[nodiscard]] std::vector<kube::ObjectKey> missing(const std::vector<kube::ObjectKey>& known);

 private:
  std::unordered_set<kube::ObjectKey> seen_;
};

}  // namespace bulla
