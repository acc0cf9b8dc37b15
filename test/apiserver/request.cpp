// SPDX-License-Identifier: Apache-2.0
#include "request.hpp"

#include <boost/url.hpp>
#include <utility>
#include <vector>

namespace bulla::test {

namespace {

using Segments = std::vector<std::string>;

void read_resource(RequestInfo& info, const Segments& parts) {
  std::size_t at = 0;
  const bool own_subresource =
      parts.size() == 3 && (parts[2] == "status" || parts[2] == "finalize");
  if (parts.size() >= 3 && parts[0] == "namespaces" && !own_subresource) {
    info.ns = parts[1];
    at = 2;
  }
  info.resource = parts[at];
  if (parts.size() > at + 1) info.name = parts[at + 1];
  if (parts.size() > at + 2) info.subresource = parts[at + 2];
  for (std::size_t i = at + 3; i < parts.size(); ++i) info.rest += "/" + parts[i];
}

std::string verb_of(const RequestInfo& info) {
  if (info.method == "GET") {
    if (info.is_set("watch")) return "watch";
    return info.name.empty() ? "list" : "get";
  }
  if (info.method == "POST") return "create";
  if (info.method == "PUT") return "update";
  if (info.method == "PATCH") return "patch";
  if (info.method == "DELETE") return info.name.empty() ? "deletecollection" : "delete";
  return "";
}

}  // namespace

std::string RequestInfo::parameter(const std::string& key) const {
  const auto found = query.find(key);
  return found == query.end() ? "" : found->second;
}

bool RequestInfo::is_set(const std::string& key) const {
  const auto value = parameter(key);
  return value == "true" || value == "1";
}

std::string RequestInfo::rbac_resource() const {
  return subresource.empty() ? resource : resource + "/" + subresource;
}

std::optional<RequestInfo> parse_request(std::string_view method, std::string_view target) {
  const auto url = boost::urls::parse_origin_form(target);
  if (!url) return std::nullopt;
  RequestInfo info;
  info.method = method;
  info.target = target;
  Segments parts;
  for (const auto& segment : url->segments()) {
    info.path += "/" + std::string(segment);
    parts.emplace_back(segment);
  }
  for (const auto& parameter : url->params()) info.query.emplace(parameter.key, parameter.value);
  while (!parts.empty() && parts.back().empty()) parts.pop_back();

  const bool is_core = parts.size() >= 3 && parts[0] == "api";
  const bool is_group = parts.size() >= 4 && parts[0] == "apis";
  if (!is_core && !is_group) return info;
  info.group = is_group ? parts[1] : "";
  info.version = parts[is_group ? 2 : 1];
  parts.erase(parts.begin(), parts.begin() + (is_group ? 3 : 2));
  read_resource(info, parts);
  info.verb = verb_of(info);
  return info;
}

}  // namespace bulla::test
