// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "cluster.hpp"
#include "patch.hpp"
#include "schema.hpp"
#include "validation.hpp"

namespace bulla::test {

namespace {

constexpr std::size_t json_depth_max = 256;  // CRD schemas nest deep

Answer<Json> parse_body(const std::string& body) {
  boost::json::parse_options options;
  options.max_depth = json_depth_max;
  boost::system::error_code bad;
  Json value = boost::json::parse(body, bad, {}, options);
  if (bad) {
    return bad_request("couldn't get version/kind; json parse error: " + bad.message());
  }
  return Answer<Json>(boost::system::in_place_value, std::move(value));
}

bool is_dry_run(const RequestInfo& info) { return info.parameter("dryRun") == "All"; }

std::optional<ApiError> check_address(const Json& object, const RequestInfo& info,
                                      const Resource& resource) {
  const auto api_version = text_at(object, "apiVersion");
  if (!api_version.empty() && api_version != resource.api_version()) {
    return bad_request("the API version in the data (" + api_version +
                       ") does not match the expected API version (" + resource.api_version() +
                       ")");
  }
  const auto kind = text_at(object, "kind");
  if (!kind.empty() && kind != resource.kind) {
    return bad_request(kind + " in version \"" + resource.version + "\" cannot be handled as a " +
                       resource.kind);
  }
  const auto ns = text_at(object, "metadata.namespace");
  if (!ns.empty() && resource.namespaced && ns != info.ns) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  const auto name = text_at(object, "metadata.name");
  if (!info.name.empty() && name != info.name) {
    return bad_request("the name of the object (" + name +
                       ") does not match the name on the URL (" + info.name + ")");
  }
  return std::nullopt;
}

void copy_member(JsonObject& to, const JsonObject& from, std::string_view key) {
  const Json* value = from.if_contains(key);
  if (value) {
    to[key] = *value;
  } else {
    to.erase(key);
  }
}

// True when something else than metadata and status differs.
bool spec_differs(const Json& a, const Json& b) {
  const auto rest = [](const Json& object) {
    JsonObject members = object.as_object();
    members.erase("metadata");
    members.erase("status");
    return members;
  };
  return rest(a) != rest(b);
}

std::optional<ApiError> check_preconditions(const Json& options, const Json& object,
                                            const Subject& subject) {
  for (const auto& [field, name] :
       {std::pair{"uid", "UID"}, std::pair{"resourceVersion", "ResourceVersion"}}) {
    const auto wanted = text_at(options, "preconditions." + std::string(field));
    const auto actual = text_at(object, "metadata." + std::string(field));
    if (!wanted.empty() && wanted != actual) {
      return conflict(subject, "Precondition failed: " + std::string(name) + " in precondition: " +
                                   wanted + ", " + name + " in object meta: " + actual);
    }
  }
  return std::nullopt;
}

/// Who wrote the status, where the client says so; not which fields.
void note_manager(JsonObject& metadata, const std::string& manager, const std::string& now) {
  if (manager.empty()) return;
  Json& all = metadata["managedFields"];
  if (!all.is_array()) all = JsonArray{};
  JsonArray entries;
  for (const Json& entry : all.as_array()) {
    if (text_at(entry, "manager") != manager) entries.push_back(entry);
  }
  entries.push_back(JsonObject{
      {"manager", manager}, {"operation", "Update"}, {"subresource", "status"}, {"time", now}});
  all = std::move(entries);
}

}  // namespace

Answer<Json> Cluster::admitted(Json object, const RequestInfo& info, const Resource& resource,
                               std::vector<std::string>& warnings) const {
  if (!object.is_object()) return bad_request("the object provided is unrecognized");
  if (auto error = check_address(object, info, resource)) return *error;
  object.get_object()["apiVersion"] = resource.api_version();
  object.get_object()["kind"] = resource.kind;
  if (auto error = normalise(object, resource)) return *error;
  JsonObject& metadata = object_in(object.get_object(), "metadata");
  if (resource.namespaced) {
    metadata["namespace"] = info.ns;
  } else {
    metadata.erase("namespace");
  }
  if (!resource.schema) return Answer<Json>(boost::system::in_place_value, std::move(object));

  const auto validation = info.parameter("fieldValidation");
  std::string unknown;
  for (const auto& path : prune(object, *resource.schema)) {
    const auto text = "unknown field \"" + path + "\"";
    unknown += (unknown.empty() ? "" : ", ") + text;
    if (validation != "Ignore") warnings.push_back(text);
  }
  if (validation == "Strict" && !unknown.empty()) {
    return bad_request(resource.kind + " in version \"" + resource.version +
                       "\" cannot be handled as a " + resource.kind +
                       ": strict decoding error: " + unknown);
  }
  prune_nulls(object, *resource.schema);
  return Answer<Json>(boost::system::in_place_value, std::move(object));
}

/// As the admission plug-in NamespaceLifecycle.
std::optional<ApiError> Cluster::refused_by_namespace(const RequestInfo& info,
                                                      const Resource& resource,
                                                      const std::string& name) const {
  const auto home = resource.namespaced ? store_.find({"namespaces", "", info.ns}) : nullptr;
  if (!home || text_at(*home, "metadata.deletionTimestamp").empty()) return std::nullopt;
  ApiError error{403, "Forbidden", "", {}, {}};
  error.message = info.resource + " \"" + name +
                  "\" is forbidden: unable to create new content in namespace " + info.ns +
                  " because it is being terminated";
  error.details["name"] = name;
  error.details["kind"] = info.resource;
  error.details["causes"] =
      JsonArray{JsonObject{{"reason", "NamespaceTerminating"},
                           {"message", "namespace " + info.ns + " is being terminated"},
                           {"field", "metadata.namespace"}}};
  return error;
}

Answer<Written> Cluster::create(const RequestInfo& info) {
  const auto found = resource_of(info);
  if (!found) return found.error();
  const Resource& resource = **found;
  if (!info.name.empty()) return method_not_allowed();
  const auto body = parse_body(info.body);
  if (!body) return body.error();

  Written written{201, nullptr, *found};
  {
    const std::scoped_lock lock(mutex_);
    auto object = admitted(*body, info, resource, written.warnings);
    if (!object) return object.error();
    JsonObject& metadata = object_in(object->as_object(), "metadata");
    const auto prefix = text_at(*object, "metadata.generateName");
    if (!metadata.contains("name") && !prefix.empty()) metadata["name"] = prefix + random_suffix();
    if (metadata.contains("resourceVersion")) {
      return ApiError{
          500, "", "resourceVersion should not be set on objects to be created", {}, {}};
    }
    if (resource.namespaced && !store_.find({"namespaces", "", info.ns})) {
      return not_found(catalogue_.named("namespaces")->subject(info.ns));
    }
    if (auto error = refused_by_namespace(info, resource, text_at(*object, "metadata.name")))
      return *error;
    for (const auto field : {"uid", "creationTimestamp", "deletionTimestamp", "generation"}) {
      metadata.erase(field);
    }
    const auto name = text_at(*object, "metadata.name");
    // What the status subresource owns cannot be set here.
    if (resource.has_status) object->as_object().erase("status");
    if (const auto errors = validate(*object, nullptr, resource); !errors.empty()) {
      return invalid(resource.subject(name), errors);
    }
    const ObjectId id = id_of(resource, info.ns, name);
    if (store_.find(id)) {
      auto error = already_exists(resource.subject(name));
      // So say today's API servers whenever generateName is set, even beside a name. Older ones,
      // such as 1.20, answer 500, "please try again".
      if (!prefix.empty())
        error.message += ", the server was not able to generate a unique name for the object";
      return error;
    }
    give_identity(*object, resource);
    if (is_dry_run(info)) {
      written.object = std::make_shared<const Json>(*object);
      return written;
    }
    written.object = commit(id, std::move(*object), resource);
  }
  notify();
  return written;
}

Answer<Written> Cluster::edit(const RequestInfo& info, const Edit& make) {
  const auto found = resource_of(info);
  if (!found) return found.error();
  const Resource& resource = **found;
  if (info.name.empty()) return method_not_allowed();
  if (!info.subresource.empty() && info.subresource != "status") return no_such_path();

  Written written{200, nullptr, *found};
  {
    const std::scoped_lock lock(mutex_);
    const ObjectId id = id_of(resource, info.ns, info.name);
    const auto old = store_.find(id);
    if (!old) return not_found(resource.subject(info.name));
    auto wanted = make(*old);
    if (!wanted) return wanted.error();
    auto next = admitted(std::move(*wanted), info, resource, written.warnings);
    if (!next) return next.error();
    const auto replaced = replace(id, *old, std::move(*next), info, resource);
    if (!replaced) return replaced.error();
    written.object = *replaced;
    if (written.object == old) return written;
  }
  notify();
  return written;
}

Answer<ObjectPtr> Cluster::replace(const ObjectId& id, const Json& old, Json next,
                                   const RequestInfo& info, const Resource& resource) {
  const auto subject = resource.subject(id.name);
  const auto version = text_at(next, "metadata.resourceVersion");
  if (version.empty() && !resource.blind_update) {
    return invalid(subject, {field_invalid("metadata.resourceVersion", "0x0",
                                           "must be specified for an update")});
  }
  if (!version.empty() && version != text_at(old, "metadata.resourceVersion")) {
    return conflict(subject);
  }
  const auto uid = text_at(next, "metadata.uid");
  if (!uid.empty() && uid != text_at(old, "metadata.uid")) {
    return conflict(subject, "Precondition failed: UID in precondition: " + uid +
                                 ", UID in object meta: " + text_at(old, "metadata.uid"));
  }
  const bool is_status = info.subresource == "status";
  if (is_status) {
    Json whole = old;
    copy_member(whole.as_object(), next.as_object(), "status");
    next = std::move(whole);
  } else if (resource.has_status) {
    copy_member(next.as_object(), old.as_object(), "status");
  }
  JsonObject& metadata = object_in(next.as_object(), "metadata");
  const JsonObject& old_metadata = *object_at(old, "metadata");
  for (const auto field : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp",
                           "generation", "generateName"}) {
    copy_member(metadata, old_metadata, field);
  }
  if (const auto errors = validate(next, &old, resource); !errors.empty()) {
    return invalid(subject, errors);
  }
  // A write that changes nothing makes no new version and no watch event.
  if (next == old) return store_.find(id);
  if (resource.counts_generation && !is_status && spec_differs(next, old)) {
    const Json* generation = old_metadata.if_contains("generation");
    metadata["generation"] =
        (generation && generation->is_number() ? generation->to_number<std::int64_t>() : 0) + 1;
  }
  if (is_dry_run(info)) return ObjectPtr(std::make_shared<const Json>(std::move(next)));
  if (is_status) note_manager(metadata, info.parameter("fieldManager"), to_rfc3339(options_.now()));
  const bool last_finalizer_left =
      metadata.contains("deletionTimestamp") && !metadata.contains("finalizers");
  if (last_finalizer_left) return erase(id);
  return commit(id, std::move(next), resource);
}

Answer<Written> Cluster::update(const RequestInfo& info) {
  auto body = parse_body(info.body);
  if (!body) return body.error();
  return edit(info, [&](const Json&) { return body; });
}

Answer<Written> Cluster::patch(const RequestInfo& info) {
  const auto found = resource_of(info);
  if (!found) return found.error();
  const bool custom = (*found)->custom;
  const bool is_merge = info.content_type == "application/merge-patch+json";
  const bool is_json = info.content_type == "application/json-patch+json";
  const bool is_strategic =
      info.content_type == "application/strategic-merge-patch+json" && !custom;
  if (!is_merge && !is_json && !is_strategic) {
    return unsupported_media_type(
        custom ? "application/json-patch+json, application/merge-patch+json"
               : "application/json-patch+json, application/merge-patch+json, "
                 "application/strategic-merge-patch+json");
  }
  const auto body = parse_body(info.body);
  if (!body) return body.error();
  return edit(info, [&](const Json& current) -> Answer<Json> {
    Json next = current;
    if (is_merge) merge_patch(next, *body);
    if (is_strategic) strategic_merge_patch(next, *body);
    if (is_json && json_patch(next, *body)) {
      return ApiError{
          422, "Invalid", "the server rejected our request due to an error in our request", {}, {}};
    }
    return Answer<Json>(boost::system::in_place_value, std::move(next));
  });
}

void Cluster::release_dependents(const std::string& owner_uid) {
  for (const auto& id : store_.dependents(owner_uid)) {
    Json object = *store_.find(id);
    JsonArray& owners = object.at("metadata").at("ownerReferences").as_array();
    owners.erase(
        std::remove_if(owners.begin(), owners.end(),
                       [&](const Json& owner) { return text_at(owner, "uid") == owner_uid; }),
        owners.end());
    if (owners.empty()) object.at("metadata").as_object().erase("ownerReferences");
    store_.put(id, std::move(object));
  }
}

Answer<Written> Cluster::remove_one(const ObjectId& id, const Resource& resource,
                                    const RequestInfo& info) {
  const auto subject = resource.subject(id.name);
  const auto old = store_.find(id);
  if (!old) return not_found(subject);
  Json options = JsonObject{};
  if (!info.body.empty()) {
    const auto body = parse_body(info.body);
    if (!body) return body.error();
    options = *body;
  }
  if (auto error = check_preconditions(options, *old, subject)) return *error;
  const auto uid = text_at(*old, "metadata.uid");
  const Written gone{200, std::make_shared<const Json>(deleted_status(subject, uid))};
  const bool dry_run = is_dry_run(info) || find(options, "dryRun");
  if (dry_run) return gone;

  auto propagation = info.parameter("propagationPolicy");
  if (propagation.empty()) propagation = text_at(options, "propagationPolicy");
  if (propagation == "Orphan") release_dependents(uid);
  if (propagation == "Foreground") {
    for (const auto& dependent : store_.dependents(uid)) erase(dependent);
  }
  if (!find(*old, "metadata.finalizers")) {
    erase(id);
    return gone;
  }
  if (find(*old, "metadata.deletionTimestamp")) return Written{200, old};
  Json doomed = *old;
  JsonObject& metadata = doomed.at("metadata").as_object();
  metadata["deletionTimestamp"] = to_rfc3339(options_.now());
  metadata["deletionGracePeriodSeconds"] = 0;
  return Written{200, store_.put(id, std::move(doomed))};
}

Answer<Written> Cluster::remove(const RequestInfo& info) {
  const auto found = resource_of(info);
  if (!found) return found.error();
  if (!info.subresource.empty()) return method_not_allowed();
  auto removed = [&] {
    const std::scoped_lock lock(mutex_);
    return remove_one(id_of(**found, info.ns, info.name), **found, info);
  }();
  if (removed) notify();
  return removed;
}

Answer<Listing> Cluster::remove_collection(const RequestInfo& info) {
  const auto found = resource_of(info);
  if (!found) return found.error();
  auto doomed = list(info);
  if (!doomed) return doomed.error();
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& object : doomed->items) {
      const auto removed = remove_one(
          id_of(**found, text_at(*object, "metadata.namespace"), text_at(*object, "metadata.name")),
          **found, info);
      // Whoever deleted it meanwhile did our work.
      if (!removed && removed.error().code != 404) return removed.error();
    }
  }
  notify();
  return doomed;
}

}  // namespace bulla::test
