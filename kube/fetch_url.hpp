// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "kube/environment.hpp"

namespace bulla::kube {

struct FetchOptions {
  std::string user_agent = "bulla/" BULLA_VERSION;
  std::size_t bytes_max = limits::certificate_bytes_max;
  std::chrono::milliseconds timeout = std::chrono::seconds(30);  ///< for all redirects together
  Environment environment = process_environment();               ///< names the proxies
};

/// What an http:// or https:// URL answers, trusting the system's certificates (or those that
/// $SSL_CERT_FILE names), through the environment's proxy (kube/proxy.hpp). A user and password in
/// the URL are sent. Up to ten requests follow redirects, never from https to http.
///
/// Errors: invalid_input (`Get "URL": unsupported protocol scheme "ftp"`, `cannot fetch "URL":
/// 404 Not Found`, a body of more than bytes_max), unavailable (`Get "URL": dial tcp
/// 127.0.0.1:1: connect: connection refused`, `cannot fetch "URL": 500 Internal Server Error`).
[[nodiscard]] Result<std::string> fetch_url(std::string_view url, const FetchOptions& options = {});

}  // namespace bulla::kube
