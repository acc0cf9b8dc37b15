// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <algorithm>
#include <utility>

namespace bulla::test {

namespace {

// Enough of a schema to find misspelt fields, as strict field validation does.
ObjectPtr schema_with_fields(std::initializer_list<std::string_view> fields) {
  JsonObject properties;
  for (const auto field : fields) {
    properties[field] = JsonObject{{"x-kubernetes-preserve-unknown-fields", true}};
  }
  return std::make_shared<const Json>(
      JsonObject{{"type", "object"}, {"properties", std::move(properties)}});
}

Resource core(std::string plural, std::string singular, std::string kind) {
  Resource resource{.group = "",
                    .version = "v1",
                    .plural = std::move(plural),
                    .singular = std::move(singular),
                    .kind = std::move(kind),
                    .list_kind = ""};
  resource.list_kind = resource.kind + "List";
  return resource;
}

Resource namespaces() {
  Resource resource = core("namespaces", "namespace", "Namespace");
  resource.namespaced = false;
  resource.has_status = true;
  resource.short_names = {"ns"};
  resource.columns = {{"Status", "string", ".status.phase"}};
  return resource;
}

Resource secrets() {
  Resource resource = core("secrets", "secret", "Secret");
  resource.schema = schema_with_fields({"data", "stringData", "type", "immutable"});
  resource.columns = {{"Type", "string", ".type"}, {"Data", "integer", ".data"}};
  return resource;
}

Resource config_maps() {
  Resource resource = core("configmaps", "configmap", "ConfigMap");
  resource.short_names = {"cm"};
  resource.schema = schema_with_fields({"data", "binaryData", "immutable"});
  resource.columns = {{"Data", "integer", ".data"}};
  return resource;
}

Resource events() {
  Resource resource = core("events", "event", "Event");
  resource.short_names = {"ev"};
  resource.columns = {{"Type", "string", ".type"},
                      {"Reason", "string", ".reason"},
                      {"Kind", "string", ".involvedObject.kind"},
                      {"Object", "string", ".involvedObject.name"},
                      {"Message", "string", ".message"}};
  return resource;
}

Resource with_status(Resource resource, std::vector<std::string> short_names) {
  resource.has_status = true;
  resource.short_names = std::move(short_names);
  return resource;
}

Resource leases() {
  Resource resource = core("leases", "lease", "Lease");
  resource.group = "coordination.k8s.io";
  resource.blind_update = false;
  resource.columns = {{"Holder", "string", ".spec.holderIdentity"}};
  return resource;
}

/// Stored so that manifests apply; nothing is decided by them (faults refuse what a test wants).
Resource rbac(std::string plural, std::string singular, std::string kind, bool namespaced) {
  Resource resource = core(std::move(plural), std::move(singular), std::move(kind));
  resource.group = "rbac.authorization.k8s.io";
  resource.namespaced = namespaced;
  return resource;
}

Resource definitions() {
  Resource resource =
      core("customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition");
  resource.group = "apiextensions.k8s.io";
  resource.namespaced = false;
  resource.has_status = true;
  resource.short_names = {"crd", "crds"};
  resource.counts_generation = true;
  resource.blind_update = false;
  return resource;
}

std::vector<std::string> texts(const Json* array) {
  std::vector<std::string> list;
  if (!array || !array->is_array()) return list;
  for (const Json& element : array->get_array()) {
    if (element.is_string()) list.emplace_back(element.get_string().c_str());
  }
  return list;
}

bool is_true(const Json& value, std::string_view key) {
  const Json* flag = find(value, key);
  return flag && flag->is_bool() && flag->get_bool();
}

const Json* storage_version(const Json& definition) {
  const Json* versions = find(definition, "spec.versions");
  if (!versions || !versions->is_array()) return nullptr;
  for (const Json& version : versions->get_array()) {
    if (is_true(version, "storage") && is_true(version, "served")) return &version;
  }
  return nullptr;
}

std::vector<Column> columns_of(const Json& version) {
  std::vector<Column> columns;
  const Json* list = find(version, "additionalPrinterColumns");
  if (!list || !list->is_array()) return columns;
  for (const Json& column : list->get_array()) {
    const Json* priority = find(column, "priority");
    if (priority && priority->is_int64() && priority->get_int64() > 0) continue;
    columns.push_back({text_at(column, "name"), text_at(column, "type"),
                       text_at(column, "jsonPath"), text_at(column, "description")});
  }
  return columns;
}

Resource resource_of(const Json& definition, const Json& version) {
  Resource resource{.group = text_at(definition, "spec.group"),
                    .version = text_at(version, "name"),
                    .plural = text_at(definition, "spec.names.plural"),
                    .singular = text_at(definition, "spec.names.singular"),
                    .kind = text_at(definition, "spec.names.kind"),
                    .list_kind = text_at(definition, "spec.names.listKind")};
  if (resource.list_kind.empty()) resource.list_kind = resource.kind + "List";
  resource.short_names = texts(find(definition, "spec.names.shortNames"));
  resource.categories = texts(find(definition, "spec.names.categories"));
  resource.namespaced = text_at(definition, "spec.scope") == "Namespaced";
  resource.has_status = object_at(version, "subresources.status") != nullptr;
  resource.custom = true;
  resource.counts_generation = true;
  resource.blind_update = false;
  resource.columns = columns_of(version);
  if (const Json* schema = find(version, "schema.openAPIV3Schema")) {
    resource.schema = std::make_shared<const Json>(*schema);
  }
  return resource;
}

}  // namespace

Catalogue::Catalogue() {
  const auto add = [this](Resource resource) {
    resources_.push_back(std::make_shared<const Resource>(std::move(resource)));
  };
  add(namespaces());
  add(secrets());
  add(config_maps());
  add(events());
  add(with_status(core("services", "service", "Service"), {"svc"}));
  add(with_status(core("endpoints", "endpoints", "Endpoints"), {"ep"}));
  add(with_status(core("pods", "pod", "Pod"), {"po"}));
  add(with_status(core("serviceaccounts", "serviceaccount", "ServiceAccount"), {"sa"}));
  add(leases());
  add(rbac("roles", "role", "Role", true));
  add(rbac("rolebindings", "rolebinding", "RoleBinding", true));
  add(rbac("clusterroles", "clusterrole", "ClusterRole", false));
  add(rbac("clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", false));
  add(definitions());
}

ResourcePtr Catalogue::at_path(std::string_view group, std::string_view version,
                               std::string_view plural) const {
  for (const auto& resource : resources_) {
    if (resource->group == group && resource->version == version && resource->plural == plural) {
      return resource;
    }
  }
  return nullptr;
}

ResourcePtr Catalogue::of_object(const Json& object) const {
  const auto api_version = text_at(object, "apiVersion");
  const auto kind = text_at(object, "kind");
  for (const auto& resource : resources_) {
    if (resource->kind == kind && resource->api_version() == api_version) return resource;
  }
  return nullptr;
}

ResourcePtr Catalogue::named(std::string_view name) const {
  for (const auto& resource : resources_) {
    if (resource->key() == name) return resource;
  }
  for (const auto& resource : resources_) {
    if (resource->plural == name) return resource;
  }
  return nullptr;
}

void Catalogue::serve(const Json& definition) {
  withdraw(definition);
  const Json* version = storage_version(definition);
  if (!version) return;
  resources_.push_back(std::make_shared<const Resource>(resource_of(definition, *version)));
}

std::string Catalogue::withdraw(const Json& definition) {
  const auto key = text_at(definition, "metadata.name");
  const auto removed = std::erase_if(resources_, [&](const ResourcePtr& resource) {
    return resource->custom && resource->key() == key;
  });
  return removed == 0 ? "" : key;
}

}  // namespace bulla::test
