// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <cstdio>
#include <stdexcept>
#include <utility>

#include "schema.hpp"

namespace bulla::test {

namespace {

// What a real server fills in, in objects that reach the store by whatever way.
void set_defaults(JsonObject& object, const Resource& resource) {
  if (resource.custom) {
    if (resource.schema) add_defaults(object, *resource.schema);
    return;
  }
  if (object.contains("status")) return;
  if (resource.plural == "secrets" && text_at(object, "type").empty()) object["type"] = "Opaque";
  if (resource.kind == "Namespace") {
    object["spec"] = JsonObject{{"finalizers", JsonArray{"kubernetes"}}};
    object["status"] = JsonObject{{"phase", "Active"}};
  } else if (resource.kind == "Pod") {
    object["status"] = JsonObject{{"phase", "Pending"}};
  } else if (resource.kind == "Service") {
    object["status"] = JsonObject{{"loadBalancer", JsonObject{}}};
  }
}

// kubectl waits for these before it uses a new resource.
void establish(JsonObject& definition, const std::string& now) {
  const auto condition = [&](std::string_view type, std::string_view reason) {
    return JsonObject{{"type", type},
                      {"status", "True"},
                      {"reason", reason},
                      {"message", ""},
                      {"lastTransitionTime", now}};
  };
  JsonObject& status = object_in(definition, "status");
  if (!status.contains("conditions")) {
    status["conditions"] = JsonArray{condition("NamesAccepted", "NoConflicts"),
                                     condition("Established", "InitialNamesAccepted")};
  }
  status["acceptedNames"] = object_in(object_in(definition, "spec"), "names");
  JsonArray stored;
  if (const Json* versions = definition["spec"].get_object().if_contains("versions")) {
    for (const Json& version : versions->as_array()) {
      const Json* storage = find(version, "storage");
      if (storage && *storage == Json(true)) stored.push_back(Json(text_at(version, "name")));
    }
  }
  status["storedVersions"] = std::move(stored);
}

}  // namespace

Cluster::Cluster(Options options)
    : options_(std::move(options)),
      random_(options_.seed != 0 ? options_.seed : std::random_device{}()) {
  make_initial_namespaces();
}

void Cluster::make_initial_namespaces() {
  for (const auto name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    place(JsonObject{
        {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", JsonObject{{"name", name}}}});
  }
}

ObjectId Cluster::id_of(const Resource& resource, std::string_view ns, std::string_view name) {
  return {resource.key(), resource.namespaced ? std::string(ns) : "", std::string(name)};
}

void Cluster::notify() const {
  if (listener_) listener_();
}

std::string Cluster::random_uid() {
  // A version 4 UUID (RFC 4122 section 4.4).
  const std::uint64_t high = (random_() & 0xffffffffffff0fffU) | 0x4000U;
  const std::uint64_t low = (random_() & 0x3fffffffffffffffU) | 0x8000000000000000U;
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32U), static_cast<unsigned>(high >> 16U & 0xffffU),
                static_cast<unsigned>(high & 0xffffU), static_cast<unsigned>(low >> 48U),
                static_cast<unsigned long long>(low & 0xffffffffffffU));
  return text;
}

std::string Cluster::random_suffix() {
  constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += letters[random_() % letters.size()];
  return suffix;
}

void Cluster::give_identity(Json& object, const Resource& resource) {
  JsonObject& metadata = object_in(object.as_object(), "metadata");
  if (text_at(metadata, "uid").empty()) metadata["uid"] = random_uid();
  if (text_at(metadata, "creationTimestamp").empty()) {
    metadata["creationTimestamp"] = to_rfc3339(options_.now());
  }
  if (resource.counts_generation && !metadata.contains("generation")) metadata["generation"] = 1;
  if (resource.kind == "Namespace" && !resource.custom) {
    object_in(metadata, "labels")["kubernetes.io/metadata.name"] = text_at(metadata, "name");
  }
  set_defaults(object.as_object(), resource);
}

ObjectPtr Cluster::commit(const ObjectId& id, Json object, const Resource& resource) {
  const bool defines = resource.kind == "CustomResourceDefinition" && !resource.custom;
  if (defines) establish(object.as_object(), to_rfc3339(options_.now()));
  ObjectPtr stored = store_.put(id, std::move(object));
  if (defines) catalogue_.serve(*stored);
  if (lost_all_owners(*stored)) orphan_suspects_.push_back(id);
  return stored;
}

ObjectPtr Cluster::erase(const ObjectId& id) {
  ObjectPtr last = store_.erase(id);
  if (!last) return nullptr;
  for (auto& dependent : store_.dependents(text_at(*last, "metadata.uid"))) {
    orphan_suspects_.push_back(std::move(dependent));
  }
  const auto erase_all = [this](const std::string& resource, const std::string& ns) {
    for (const auto& object : store_.list(resource, ns)) {
      erase({resource, text_at(*object, "metadata.namespace"), text_at(*object, "metadata.name")});
    }
  };
  if (id.resource == "namespaces") {
    for (const auto& resource : store_.resources()) {
      const auto type = catalogue_.named(resource);
      if (type && type->namespaced) erase_all(resource, id.name);
    }
  } else if (id.resource == "customresourcedefinitions.apiextensions.k8s.io") {
    erase_all(id.name, "");
    catalogue_.withdraw(*last);
  }
  return last;
}

bool Cluster::lost_all_owners(const Json& object) const {
  bool has_owners = false;
  bool some_owner_lives = false;
  for_each_owner_uid(object, [&](const std::string& uid) {
    has_owners = true;
    some_owner_lives = some_owner_lives || store_.has_uid(uid);
  });
  return has_owners && !some_owner_lives;
}

void Cluster::collect_garbage() {
  bool changed = false;
  {
    const std::scoped_lock lock(mutex_);
    if (!options_.collect_garbage) return;
    while (!orphan_suspects_.empty()) {
      const auto suspects = std::exchange(orphan_suspects_, {});
      for (const auto& id : suspects) {
        const auto object = store_.find(id);
        if (!object || !lost_all_owners(*object)) continue;
        erase(id);
        changed = true;
      }
    }
  }
  if (changed) notify();
}

std::vector<ResourcePtr> Cluster::resources() const {
  const std::scoped_lock lock(mutex_);
  return catalogue_.all();
}

ObjectPtr Cluster::peek(std::string_view resource, std::string_view ns,
                        std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto type = catalogue_.named(resource);
  return type ? store_.find(id_of(*type, ns, name)) : nullptr;
}

std::vector<ObjectPtr> Cluster::peek_all(std::string_view resource, std::string_view ns) const {
  const std::scoped_lock lock(mutex_);
  const auto type = catalogue_.named(resource);
  return type ? store_.list(type->key(), ns) : std::vector<ObjectPtr>{};
}

ObjectPtr Cluster::place(Json object) {
  const auto name = text_at(object, "metadata.name");
  auto ns = text_at(object, "metadata.namespace");
  ObjectPtr stored;
  {
    const std::scoped_lock lock(mutex_);
    const auto resource = catalogue_.of_object(object);
    if (!resource || name.empty()) {
      throw std::invalid_argument("an object of a served kind with a name is needed, not " +
                                  boost::json::serialize(object));
    }
    JsonObject& metadata = object_in(object.as_object(), "metadata");
    if (resource->namespaced && ns.empty()) metadata["namespace"] = ns = "default";
    const ObjectId id = id_of(*resource, ns, name);
    if (const auto old = store_.find(id)) {
      for (const auto field : {"uid", "creationTimestamp"}) {
        if (!metadata.contains(field))
          metadata[field] = text_at(*old, "metadata." + std::string(field));
      }
    }
    if (resource->namespaced && !store_.find({"namespaces", "", ns})) {
      const auto type = catalogue_.named("namespaces");
      Json home = JsonObject{
          {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", JsonObject{{"name", ns}}}};
      give_identity(home, *type);
      commit({"namespaces", "", ns}, std::move(home), *type);
    }
    give_identity(object, *resource);
    stored = commit(id, std::move(object), *resource);
  }
  notify();
  return stored;
}

ObjectPtr Cluster::take(std::string_view resource, std::string_view ns, std::string_view name) {
  ObjectPtr last;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto type = catalogue_.named(resource)) last = erase(id_of(*type, ns, name));
  }
  if (last) notify();
  return last;
}

void Cluster::compact() {
  {
    const std::scoped_lock lock(mutex_);
    store_.compact();
  }
  notify();
}

void Cluster::clear() {
  {
    const std::scoped_lock lock(mutex_);
    store_ = Store();
    catalogue_ = Catalogue();
    orphan_suspects_.clear();
  }
  make_initial_namespaces();
}

Store Cluster::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return store_;
}

void Cluster::restore(Store snapshot) {
  {
    const std::scoped_lock lock(mutex_);
    store_ = std::move(snapshot);
    // A restored etcd has no history.
    store_.compact();
    orphan_suspects_.clear();
  }
  notify();
}

std::uint64_t Cluster::version() const {
  const std::scoped_lock lock(mutex_);
  return store_.version();
}

}  // namespace bulla::test
