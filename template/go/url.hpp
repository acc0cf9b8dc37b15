// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/go/quoting.hpp"

// Go's package net/url.
namespace bulla::tmpl::go {

/// The part of a URL that a text stands in: what must be escaped differs.
enum class UrlPart { path, host, zone, user_info, query_component, fragment };

struct UserInfo {
  SecretBuffer name;
  std::optional<SecretBuffer> password;
  /// Escaped, as it stands in a URL.
  [[nodiscard]] SecretBuffer to_text() const;
};

/// A parsed URL. Path, fragment and user are decoded.
struct Url {
  SecretBuffer scheme, opaque, host, path, query, fragment;
  SecretBuffer raw_path, raw_fragment;  ///< as written, where the usual escapes would differ
  std::optional<UserInfo> user;
  bool force_query = false;  ///< ends with a question mark

  [[nodiscard]] SecretBuffer to_text() const;
  /// The host without port and brackets.
  [[nodiscard]] std::string_view host_name() const;
};

/// Errors: invalid_input with Go's words, which quote the URL, if allowed.
[[nodiscard]] Result<Url> parse_url(std::string_view text, Quoting quoting);

[[nodiscard]] SecretBuffer url_escape(std::string_view text, UrlPart part);

}  // namespace bulla::tmpl::go
