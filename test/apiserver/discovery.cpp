// SPDX-License-Identifier: Apache-2.0
#include "discovery.hpp"

#include <set>
#include <string>

namespace bulla::test {

namespace {

JsonArray array_of(const std::vector<std::string>& texts) {
  JsonArray array;
  for (const auto& text : texts) array.push_back(Json(text));
  return array;
}

JsonObject api_resource(const Resource& resource) {
  JsonObject entry{{"name", resource.plural},
                   {"singularName", resource.singular},
                   {"namespaced", resource.namespaced},
                   {"kind", resource.kind},
                   {"verbs", JsonArray{"create", "delete", "deletecollection", "get", "list",
                                       "patch", "update", "watch"}}};
  if (!resource.short_names.empty()) entry["shortNames"] = array_of(resource.short_names);
  if (!resource.categories.empty()) entry["categories"] = array_of(resource.categories);
  return entry;
}

JsonObject status_resource(const Resource& resource) {
  return {{"name", resource.plural + "/status"},
          {"singularName", ""},
          {"namespaced", resource.namespaced},
          {"kind", resource.kind},
          {"verbs", JsonArray{"get", "patch", "update"}}};
}

std::optional<Json> resource_list(std::string_view api_version,
                                  const std::vector<ResourcePtr>& resources) {
  JsonArray list;
  for (const auto& resource : resources) {
    if (resource->api_version() != api_version) continue;
    list.push_back(api_resource(*resource));
    if (resource->has_status) list.push_back(status_resource(*resource));
  }
  if (list.empty()) return std::nullopt;
  return JsonObject{{"kind", "APIResourceList"},
                    {"apiVersion", "v1"},
                    {"groupVersion", api_version},
                    {"resources", std::move(list)}};
}

JsonObject group_entry(const Resource& resource) {
  const JsonObject version{{"groupVersion", resource.api_version()}, {"version", resource.version}};
  return {
      {"name", resource.group}, {"versions", JsonArray{version}}, {"preferredVersion", version}};
}

Json group_list(const std::vector<ResourcePtr>& resources) {
  JsonArray groups;
  std::set<std::string> seen;
  for (const auto& resource : resources) {
    if (resource->group.empty() || !seen.insert(resource->group).second) continue;
    groups.push_back(group_entry(*resource));
  }
  return JsonObject{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

std::optional<Json> group_document(std::string_view group,
                                   const std::vector<ResourcePtr>& resources) {
  for (const auto& resource : resources) {
    if (resource->group != group) continue;
    JsonObject entry = group_entry(*resource);
    entry["kind"] = "APIGroup";
    entry["apiVersion"] = "v1";
    return entry;
  }
  return std::nullopt;
}

std::string root_of(const Resource& resource) {
  return (resource.group.empty() ? "api/" : "apis/") + resource.api_version();
}

Json openapi_index(const std::vector<ResourcePtr>& resources) {
  JsonObject paths;
  for (const auto& resource : resources) {
    const auto root = root_of(*resource);
    paths[root] = JsonObject{{"serverRelativeURL", "/openapi/v3/" + root}};
  }
  return JsonObject{{"paths", std::move(paths)}};
}

JsonObject openapi_operation(const Resource& resource) {
  const JsonObject parameter{
      {"name", "fieldValidation"}, {"in", "query"}, {"schema", JsonObject{{"type", "string"}}}};
  const JsonObject kind{
      {"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}};
  return {{"parameters", JsonArray{parameter}},
          {"x-kubernetes-group-version-kind", kind},
          {"responses", JsonObject{{"200", JsonObject{{"description", "OK"}}}}}};
}

std::optional<Json> openapi_document(std::string_view root,
                                     const std::vector<ResourcePtr>& resources) {
  JsonObject paths;
  for (const auto& resource : resources) {
    if (root_of(*resource) != root) continue;
    const auto path = "/" + std::string(root) +
                      (resource->namespaced ? "/namespaces/{namespace}/" : "/") + resource->plural +
                      "/{name}";
    paths[path] = JsonObject{{"patch", openapi_operation(*resource)}};
  }
  if (paths.empty()) return std::nullopt;
  return JsonObject{{"openapi", "3.0.0"},
                    {"info", JsonObject{{"title", "Kubernetes"}, {"version", "v1.32.0"}}},
                    {"paths", std::move(paths)}};
}

}  // namespace

std::optional<Json> discovery_document(std::string_view path,
                                       const std::vector<ResourcePtr>& resources) {
  constexpr std::string_view groups = "/apis/";
  constexpr std::string_view openapi = "/openapi/v3/";
  if (path == "/version") {
    return JsonObject{{"major", "1"},    {"minor", "32"},           {"gitVersion", "v1.32.0"},
                      {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", ""},
                      {"goVersion", ""}, {"compiler", ""},          {"platform", "linux/amd64"}};
  }
  if (path == "/api") {
    return JsonObject{{"kind", "APIVersions"},
                      {"versions", JsonArray{"v1"}},
                      {"serverAddressByClientCIDRs", JsonArray{}}};
  }
  if (path == "/api/v1") return resource_list("v1", resources);
  if (path == "/apis") return group_list(resources);
  if (path == "/openapi/v3") return openapi_index(resources);
  if (path.starts_with(openapi)) return openapi_document(path.substr(openapi.size()), resources);
  if (!path.starts_with(groups)) return std::nullopt;
  path.remove_prefix(groups.size());
  const bool with_version = path.find('/') != std::string_view::npos;
  return with_version ? resource_list(path, resources) : group_document(path, resources);
}

}  // namespace bulla::test
