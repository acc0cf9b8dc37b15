// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "json.hpp"

namespace bulla::test {

/// A column of `kubectl get`: `json_path` as CRDs spell it (".status.conditions[0].message").
struct Column {
  std::string name;
  std::string type = "string";
  std::string json_path;
  std::string description = "";
};

/// One kind of object that the server serves, in one version.
struct Resource {
  std::string group;  ///< empty for the core group
  std::string version;
  std::string plural;
  std::string singular;
  std::string kind;
  std::string list_kind;
  std::vector<std::string> short_names = {};
  std::vector<std::string> categories = {};
  bool namespaced = true;
  bool has_status = false;
  bool custom = false;               ///< defined by a CRD
  bool counts_generation = false;    ///< metadata.generation follows the spec
  bool blind_update = true;          ///< a PUT without resourceVersion overwrites
  ObjectPtr schema = nullptr;        ///< OpenAPI v3 schema to prune and check by; may be null
  std::vector<Column> columns = {};  ///< between NAME and AGE

  /// The storage key: "secrets", "sealedsecrets.bitnami.com".
  [[nodiscard]] std::string key() const { return group.empty() ? plural : plural + "." + group; }
  /// "v1", "bitnami.com/v1alpha1".
  [[nodiscard]] std::string api_version() const {
    return group.empty() ? version : group + "/" + version;
  }
  [[nodiscard]] Subject subject(std::string_view name) const {
    return {group, plural, kind, std::string(name)};
  }
};

using ResourcePtr = std::shared_ptr<const Resource>;

/// The resources that are served: the built-in ones, and those of the CRDs that are stored.
/// Threads: none of its own; the caller locks. The resources handed out never change.
class Catalogue {
 public:
  Catalogue();

  /// Null when there is no such resource.
  [[nodiscard]] ResourcePtr at_path(std::string_view group, std::string_view version,
                                    std::string_view plural) const;
  [[nodiscard]] ResourcePtr of_object(const Json& object) const;
  /// By storage key, or by plural alone when that is enough to know.
  [[nodiscard]] ResourcePtr named(std::string_view name) const;

  [[nodiscard]] const std::vector<ResourcePtr>& all() const { return resources_; }

  /// Serves what a CustomResourceDefinition describes (again), in its storage version.
  void serve(const Json& definition);
  /// Returns the storage key whose objects have lost their home; empty when there was none.
  std::string withdraw(const Json& definition);

 private:
  std::vector<ResourcePtr> resources_;
};

}  // namespace bulla::test
