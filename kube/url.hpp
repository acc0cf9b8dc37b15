// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace bulla::kube {

/// A URL, taken apart as far as a client needs it.
struct Url {
  std::string scheme = {};       ///< lower case; empty for what is no URL but a name
  std::string host = {};         ///< without brackets; empty if there is none
  std::uint16_t port = 0;        ///< as given, else 80 for http and 443 for https, else 0
  std::string target = {};       ///< path and query, percent-encoded, without the fragment
  std::string credentials = {};  ///< "user:password", still encoded

  /// "host:port", brackets around an IPv6 address: what a dialled address looks like in messages.
  [[nodiscard]] std::string address() const;
  /// For the Host header: without the port where it is the scheme's own.
  [[nodiscard]] std::string host_header() const;
};

/// Errors: invalid_input with Go's words: `parse "%zz": invalid URL escape "%zz"`,
/// `parse ":x": missing protocol scheme`; without a user and password that the text may hold.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// The URL `text` with user and password replaced, for messages. Of what is no URL, all up to its
/// last "@" is replaced.
[[nodiscard]] std::string without_credentials(std::string_view text);

/// `text` with %XX for the bytes that can't stand in a request's line or in a URL (RFC 3986 section
/// 2): blanks, controls, what is not ASCII, and "<>\^`{|}. Escapes that are there stay.
[[nodiscard]] std::string percent_encode_unsafe(std::string_view text);

/// `text` with %XX for every byte that does not stay (RFC 3986 section 2.1).
[[nodiscard]] std::string percent_encode_unless(std::string_view text, bool (*stays)(char));

/// `text` with %XX undone; what is no escape stays as it is.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// `reference` (a Location header) seen from `base`: absolute, "//host/path" or "/path".
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace bulla::kube
