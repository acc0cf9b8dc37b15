// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/environment.hpp"
#include "kube/exec_credential.hpp"

namespace bulla::kube {

/// Everything needed to reach one API server as one user. Move-only: it holds credentials, which
/// are wiped.
///
/// Credentials are sent over TLS only: over plain http the server sees an anonymous request.
struct ClientConfig {
  std::string server;                ///< "https://host:port" with an optional path prefix
  std::string ca_pem = {};           ///< certificates to trust, PEM; empty: the system's
  bool insecure = false;             ///< accept any server certificate
  std::string tls_server_name = {};  ///< name to verify and to send, instead of the URL's host
  std::string proxy_url = {};        ///< "http://user:password@host:port", https or socks5

  std::string client_certificate_pem = {};  ///< with its chain; empty: none
  SecretBuffer client_key_pem = {};
  SecretBuffer token = {};      ///< bearer token, trimmed
  std::string token_file = {};  ///< read again every minute; wins over `token` while it can be
  std::string username = {};    ///< basic authentication
  SecretBuffer password = {};
  /// Runs when nothing of the above is given.
  std::optional<ExecPlugin> exec = {};

  /// Impersonate-User, -Group, -Uid and -Extra; empty: none.
  std::string as_user = {};
  std::vector<std::string> as_groups = {};
  std::string as_uid = {};
  std::vector<std::pair<std::string, std::string>> as_user_extra = {};

  /// For one request; zero: no limit.
  std::chrono::milliseconds request_timeout = std::chrono::seconds(30);
  /// The namespace of the context: "default" unless given there or by flag.
  std::string namespace_ = "default";
  bool namespace_given = false;
};

/// kubectl's client flags; nothing: not given.
struct ConfigFlags {
  std::optional<std::string> kubeconfig = {};
  std::optional<std::string> context = {};
  std::optional<std::string> cluster = {};
  std::optional<std::string> user = {};
  std::optional<std::string> namespace_ = {};
  std::optional<std::string> server = {};
  std::optional<std::string> tls_server_name = {};
  std::optional<bool> insecure_skip_tls_verify = {};
  std::optional<std::string> certificate_authority = {};  ///< a path, as the next two
  std::optional<std::string> client_certificate = {};
  std::optional<std::string> client_key = {};
  std::optional<std::string> token = {};
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  std::optional<std::string> as = {};
  std::vector<std::string> as_groups = {};
  std::optional<std::string> as_uid = {};
  std::vector<std::pair<std::string, std::string>> as_user_extra = {};
  std::optional<std::string> proxy_url = {};
  std::optional<bool> disable_compression = {};
  std::optional<std::string> request_timeout = {};  ///< "30s", "5" (seconds), "0" (no limit)
};

/// How to reach the cluster.
///
/// Sources: --kubeconfig; else the files of $KUBECONFIG (separated by colons, missing ones skipped;
/// the first to name an entry or the current context wins); else ~/.kube/config; flags go over all
/// of it. If that says nothing, the pod's service account. Paths inside a file are relative to it.
/// Certificates and keys are read now; a token file is read and a plugin is run when a request
/// needs it. Without a proxy-url, the proxy is that of the environment (kube/proxy.hpp).
///
/// Errors: invalid_input, in kubectl's words where it has some: `context "x" does not exist`,
/// `stat FILE: no such file or directory`, `invalid configuration: no configuration has been
/// provided, try setting KUBERNETES_MASTER environment variable`, `specifying a root certificates
/// file with the insecure flag is not allowed`. A user entry with an auth-provider is refused, with
/// a hint at what to use instead.
[[nodiscard]] Result<ClientConfig> load_config(const ConfigFlags& flags,
                                               const Environment& environment);

/// The namespace that --namespace or the current context names; "default" if they name none, or
/// the pod's own inside of one. Asks for a usable context, but for no credentials.
///
/// Errors: as load_config(), and `invalid configuration: [context was not found for specified
/// context: x, cluster has no server defined]`.
[[nodiscard]] Result<std::string> current_namespace(const ConfigFlags& flags,
                                                    const Environment& environment);

}  // namespace bulla::kube
