// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"

namespace bulla::test {

/// What the API server answers instead of an object: the parts of a metav1.Status.
/// Texts and reasons are those of a real kube-apiserver, because clients show and match them.
struct ApiError {
  int code = 500;      ///< HTTP status
  std::string reason;  ///< metav1.StatusReason; empty means unknown
  std::string message;
  JsonObject details;                ///< name, group, kind, uid, causes
  std::optional<int> retry_after_s;  ///< also sent as the Retry-After header
};

template <class T>
using Answer = boost::system::result<T, ApiError>;

/// One entry of a 422's `details.causes`, e.g. {"data[tls.crt]", "FieldValueRequired",
/// "Required value"}.
struct FieldError {
  std::string field;
  std::string reason;
  std::string message;
};

[[nodiscard]] FieldError field_required(std::string field, std::string_view detail = "");
/// `value` is printed as it stands: quote strings before.
[[nodiscard]] FieldError field_invalid(std::string field, std::string_view value,
                                       std::string_view detail);
[[nodiscard]] FieldError field_forbidden(std::string field, std::string_view detail);
[[nodiscard]] FieldError field_too_long(std::string field, std::size_t bytes_max);

/// A resource and one object of it, as error texts name them: "secrets", or
/// "sealedsecrets.bitnami.com".
struct Subject {
  std::string group;  ///< empty for the core group
  std::string plural;
  std::string kind;
  std::string name;  ///< empty when the whole collection is meant
};

[[nodiscard]] ApiError bad_request(std::string message);
[[nodiscard]] ApiError unauthorized();
[[nodiscard]] ApiError not_found(const Subject& subject);
[[nodiscard]] ApiError no_such_path();
[[nodiscard]] ApiError already_exists(const Subject& subject);
[[nodiscard]] ApiError conflict(const Subject& subject, std::string_view why = "");
[[nodiscard]] ApiError invalid(const Subject& subject, const std::vector<FieldError>& errors);
[[nodiscard]] ApiError method_not_allowed();
[[nodiscard]] ApiError not_acceptable(std::string message);
[[nodiscard]] ApiError unsupported_media_type(std::string_view accepted);
[[nodiscard]] ApiError too_large();
[[nodiscard]] ApiError expired(std::string message);
[[nodiscard]] ApiError version_in_the_future(std::string_view asked, std::string_view current);
[[nodiscard]] ApiError unavailable(std::string message);

/// The reason a real server gives along with an HTTP status.
[[nodiscard]] std::string_view usual_reason(int code);

[[nodiscard]] Json to_status(const ApiError& error);

/// The Status that answers a successful deletion.
[[nodiscard]] Json deleted_status(const Subject& subject, std::string_view uid);

}  // namespace bulla::test
