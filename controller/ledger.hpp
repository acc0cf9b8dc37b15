// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controller/fingerprint_table.hpp"
#include "kube/object.hpp"

namespace bulla {

/// How the last pass over a SealedSecret left it.
enum class State {
  unknown,   ///< a pass is due or under way: the queue holds it
  recorded,  ///< its status says that all was well: the list of Secrets will show whether it is
  synced,    ///< its Secret is right
  no_key,    ///< it did not decrypt: a new key or an edit can cure that
  broken,    ///< the object itself is wrong: only an edit can cure that
  not_ours,  ///< the Secret is somebody else's: that Secret can cure it, or an edit
  rejected,  ///< the API server or `immutable` refused the write: as above, or its rules change
};

/// One state of one Secret, by uid and resourceVersion; 0 is none.
using SecretVersion = std::uint64_t;
[[nodiscard]] SecretVersion version_of_secret(std::string_view uid,
                                              std::string_view resource_version);
[[nodiscard]] SecretVersion version_of_secret(const boost::json::value& secret);

/// Of what matters in a SealedSecret: uid, generation, our annotations, whether it is going.
[[nodiscard]] std::uint64_t digest_of_object(const boost::json::value& object);

/// What is remembered of each SealedSecret: enough to tell a change that matters from one that does
/// not, and never the object. About 200 bytes each.
///
/// It answers one question: does this news need a pass? Being wrong costs time, never correctness:
/// every pass looks at everything afresh. Pure; not thread-safe.
///
/// On a stand-by the answer is always no. It follows what the leader records instead, as if each
/// piece of news came from the first list of a restart, so that lead() finds little to do.
class Ledger {
 public:
  enum class Role { stands_by, leads };
  /// `repairs_drift`: whether a change of what was right is news. `additional_metadata`: the digest
  /// of what Secrets are to have besides now (see SyncRecord).
  explicit Ledger(bool repairs_drift = true, Role role = Role::leads,
                  std::string additional_metadata = {})
      : repairs_drift_(repairs_drift),
        role_(role),
        additional_metadata_(std::move(additional_metadata)) {}

  /// News may need passes from now on; for what came before see unsettled().
  void lead() noexcept { role_ = Role::leads; }
  [[nodiscard]] bool leads() const noexcept { return role_ == Role::leads; }

  /// Whether a status is taken at its word until the Secrets are listed.
  enum class Trust { status, nothing };
  /// A SealedSecret as a list or a watch shows it. True when a pass is needed: it is new, or
  /// something changed that we read: uid, generation, our annotations. A status is none of these;
  /// nor is a new object whose status records that all was well, if that may be trusted: see
  /// secret_is() and take_recorded().
  [[nodiscard]] bool sealed_secret_is(const boost::json::value& object,
                                      Trust trust = Trust::nothing);
  /// Whether the object's status says something else than we last wrote or were shown. Its times
  /// alone are nothing else. True once for each such status, and never on a stand-by.
  [[nodiscard]] bool status_is_foreign(const boost::json::value& object);
  void sealed_secret_gone(const kube::ObjectKey& key);
  /// The API server's store went back in time: generations and versions come again, for other
  /// contents. Whatever a list shows next needs a pass.
  void doubt_everything() noexcept;

  enum class SecretNews {
    none,
    differs,  ///< not what the status records, or not what it is to be now: a pass is needed
    free,     ///< it blocked us and now may not: a pass is needed
    drifted,  ///< somebody changed what was right: a pass repairs it
  };
  /// The metadata of a Secret, there or changed.
  [[nodiscard]] SecretNews secret_is(const boost::json::value& metadata);
  /// True when its absence needs a pass: it has to come back, or it was in the way.
  [[nodiscard]] bool secret_gone(const kube::ObjectKey& key);
  /// The Secrets of the namespace (empty: of all) are listed, or can't be: those whose records were
  /// not confirmed. Each needs a pass.
  [[nodiscard]] std::vector<kube::ObjectKey> take_recorded(std::string_view namespace_);
  /// Those of the namespace (empty: of all) that nothing vouches for, and the gone whose Secrets
  /// are still to be looked after: what a stand-by has to see to when it becomes the leader.
  [[nodiscard]] std::vector<kube::ObjectKey> unsettled(std::string_view namespace_) const;

  [[nodiscard]] bool knows(const kube::ObjectKey& key) const { return entries_.contains(key); }
  /// The uid of the SealedSecret; empty when there is none.
  [[nodiscard]] std::string uid_of(const kube::ObjectKey& key) const;
  /// digest_of_object() of the SealedSecret as it was shown last; 0 when there is none.
  [[nodiscard]] std::uint64_t digest_of(const kube::ObjectKey& key) const;

  /// The Secret that the last pass left right, if the object is still the same; else 0. Call it
  /// before pass_begins().
  [[nodiscard]] SecretVersion right_secret(const boost::json::value& object) const;
  /// The same, also when the Secret is known to have changed since.
  [[nodiscard]] SecretVersion once_right_secret(const boost::json::value& object) const;
  /// Whether that Secret's items are right, but not its metadata: it was written under other flags.
  /// Call it before pass_begins(), too.
  [[nodiscard]] bool is_under_other_flags(const kube::ObjectKey& key) const;
  /// A pass begins, with the object as read. Call it before reading the Secret.
  void pass_begins(const boost::json::value& object);
  /// The pass is about to write the object's status so: that news is no news.
  void expect(const boost::json::value& object);

  struct PassEnd {
    State state = State::unknown;
    /// The Secret that is right now, if it is ours to repair when it changes; else 0.
    SecretVersion secret = 0;
    std::vector<std::string> keys = {};  ///< that opened the items, if they were opened
  };
  /// The pass is over. True when another one is needed: the Secret that blocked it, or that it
  /// wrote, changed while the pass was looking.
  [[nodiscard]] bool pass_ended(const kube::ObjectKey& key, const PassEnd& end);
  /// How many passes in a row ended `rejected` since the object changed.
  [[nodiscard]] int rejections(const kube::ObjectKey& key) const;

  /// Those that a change of the keys may cure.
  [[nodiscard]] std::vector<kube::ObjectKey> waiting_for_keys() const;
  /// Every object of the namespace (empty: of all).
  [[nodiscard]] std::vector<kube::ObjectKey> keys_in(std::string_view namespace_) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// How many are as they should be.
  [[nodiscard]] std::size_t in_sync() const;

  /// The keys that there are. Whatever statuses name besides, there is room for these.
  void keys_are(const std::vector<std::string>& fingerprints);
  /// The sealing keys that the object depended on when it was last seen to.
  [[nodiscard]] std::vector<std::string> sealing_keys(const kube::ObjectKey& key) const;
  /// How many objects depend on each sealing key.
  [[nodiscard]] std::map<std::string, std::size_t> dependents() const;
  /// How many objects were not opened as they are now, so that nobody knows on which keys they
  /// depend (they may count for keys that they depended on before).
  [[nodiscard]] std::size_t unknown_dependents() const;
  /// How many objects depend on that one.
  [[nodiscard]] std::size_t dependents_of(const std::string& fingerprint) const;

  /// With --old-gc-behavior: the SealedSecrets that are gone, and whose Secrets are still to be
  /// looked after. Off until asked for.
  void remember_the_gone() { remembers_gone_ = true; }
  [[nodiscard]] std::optional<std::string> uid_of_gone(const kube::ObjectKey& key) const;
  void forget_the_gone(const kube::ObjectKey& key) { gone_.erase(key); }

 private:
  struct Entry {
    std::string uid;
    std::uint64_t digest = 0;     ///< of what matters in the object
    std::uint64_t looked_at = 0;  ///< the same, when the pass began, or as the record says
    std::uint64_t opened = 0;     ///< the same, when `keys` opened it
    std::uint64_t status = 0;     ///< of what its status says
    SecretVersion secret = 0;     ///< that is right; 0: not known, or not ours to repair
    SecretVersion seen = 0;       ///< the last one shown since the pass began
    std::vector<FingerprintTable::ShortName> keys;  ///< that it depends on
    State state = State::unknown;
    bool secret_changed = false;  ///< since the pass began
    bool under_other_flags = false;
    std::uint16_t rejections = 0;
  };
  void depends_on(Entry& entry, const std::vector<std::string>& fingerprints,
                  std::size_t has_room_for);
  void start_anew(Entry& entry);
  void follow(Entry& entry, const boost::json::value& object, Trust trust);

  bool repairs_drift_;
  Role role_;
  std::string additional_metadata_;
  std::unordered_map<kube::ObjectKey, Entry> entries_;
  FingerprintTable fingerprints_;
  std::vector<FingerprintTable::ShortName> our_keys_;
  bool remembers_gone_ = false;
  std::unordered_map<kube::ObjectKey, std::string> gone_;  ///< their uids
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
