// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kube/environment.hpp"
#include "kube/url.hpp"

// Which proxy a connection goes through: decided from text alone. The connection itself is made by
// kube/tunnel.cpp.
namespace bulla::kube {

/// The proxy-url of a kubeconfig or flag: http, https or socks5.
/// Errors: invalid_input, `could not parse: URL`, `unsupported scheme "ftp", must be http, https,
/// or socks5`, without the user and password that the URL may hold.
[[nodiscard]] Result<Url> parse_proxy_url(std::string_view text);

/// The proxy that the environment asks for, as Go's net/http reads it; empty: none.
///
/// HTTPS_PROXY for https targets, HTTP_PROXY for http, each also in lower case, where the upper
/// case wins; a value without a scheme is an http proxy. Never for "localhost" and loopback
/// addresses, nor for what NO_PROXY lists: names (with their subdomains; with a leading "." or
/// "*." only those), addresses, networks, each with an optional port, or "*" for all. What cannot
/// be understood is passed over.
/// Errors: invalid_input in a CGI program (REQUEST_METHOD is set), where HTTP_PROXY may come from
/// a request's "Proxy:" header.
[[nodiscard]] Result<std::string> proxy_from_environment(const Url& target,
                                                         const Environment& environment);

}  // namespace bulla::kube
