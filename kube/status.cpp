// SPDX-License-Identifier: Apache-2.0
#include "kube/status.hpp"

#include <charconv>
#include <string>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/object.hpp"

namespace bulla::kube {
namespace {

namespace json = boost::json;

Errc code_of_reason(std::string_view reason) noexcept {
  struct Row {
    std::string_view reason;
    Errc code;
  };
  static constexpr Row rows[] = {
      {"BadRequest", Errc::rejected},
      {"MethodNotAllowed", Errc::rejected},
      {"NotAcceptable", Errc::rejected},
      {"RequestEntityTooLarge", Errc::rejected},
      {"UnsupportedMediaType", Errc::rejected},
      {"Invalid", Errc::rejected},
      {"Unauthorized", Errc::unavailable},
      {"Forbidden", Errc::unavailable},
      {"NotFound", Errc::not_found},
      {"AlreadyExists", Errc::conflict},
      {"Conflict", Errc::conflict},
      {"Expired", Errc::gone},
      {"Gone", Errc::gone},
      {"TooManyRequests", Errc::unavailable},
      {"InternalError", Errc::unavailable},
      {"ServerTimeout", Errc::unavailable},
      {"ServiceUnavailable", Errc::unavailable},
      {"Timeout", Errc::unavailable},
  };
  for (const auto& row : rows) {
    if (row.reason == reason) return row.code;
  }
  return Errc::internal;  // unknown: the number decides
}

Errc code_of_status(unsigned status) noexcept {
  switch (status) {
    case 401:
    case 403:
    case 408:
    case 429: return Errc::unavailable;
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    case 410: return Errc::gone;
    default: return status >= 500 ? Errc::unavailable : Errc::rejected;
  }
}

bool has_cause(const json::value& status, std::string_view reason) noexcept {
  const auto* causes = find_member(status, {"details", "causes"});
  if (causes == nullptr || !causes->is_array()) return false;
  for (const auto& cause : causes->get_array()) {
    if (text_at(cause, {"reason"}) == reason) return true;
  }
  return false;
}

std::optional<std::chrono::seconds> seconds_of(std::string_view text) noexcept {
  std::int64_t seconds = 0;
  const auto trimmed = trim(text);
  const auto* end = trimmed.data() + trimmed.size();
  const auto [stop, failure] = std::from_chars(trimmed.data(), end, seconds);
  if (failure != std::errc() || stop != end || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(seconds, 3600));
}

Error error_of(const json::value& status, unsigned number) {
  const auto code = code_of_reason(text_at(status, {"reason"}));
  Error error{code == Errc::internal ? code_of_status(number) : code, ""};
  // The server says so when a replica has not caught up yet with the version that we ask for.
  if (has_cause(status, "ResourceVersionTooLarge")) error.code = Errc::gone;
  // It takes its time to go, and to ask faster does not help.
  if (has_cause(status, "NamespaceTerminating")) {
    error.code = Errc::gone;
    error.retry_after = std::chrono::seconds(5);
  }
  const auto message = text_at(status, {"message"});
  error.message = printable(cut_to(message, limits::status_message_bytes_max));
  const auto* seconds = find_member(status, {"details", "retryAfterSeconds"});
  if (seconds != nullptr && seconds->is_int64() && seconds->get_int64() > 0) {
    error.retry_after = std::chrono::seconds(std::min<std::int64_t>(seconds->get_int64(), 3600));
  }
  return error;
}

/// "get services http:app:http" for a path below a resource, else the method and the path.
std::string what_was_asked(const FailedAnswer& answer) {
  auto parts = split(answer.path.substr(0, answer.path.find('?')), '/');
  std::size_t at = 0;
  std::string group;
  if (parts.size() > 3 && parts[1] == "api") {
    at = 3;
  } else if (parts.size() > 4 && parts[1] == "apis") {
    group = "." + std::string(parts[2]);
    at = 4;
  }
  if (at != 0 && parts[at] == "namespaces" && parts.size() > at + 2) at += 2;
  std::string out = to_lower(to_text(answer.method)) + " ";
  if (at == 0) return out += answer.path;
  out += std::string(parts[at]) + group;
  if (parts.size() > at + 1) out += " " + std::string(parts[at + 1]);
  return out;
}

/// What somebody behind the API server's proxy said, if it is a sentence.
std::string_view said(const FailedAnswer& answer) {
  constexpr std::size_t sentence_bytes_max = 200;
  const auto text = trim(answer.body);
  const bool is_sentence = text.size() <= sentence_bytes_max && !text.starts_with('<') &&
                           !text.starts_with('{') && text.find('\n') == std::string_view::npos;
  return is_sentence ? text : std::string_view();
}

std::string sentence(const FailedAnswer& answer) {
  switch (answer.status) {
    case 400: return "the server rejected our request for an unknown reason";
    case 401: return "the server does not accept our credentials";
    case 403: return "the server does not allow this";
    case 404: return "the server does not know this resource";
    case 409: return "the server reported a conflict";
    case 410: return "the server no longer has that version";
    case 429:
      return "the server has received too many requests and has asked us to try again later";
    case 503: return "the server is currently unable to handle the request";
    case 504: return "the server did not answer in time";
    default: break;
  }
  if (answer.status >= 500) {
    const auto said = quoted(trim(answer.body));
    return "an error on the server (" + said + ") has prevented the request from succeeding";
  }
  return "the server answered with status " + std::to_string(answer.status);
}

}  // namespace

Error status_error(const json::value& status) {
  const auto* number = find_member(status, {"code"});
  const bool known = number != nullptr && number->is_int64() && number->get_int64() > 0;
  auto error = error_of(status, known ? static_cast<unsigned>(number->get_int64()) : 500);
  if (error.message.empty()) error.message = "the server reported an error without a message";
  return error;
}

Error status_error(const FailedAnswer& answer) {
  auto parsed = parse_json(answer.body);
  Error error;
  if (parsed && text_at(*parsed, {"kind"}) == "Status") {
    error = error_of(*parsed, answer.status);
  } else {
    error.code = code_of_status(answer.status);
  }
  if (error.message.empty()) {
    error.message = sentence(answer) + " (" + what_was_asked(answer) + ")";
    const auto words = said(answer);
    if (!words.empty() && answer.status < 500)
      error = std::move(error).hint("the answer says: " + quoted(words));
  }
  if (!error.retry_after) error.retry_after = seconds_of(answer.retry_after);
  return error;
}

}  // namespace bulla::kube
