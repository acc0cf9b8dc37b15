// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

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

  std::string client_certificate_pem = {};  ///< with its chain; empty: none
  SecretBuffer client_key_pem = {};
  SecretBuffer token = {};      ///< bearer token, trimmed
  std::string token_file = {};  ///< read again every minute; wins over `token`
  std::string username = {};    ///< basic authentication
  SecretBuffer password = {};

  /// Impersonate-User, -Group and -Uid; empty: none.
  std::string as_user = {};
  std::vector<std::string> as_groups = {};
  std::string as_uid = {};

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
  std::optional<std::string> proxy_url = {};
  std::optional<std::string> request_timeout = {};  ///< "30s", "5" (seconds), "0" (no limit)
};

/// Where the process runs, so that tests can run elsewhere.
struct Environment {
  /// An environment variable, or nothing if it is unset.
  std::function<std::optional<std::string>(const char* name)> variable;
  /// Where a pod finds its token, ca.crt and namespace.
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
};
/// The process's own.
[[nodiscard]] Environment process_environment();

/// How to reach the cluster.
///
/// Sources: --kubeconfig; else the files of $KUBECONFIG (separated by colons, missing ones skipped;
/// the first to name an entry or the current context wins); else ~/.kube/config; flags go over all
/// of it. If that says nothing, the pod's service account. Paths inside a file are relative to it.
/// Certificates and keys are read now; a token file is read when it is needed.
///
/// Errors: invalid_input, in kubectl's words where it has some: `context "x" does not exist`,
/// `stat FILE: no such file or directory`, `invalid configuration: no configuration has been
/// provided, try setting KUBERNETES_MASTER environment variable`. A user entry with an exec plugin
/// or auth-provider, and a cluster behind a proxy-url, are refused by name: this version cannot.
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
