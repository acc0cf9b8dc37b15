// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/error.hpp"
#include "kube/request.hpp"

namespace bulla::kube {

/// An answer that is not a success, as received.
struct FailedAnswer {
  Method method = Method::get;
  std::string_view path = {};
  unsigned status = 0;
  std::string_view retry_after = {};  ///< the header's value, seconds; a date is not understood
  std::string_view body = {};
};

/// What an answer that is not a success means to us.
///
/// Decided by the reason of the `Status` in the body, and by the HTTP status when there is none
/// (proxies answer plain text). The message is the Status' own; without one it is a sentence that
/// ends with "(get services NAME)". `retry_after` comes from details.retryAfterSeconds or the
/// header, or is some seconds where a namespace is being deleted. Codes: rejected (400, 405, 406,
/// 413, 415, 422), unavailable (401, 403, 429, 5xx), not_found, conflict (409), gone (410, a
/// resourceVersion that is too large, and a namespace that is being terminated).
[[nodiscard]] Error status_error(const FailedAnswer& answer);

/// The same for a Status object that came as an ERROR event of a watch.
[[nodiscard]] Error status_error(const boost::json::value& status);

}  // namespace bulla::kube
