// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "cluster.hpp"

namespace bulla::test {

namespace {

std::uint64_t number(std::string_view text, std::uint64_t fallback) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && !text.empty() ? value : fallback;
}

// A continue token says where the list stood and at which version it is read. To clients it is
// opaque; a test's log is easier to read when it is not.
std::string make_token(std::uint64_t version, std::size_t offset) {
  return std::to_string(version) + "-" + std::to_string(offset);
}

struct Position {
  std::uint64_t version;
  std::size_t offset;
};

std::optional<Position> read_token(std::string_view token) {
  const auto dash = token.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  return Position{number(token.substr(0, dash), 0), number(token.substr(dash + 1), 0)};
}

// A selector sees an object that starts or stops matching as one that comes or goes.
std::optional<WatchEvent> told(const Change& change, const Selector& selector) {
  const bool is = change.type != ChangeType::deleted && selector.matches(*change.object);
  const bool was = change.previous && selector.matches(*change.previous);
  if (is) return WatchEvent{was ? "MODIFIED" : "ADDED", change.object};
  if (!was) return std::nullopt;
  if (change.type == ChangeType::deleted) return WatchEvent{"DELETED", change.object};
  // The object as it last matched, at the version where it ceased to.
  Json last = *change.previous;
  object_in(last.as_object(), "metadata")["resourceVersion"] = std::to_string(change.version);
  return WatchEvent{"DELETED", std::make_shared<const Json>(std::move(last))};
}

}  // namespace

Answer<ResourcePtr> Cluster::resource_of(const RequestInfo& info) const {
  const std::scoped_lock lock(mutex_);
  auto resource = catalogue_.at_path(info.group, info.version, info.resource);
  if (!resource) return no_such_path();
  const bool on_object = !info.name.empty();
  if (!info.ns.empty() && !resource->namespaced) return no_such_path();
  if (on_object && resource->namespaced && info.ns.empty()) return no_such_path();
  if (info.subresource == "status" && !resource->has_status) return no_such_path();
  return resource;
}

Answer<ObjectPtr> Cluster::get(const RequestInfo& info) const {
  const auto resource = resource_of(info);
  if (!resource) return resource.error();
  const std::scoped_lock lock(mutex_);
  auto object = store_.find(id_of(**resource, info.ns, info.name));
  if (!object) return not_found((*resource)->subject(info.name));
  return object;
}

Answer<Listing> Cluster::list(const RequestInfo& info) const {
  const auto resource = resource_of(info);
  if (!resource) return resource.error();
  const auto selector =
      Selector::parse(info.parameter("labelSelector"), info.parameter("fieldSelector"), **resource);
  if (!selector) return selector.error();

  const std::scoped_lock lock(mutex_);
  Position at{store_.version(), 0};
  if (const auto token = info.parameter("continue"); !token.empty()) {
    const auto position = read_token(token);
    if (!position) return bad_request("continue key is not valid: " + token);
    at = *position;
  } else if (const auto asked = info.parameter("resourceVersion"); !asked.empty()) {
    if (number(asked, 0) > at.version) {
      return version_in_the_future(asked, std::to_string(at.version));
    }
    if (info.parameter("resourceVersionMatch") == "Exact") at.version = number(asked, 0);
  }
  auto items = at.version == store_.version()
                   ? store_.list((*resource)->key(), info.ns)
                   : store_.list_at((*resource)->key(), info.ns, at.version);
  if (!items) {
    return expired(
        "The provided continue parameter is too old to display a consistent list result. You can "
        "start a new list without the continue parameter.");
  }
  std::erase_if(*items, [&](const ObjectPtr& object) { return !selector->matches(*object); });
  Listing page{{}, at.version, "", {}};
  const auto begin = std::min(at.offset, items->size());
  const auto limit = number(info.parameter("limit"), 0);
  const auto count =
      limit == 0 ? items->size() - begin : std::min<std::size_t>(limit, items->size() - begin);
  const auto first = items->begin() + static_cast<std::ptrdiff_t>(begin);
  page.items.assign(first, first + static_cast<std::ptrdiff_t>(count));
  if (begin + count < items->size()) {
    page.continue_token = make_token(at.version, begin + count);
    if (selector->matches_all()) page.remaining = items->size() - begin - count;
  }
  return page;
}

Answer<WatchCursor> Cluster::open_watch(const RequestInfo& info) const {
  const auto resource = resource_of(info);
  if (!resource) return resource.error();
  auto fields = info.parameter("fieldSelector");
  if (!info.name.empty()) fields += (fields.empty() ? "" : ",") + ("metadata.name=" + info.name);
  auto selector = Selector::parse(info.parameter("labelSelector"), fields, **resource);
  if (!selector) return selector.error();

  const std::scoped_lock lock(mutex_);
  WatchCursor cursor{*resource, info.ns, std::move(*selector), store_.version(), {}, false};
  cursor.streams_list = info.is_set("sendInitialEvents");
  const auto asked = info.parameter("resourceVersion");
  const bool from_now = asked.empty() || asked == "0";
  if (!from_now) {
    const auto version = number(asked, 0);
    if (version == 0) return bad_request("invalid resource version \"" + asked + "\"");
    // One from the future is silent until that is there, as on a real server.
    if (!cursor.streams_list) cursor.version = version;
  }
  if (from_now || cursor.streams_list) {
    cursor.initial = store_.list((*resource)->key(), info.ns);
    std::erase_if(cursor.initial,
                  [&](const ObjectPtr& object) { return !cursor.selector.matches(*object); });
  }
  return cursor;
}

Answer<std::vector<WatchEvent>> Cluster::next_events(WatchCursor& cursor) const {
  std::vector<WatchEvent> events;
  for (auto& object : cursor.initial) events.push_back({"ADDED", std::move(object)});
  cursor.initial.clear();
  if (cursor.streams_list) {
    cursor.streams_list = false;
    Json end = *bookmark(cursor).object;
    object_in(object_in(end.as_object(), "metadata"), "annotations")["k8s.io/initial-events-end"] =
        "true";
    events.push_back({"BOOKMARK", std::make_shared<const Json>(std::move(end))});
  }
  const std::scoped_lock lock(mutex_);
  if (cursor.version > store_.version()) return events;
  if (!store_.remembers(cursor.version)) {
    return expired("too old resource version: " + std::to_string(cursor.version) + " (" +
                   std::to_string(store_.version()) + ")");
  }
  for (const Change* change : store_.changes_after(cursor.version, cursor.resource->key())) {
    if (!cursor.ns.empty() && change->id.ns != cursor.ns) continue;
    if (auto event = told(*change, cursor.selector)) events.push_back(std::move(*event));
  }
  cursor.version = store_.version();
  return events;
}

bool Cluster::is_in_the_future(const WatchCursor& cursor) const {
  const std::scoped_lock lock(mutex_);
  return cursor.version > store_.version();
}

WatchEvent Cluster::bookmark(const WatchCursor& cursor) {
  JsonObject metadata{{"resourceVersion", std::to_string(cursor.version)},
                      {"creationTimestamp", nullptr}};
  return {"BOOKMARK",
          std::make_shared<const Json>(JsonObject{{"kind", cursor.resource->kind},
                                                  {"apiVersion", cursor.resource->api_version()},
                                                  {"metadata", std::move(metadata)}})};
}

}  // namespace bulla::test
