// SPDX-License-Identifier: Apache-2.0
#include "api_error.hpp"

#include <array>
#include <utility>

namespace bulla::test {

namespace {

std::string qualified(const Subject& subject) {
  return subject.group.empty() ? subject.plural : subject.plural + "." + subject.group;
}

// Most refusals name the resource in details.kind; only Invalid names the Kind there.
JsonObject details_of(const Subject& subject, std::string_view kind) {
  JsonObject details;
  if (!subject.name.empty()) details["name"] = subject.name;
  if (!subject.group.empty()) details["group"] = subject.group;
  details["kind"] = kind;
  return details;
}

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

}  // namespace

FieldError field_required(std::string field, std::string_view detail) {
  return {std::move(field), "FieldValueRequired", with_detail("Required value", detail)};
}

FieldError field_invalid(std::string field, std::string_view value, std::string_view detail) {
  return {std::move(field), "FieldValueInvalid",
          with_detail("Invalid value: " + std::string(value), detail)};
}

FieldError field_forbidden(std::string field, std::string_view detail) {
  return {std::move(field), "FieldValueForbidden", with_detail("Forbidden", detail)};
}

FieldError field_too_long(std::string field, std::size_t bytes_max) {
  return {std::move(field), "FieldValueTooLong",
          "Too long: must have at most " + std::to_string(bytes_max) + " bytes"};
}

ApiError bad_request(std::string message) {
  return {400, "BadRequest", std::move(message), {}, {}};
}

ApiError unauthorized() { return {401, "Unauthorized", "Unauthorized", {}, {}}; }

ApiError not_found(const Subject& subject) {
  return {404,
          "NotFound",
          qualified(subject) + " " + quoted(subject.name) + " not found",
          details_of(subject, subject.plural),
          {}};
}

ApiError no_such_path() {
  return {404, "NotFound", "the server could not find the requested resource", {}, {}};
}

ApiError already_exists(const Subject& subject) {
  return {409,
          "AlreadyExists",
          qualified(subject) + " " + quoted(subject.name) + " already exists",
          details_of(subject, subject.plural),
          {}};
}

ApiError conflict(const Subject& subject, std::string_view why) {
  if (why.empty()) {
    why =
        "the object has been modified; please apply your changes to the latest version and "
        "try again";
  }
  return {409,
          "Conflict",
          "Operation cannot be fulfilled on " + qualified(subject) + " " + quoted(subject.name) +
              ": " + std::string(why),
          details_of(subject, subject.plural),
          {}};
}

ApiError invalid(const Subject& subject, const std::vector<FieldError>& errors) {
  JsonArray causes;
  std::string list;
  for (const auto& error : errors) {
    causes.push_back(
        JsonObject{{"reason", error.reason}, {"message", error.message}, {"field", error.field}});
    if (!list.empty()) list += ", ";
    list += error.field + ": " + error.message;
  }
  if (errors.size() > 1) list = "[" + list + "]";
  const auto kind = subject.group.empty() ? subject.kind : subject.kind + "." + subject.group;
  JsonObject details = details_of(subject, subject.kind);
  details["causes"] = std::move(causes);
  return {422,
          "Invalid",
          kind + " " + quoted(subject.name) + " is invalid: " + list,
          std::move(details),
          {}};
}

ApiError method_not_allowed() {
  return {405,
          "MethodNotAllowed",
          "the server does not allow this method on the requested resource",
          {},
          {}};
}

ApiError not_acceptable(std::string message) {
  return {406, "NotAcceptable", std::move(message), {}, {}};
}

ApiError unsupported_media_type(std::string_view accepted) {
  return {415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: " +
              std::string(accepted),
          {},
          {}};
}

ApiError too_large() {
  return {413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728", {}, {}};
}

ApiError expired(std::string message) { return {410, "Expired", std::move(message), {}, {}}; }

ApiError version_in_the_future(std::string_view asked, std::string_view current) {
  const JsonObject cause{{"reason", "ResourceVersionTooLarge"},
                         {"message", "Too large resource version"}};
  return {504,
          "Timeout",
          "Timeout: Too large resource version: " + std::string(asked) +
              ", current: " + std::string(current),
          {{"causes", JsonArray{cause}}},
          1};
}

ApiError unavailable(std::string message) {
  return {503, "ServiceUnavailable", std::move(message), {}, {}};
}

std::string_view usual_reason(int code) {
  static constexpr std::array<std::pair<int, std::string_view>, 14> reasons = {{
      {400, "BadRequest"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "NotFound"},
      {405, "MethodNotAllowed"},
      {406, "NotAcceptable"},
      {409, "Conflict"},
      {410, "Expired"},
      {413, "RequestEntityTooLarge"},
      {422, "Invalid"},
      {429, "TooManyRequests"},
      {500, "InternalError"},
      {503, "ServiceUnavailable"},
      {504, "Timeout"},
  }};
  for (const auto& [known, reason] : reasons) {
    if (known == code) return reason;
  }
  return "";
}

Json to_status(const ApiError& error) {
  JsonObject status{{"kind", "Status"},
                    {"apiVersion", "v1"},
                    {"metadata", JsonObject{}},
                    {"status", "Failure"},
                    {"message", error.message}};
  if (!error.reason.empty()) status["reason"] = error.reason;
  JsonObject details = error.details;
  if (error.retry_after_s) details["retryAfterSeconds"] = *error.retry_after_s;
  if (!details.empty()) status["details"] = std::move(details);
  status["code"] = error.code;
  return status;
}

Json deleted_status(const Subject& subject, std::string_view uid) {
  JsonObject details = details_of(subject, subject.plural);
  details["uid"] = uid;
  return JsonObject{{"kind", "Status"},
                    {"apiVersion", "v1"},
                    {"metadata", JsonObject{}},
                    {"status", "Success"},
                    {"details", std::move(details)}};
}

}  // namespace bulla::test
