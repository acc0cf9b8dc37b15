// SPDX-License-Identifier: Apache-2.0
#include "kube/request.hpp"

#include "kube/object.hpp"
#include "kube/url.hpp"

namespace bulla::kube {
namespace {

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string_view to_text(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::delete_: return "DELETE";
  }
  return {};
}

Request Request::get(std::string path) {
  Request request;
  request.path = std::move(path);
  return request;
}

Request Request::with_json(Method method, std::string path, const boost::json::value& body) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.content_type = content_json;
  request.body = serialize_json(body);
  return request;
}

std::string Request::target() const {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    out += separator;
    out += percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  return percent_encode_unless(text, is_unreserved);
}

std::string resource_path(const ResourceType& type, const ResourceName& name) {
  std::string out = type.group.empty() ? "/api/" : "/apis/" + percent_encode(type.group) + "/";
  out += percent_encode(type.version);
  if (!name.namespace_.empty()) out += "/namespaces/" + percent_encode(name.namespace_);
  out += "/" + percent_encode(type.plural);
  if (!name.name.empty()) out += "/" + percent_encode(name.name);
  if (!name.subresource.empty()) out += "/" + percent_encode(name.subresource);
  return out;
}

std::string service_proxy_path(const ServiceProxy& proxy, std::string_view path) {
  // The colons between scheme, name and port belong to the API's notation and stay as they are.
  std::string out = resource_path({"", "v1", "services"}, {.namespace_ = proxy.namespace_});
  out += "/http:" + percent_encode(proxy.service) + ":" + percent_encode(proxy.port_name);
  out += "/proxy/";
  return out += path;
}

}  // namespace bulla::kube
