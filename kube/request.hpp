// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"

namespace bulla::kube {

enum class Method { get, post, put, patch, delete_ };

/// "GET", "POST", ...
[[nodiscard]] std::string_view to_text(Method method) noexcept;

/// Representations to ask for (`Accept`).
inline constexpr std::string_view accept_json = "application/json";
/// Metadata alone: no plaintext of a Secret leaves the server.
inline constexpr std::string_view accept_metadata =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
inline constexpr std::string_view accept_metadata_list =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

inline constexpr std::string_view content_json = "application/json";
inline constexpr std::string_view content_merge_patch = "application/merge-patch+json";
inline constexpr std::string_view content_json_patch = "application/json-patch+json";
inline constexpr std::string_view content_apply_patch = "application/apply-patch+yaml";

/// One request to an API server.
///
/// `path` is absolute and already percent-encoded (see resource_path()); query names and values are
/// plain and encoded when sent. The body is secret: it is wiped after sending. Move-only.
struct Request {
  Method method = Method::get;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query = {};
  std::string accept = std::string(accept_json);
  std::string content_type = {};  ///< of the body; empty: no body is sent
  SecretBuffer body = {};
  /// From the first try to connect to the last byte of the answer; nothing: the client's default;
  /// zero: no limit.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  /// A larger answer is not read to its end: the error is `rejected`.
  std::size_t answer_bytes_max = limits::response_body_bytes_max;

  [[nodiscard]] static Request get(std::string path);
  /// A request with the JSON text of `body`.
  [[nodiscard]] static Request with_json(Method method, std::string path,
                                         const boost::json::value& body);
  /// Path and query, as they stand in the request line.
  [[nodiscard]] std::string target() const;
};

/// An answer with status 200 to 299: every other one is an Error (kube/status.hpp).
/// The body may hold secrets and is wiped. Move-only.
struct Response {
  unsigned status = 0;
  std::string content_type = {};
  SecretBuffer body = {};
};

/// `text` with every byte but RFC 3986's unreserved ones (letters, digits, - . _ ~) as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Where a kind of object lives. `group` is empty for the core group ("/api/v1").
struct ResourceType {
  std::string group;
  std::string version;
  std::string plural;
};

/// What of it is meant. All parts are plain text: encoding happens here. Empty parts are left out:
/// no namespace: all of them (or a cluster-scoped kind); no name: the collection.
struct ResourceName {
  std::string namespace_ = {};
  std::string name = {};
  std::string subresource = {};  ///< such as "status"
};

/// "/apis/bitnami.com/v1alpha1/namespaces/team/sealedsecrets/db/status".
[[nodiscard]] std::string resource_path(const ResourceType& type, const ResourceName& name = {});

/// The path of `path` behind a Service, through the API server's proxy:
/// "/api/v1/namespaces/NS/services/http:NAME:PORT/proxy/PATH". `port_name` is the port's name,
/// and may be empty; `path` has no leading slash and is already encoded.
struct ServiceProxy {
  std::string namespace_;
  std::string service;
  std::string port_name;
};
[[nodiscard]] std::string service_proxy_path(const ServiceProxy& proxy, std::string_view path);

}  // namespace bulla::kube
