// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/config.hpp"
#include "kube/url.hpp"

// Private to this room, as it brings OpenSSL along.
namespace bulla::kube {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// A proxy on the way. For an https server it tunnels (CONNECT, SOCKS 5); an http request is handed
/// to an http(s) proxy as it is.
struct ProxyHop {
  Url url = {};
  std::string user = {};       ///< decoded; empty: none
  SecretBuffer password = {};  ///< decoded
  TlsContext tls = {};         ///< for an https proxy
  [[nodiscard]] bool is_socks() const noexcept { return url.scheme.starts_with("socks"); }
};

/// Where to connect, and whom to trust there.
struct Endpoint {
  Url url = {};
  std::string base_path = {};    ///< the URL's path, without a slash at its end
  std::string verify_name = {};  ///< what the certificate must be for: DNS name or IP address
  bool insecure = false;
  TlsContext tls = {};  ///< none: plain http
  std::optional<ProxyHop> proxy = {};

  /// True if requests are addressed to the proxy, in absolute form.
  [[nodiscard]] bool forwards() const noexcept { return proxy && !tls && !proxy->is_socks(); }
};

/// A client certificate that does not come from the configuration.
struct ClientIdentity {
  std::string_view certificate_pem = {};
  std::string_view key_pem = {};
};

/// `identity`, where it is not empty, goes in place of the configuration's.
/// Errors: invalid_input, naming what cannot be used.
[[nodiscard]] Result<Endpoint> make_endpoint(const ClientConfig& config,
                                             const ClientIdentity& identity = {});

/// "Proxy-Authorization: Basic ...\r\n"; nothing where the proxy wants no user.
void append_proxy_authorization(SecretBuffer& head, const ProxyHop& proxy);

}  // namespace bulla::kube
