// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json.hpp"

namespace bulla::test {

/// Where an object is kept. `resource` is the storage key of its resource: "secrets",
/// "sealedsecrets.bitnami.com". `ns` is empty for cluster-scoped objects.
struct ObjectId {
  std::string resource;
  std::string ns;
  std::string name;

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

enum class ChangeType { added, modified, deleted };

/// One step of the world's history.
struct Change {
  std::uint64_t version;
  ChangeType type;
  ObjectId id;
  ObjectPtr object;    ///< as it is now; for a deletion: as it last was, with this version
  ObjectPtr previous;  ///< null for an addition
};

/// All objects, one version counter for all of them, and the history of changes: what etcd is
/// to a real API server. Knows `metadata.resourceVersion`, `metadata.uid` and
/// `metadata.ownerReferences`, and nothing else of what it stores.
///
/// Limits:  remembers the last 100,000 changes; older ones count as compacted.
/// Threads: none of its own; the caller locks.
class Store {
 public:
  [[nodiscard]] std::uint64_t version() const { return version_; }

  [[nodiscard]] ObjectPtr find(const ObjectId& id) const;
  [[nodiscard]] bool has_uid(const std::string& uid) const { return by_uid_.contains(uid); }

  /// Adds or replaces, and stamps `metadata.resourceVersion` with the new version.
  ObjectPtr put(const ObjectId& id, Json object);

  /// Null when there is none.
  ObjectPtr erase(const ObjectId& id);

  /// The objects of a resource in order of namespace and name; of all namespaces when `ns` is
  /// empty.
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view resource, std::string_view ns) const;

  /// The same as it was at an earlier version; nothing when that has been compacted.
  [[nodiscard]] std::optional<std::vector<ObjectPtr>> list_at(std::string_view resource,
                                                              std::string_view ns,
                                                              std::uint64_t version) const;

  /// True when all changes after `version` are still known.
  [[nodiscard]] bool remembers(std::uint64_t version) const { return version >= forgotten_; }

  /// Changes of one resource after `version`, oldest first. Ask remembers() before.
  [[nodiscard]] std::vector<const Change*> changes_after(std::uint64_t version,
                                                         std::string_view resource) const;

  /// Forgets the history, as etcd's compaction does: watches from before now are refused.
  void compact();

  /// Objects with an ownerReference to this uid.
  [[nodiscard]] std::vector<ObjectId> dependents(const std::string& owner_uid) const;

  /// Every resource that holds at least one object.
  [[nodiscard]] std::set<std::string> resources() const;

 private:
  void record(ChangeType type, const ObjectId& id, ObjectPtr object, ObjectPtr previous);
  void index(const ObjectId& id, const Json& object, bool present);
  [[nodiscard]] std::map<ObjectId, ObjectPtr> range(std::string_view resource,
                                                    std::string_view ns) const;

  std::uint64_t version_ = 0;
  std::uint64_t forgotten_ = 0;
  std::map<ObjectId, ObjectPtr> objects_;
  std::unordered_map<std::string, ObjectId> by_uid_;
  std::map<std::string, std::set<ObjectId>> by_owner_uid_;
  std::deque<Change> history_;
};

/// Calls `visit` with the uid of every owner of the object.
void for_each_owner_uid(const Json& object, const std::function<void(const std::string&)>& visit);

}  // namespace bulla::test
