// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bulla::test {

/// One request, read the way a Kubernetes API server reads it.
struct RequestInfo {
  std::string method;  ///< "GET"
  std::string target;  ///< as received, with the query
  std::string path;    ///< decoded, without the query
  std::string user;    ///< who the bearer token belongs to

  /// get, list, watch, create, update, patch, delete, deletecollection; empty when the path
  /// names no resource (/version, /apis, ...).
  std::string verb;
  std::string group;
  std::string version;
  std::string resource;     ///< plural, as in the path: "sealedsecrets"
  std::string subresource;  ///< "status", "proxy"; empty for the object itself
  std::string ns;
  std::string name;
  std::string rest;  ///< what follows ".../proxy", with its slash

  std::map<std::string, std::string> query;
  std::string accept;
  std::string content_type;  ///< without parameters
  std::string body;

  /// Empty when the parameter is missing.
  [[nodiscard]] std::string parameter(const std::string& key) const;
  /// "true" and "1".
  [[nodiscard]] bool is_set(const std::string& key) const;
  /// "sealedsecrets/status", as RBAC spells it.
  [[nodiscard]] std::string rbac_resource() const;
};

/// Reads method and target. Nothing when the target is no URL path. Fills in all but user,
/// accept, content_type and body.
[[nodiscard]] std::optional<RequestInfo> parse_request(std::string_view method,
                                                       std::string_view target);

}  // namespace bulla::test
