// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "catalogue.hpp"
#include "representation.hpp"
#include "request.hpp"
#include "selectors.hpp"
#include "store.hpp"
#include "timestamps.hpp"

namespace bulla::test {

/// What a write answers: 200 or 201, the object (or a Status), and what to warn of.
struct Written {
  int code = 200;
  ObjectPtr object;
  ResourcePtr resource = nullptr;  ///< null when `object` is a Status
  std::vector<std::string> warnings = {};
};

/// Where a watch stands. Value type; keep it between calls of Cluster::next_events().
struct WatchCursor {
  ResourcePtr resource;
  std::string ns;
  Selector selector;
  std::uint64_t version = 0;       ///< everything up to here has been told
  std::vector<ObjectPtr> initial;  ///< to be told as ADDED before anything else
  bool streams_list = false;       ///< sendInitialEvents: mark their end with a bookmark
};

struct WatchEvent {
  std::string type;  ///< ADDED, MODIFIED, DELETED, BOOKMARK
  ObjectPtr object;
};

/// The rules of the Kubernetes API over a Store, without HTTP: namespaces, resourceVersion
/// conflicts, generation, the status subresource, pruning and validation, finalizers, CRDs,
/// garbage collection.
///
/// Threads: safe for concurrent use. The change listener is called without the lock held, on
/// the thread that made the change.
class Cluster {
 public:
  struct Options {
    WallClock now = std::chrono::system_clock::now;
    std::uint64_t seed = 0;       ///< of uids and generated names; 0 draws one
    bool collect_garbage = true;  ///< delete what all owners of are gone
  };
  explicit Cluster(Options options);

  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

  // ---- what requests ask for; `info` names a resource ----

  [[nodiscard]] Answer<ResourcePtr> resource_of(const RequestInfo& info) const;
  [[nodiscard]] Answer<ObjectPtr> get(const RequestInfo& info) const;
  [[nodiscard]] Answer<Listing> list(const RequestInfo& info) const;
  [[nodiscard]] Answer<Written> create(const RequestInfo& info);
  [[nodiscard]] Answer<Written> update(const RequestInfo& info);
  [[nodiscard]] Answer<Written> patch(const RequestInfo& info);
  [[nodiscard]] Answer<Written> remove(const RequestInfo& info);
  [[nodiscard]] Answer<Listing> remove_collection(const RequestInfo& info);

  [[nodiscard]] Answer<WatchCursor> open_watch(const RequestInfo& info) const;
  /// What happened since the last call; 410 when that has been compacted meanwhile.
  [[nodiscard]] Answer<std::vector<WatchEvent>> next_events(WatchCursor& cursor) const;
  /// The store went back in time below it.
  [[nodiscard]] bool is_in_the_future(const WatchCursor& cursor) const;
  /// A bookmark for the place where the cursor stands.
  [[nodiscard]] static WatchEvent bookmark(const WatchCursor& cursor);

  /// Deletes the dependents of owners that are gone. Called by the server in the background.
  void collect_garbage();

  // ---- the world as tests see it: no admission, no faults ----

  [[nodiscard]] std::vector<ResourcePtr> resources() const;
  [[nodiscard]] ObjectPtr peek(std::string_view resource, std::string_view ns,
                               std::string_view name) const;
  [[nodiscard]] std::vector<ObjectPtr> peek_all(std::string_view resource,
                                                std::string_view ns) const;
  /// Stores the object as it is, valid or not; only missing identity (uid, creationTimestamp,
  /// generation), the defaults of its kind and a missing namespace are made up. Throws
  /// std::invalid_argument when apiVersion and kind name nothing that is served, or the name is
  /// missing.
  ObjectPtr place(Json object);
  /// Takes an object away, finalizers or not; null when there was none.
  ObjectPtr take(std::string_view resource, std::string_view ns, std::string_view name);
  void compact();
  void clear();
  [[nodiscard]] Store snapshot() const;
  /// As etcd restored from a snapshot: objects and versions are those of then.
  void restore(Store snapshot);
  [[nodiscard]] std::uint64_t version() const;
  [[nodiscard]] WallTime now() const { return options_.now(); }

 private:
  using Edit = std::function<Answer<Json>(const Json& current)>;

  [[nodiscard]] static ObjectId id_of(const Resource& resource, std::string_view ns,
                                      std::string_view name);
  [[nodiscard]] Answer<Json> admitted(Json object, const RequestInfo& info,
                                      const Resource& resource,
                                      std::vector<std::string>& warnings) const;
  [[nodiscard]] std::optional<ApiError> refused_by_namespace(const RequestInfo& info,
                                                             const Resource& resource,
                                                             const std::string& name) const;
  [[nodiscard]] Answer<Written> edit(const RequestInfo& info, const Edit& make);
  [[nodiscard]] Answer<ObjectPtr> replace(const ObjectId& id, const Json& old, Json next,
                                          const RequestInfo& info, const Resource& resource);
  void give_identity(Json& object, const Resource& resource);
  ObjectPtr commit(const ObjectId& id, Json object, const Resource& resource);
  ObjectPtr erase(const ObjectId& id);
  [[nodiscard]] Answer<Written> remove_one(const ObjectId& id, const Resource& resource,
                                           const RequestInfo& info);
  void release_dependents(const std::string& owner_uid);
  void make_initial_namespaces();
  void notify() const;
  [[nodiscard]] std::string random_uid();
  [[nodiscard]] std::string random_suffix();
  [[nodiscard]] bool lost_all_owners(const Json& object) const;

  Options options_;
  std::function<void()> listener_;
  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  Catalogue catalogue_;
  Store store_;
  std::mt19937_64 random_;
  std::vector<ObjectId> orphan_suspects_;  ///< may have lost their owners since the last collection
};

}  // namespace bulla::test
