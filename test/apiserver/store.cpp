// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <algorithm>
#include <utility>

namespace bulla::test {

namespace {

constexpr std::size_t history_changes_max = 100'000;

ObjectPtr stamped(Json object, std::uint64_t version) {
  JsonObject& metadata = object_in(object.as_object(), "metadata");
  metadata["resourceVersion"] = std::to_string(version);
  return std::make_shared<const Json>(std::move(object));
}

bool is_in(const ObjectId& id, std::string_view resource, std::string_view ns) {
  return id.resource == resource && (ns.empty() || id.ns == ns);
}

}  // namespace

void for_each_owner_uid(const Json& object, const std::function<void(const std::string&)>& visit) {
  const Json* owners = find(object, "metadata.ownerReferences");
  if (!owners || !owners->is_array()) return;
  for (const Json& owner : owners->get_array()) visit(text_at(owner, "uid"));
}

ObjectPtr Store::find(const ObjectId& id) const {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : found->second;
}

ObjectPtr Store::put(const ObjectId& id, Json object) {
  ++version_;
  ObjectPtr& slot = objects_[id];
  ObjectPtr previous = std::exchange(slot, stamped(std::move(object), version_));
  if (previous) index(id, *previous, false);
  index(id, *slot, true);
  record(previous ? ChangeType::modified : ChangeType::added, id, slot, previous);
  return slot;
}

ObjectPtr Store::erase(const ObjectId& id) {
  const auto found = objects_.find(id);
  if (found == objects_.end()) return nullptr;
  ++version_;
  ObjectPtr previous = std::move(found->second);
  objects_.erase(found);
  index(id, *previous, false);
  ObjectPtr last = stamped(Json(*previous), version_);
  record(ChangeType::deleted, id, last, std::move(previous));
  return last;
}

void Store::record(ChangeType type, const ObjectId& id, ObjectPtr object, ObjectPtr previous) {
  history_.push_back({version_, type, id, std::move(object), std::move(previous)});
  if (history_.size() <= history_changes_max) return;
  forgotten_ = history_.front().version;
  history_.pop_front();
}

void Store::index(const ObjectId& id, const Json& object, bool present) {
  const auto uid = text_at(object, "metadata.uid");
  if (present) {
    by_uid_[uid] = id;
  } else {
    by_uid_.erase(uid);
  }
  for_each_owner_uid(object, [&](const std::string& owner) {
    auto& dependents = by_owner_uid_[owner];
    if (present) {
      dependents.insert(id);
    } else {
      dependents.erase(id);
    }
    if (dependents.empty()) by_owner_uid_.erase(owner);
  });
}

std::map<ObjectId, ObjectPtr> Store::range(std::string_view resource, std::string_view ns) const {
  std::map<ObjectId, ObjectPtr> found;
  auto at = objects_.lower_bound({std::string(resource), std::string(ns), ""});
  for (; at != objects_.end() && is_in(at->first, resource, ns); ++at) {
    found.emplace_hint(found.end(), *at);
  }
  return found;
}

std::vector<ObjectPtr> Store::list(std::string_view resource, std::string_view ns) const {
  std::vector<ObjectPtr> objects;
  auto at = objects_.lower_bound({std::string(resource), std::string(ns), ""});
  for (; at != objects_.end() && is_in(at->first, resource, ns); ++at) {
    objects.push_back(at->second);
  }
  return objects;
}

std::optional<std::vector<ObjectPtr>> Store::list_at(std::string_view resource, std::string_view ns,
                                                     std::uint64_t version) const {
  if (!remembers(version)) return std::nullopt;
  auto objects = range(resource, ns);
  for (auto change = history_.rbegin(); change != history_.rend(); ++change) {
    if (change->version <= version) break;
    if (!is_in(change->id, resource, ns)) continue;
    if (change->previous) {
      objects[change->id] = change->previous;
    } else {
      objects.erase(change->id);
    }
  }
  std::vector<ObjectPtr> listed;
  for (auto& entry : objects) listed.push_back(std::move(entry.second));
  return listed;
}

std::vector<const Change*> Store::changes_after(std::uint64_t version,
                                                std::string_view resource) const {
  auto at = std::upper_bound(
      history_.begin(), history_.end(), version,
      [](std::uint64_t asked, const Change& change) { return asked < change.version; });
  std::vector<const Change*> changes;
  for (; at != history_.end(); ++at) {
    if (at->id.resource == resource) changes.push_back(&*at);
  }
  return changes;
}

void Store::compact() {
  history_.clear();
  forgotten_ = version_;
}

std::vector<ObjectId> Store::dependents(const std::string& owner_uid) const {
  const auto found = by_owner_uid_.find(owner_uid);
  if (found == by_owner_uid_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::set<std::string> Store::resources() const {
  std::set<std::string> names;
  for (const auto& entry : objects_) names.insert(entry.first.resource);
  return names;
}

}  // namespace bulla::test
