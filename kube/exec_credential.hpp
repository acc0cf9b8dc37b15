// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

// What a credential plugin is told, and what it answers (client.authentication.k8s.io). No process
// is started here: see kube/exec_plugin.hpp.
namespace bulla::kube {

inline constexpr std::string_view exec_api_v1 = "client.authentication.k8s.io/v1";
inline constexpr std::string_view exec_api_v1beta1 = "client.authentication.k8s.io/v1beta1";

/// The values of interactiveMode: may the plugin have our standard input?
inline constexpr std::string_view exec_never = "Never";
inline constexpr std::string_view exec_if_available = "IfAvailable";
inline constexpr std::string_view exec_always = "Always";

/// A program that hands out credentials, as a kubeconfig's user entry names it. Move-only.
struct ExecPlugin {
  struct Variable {
    std::string name = {};
    SecretBuffer value = {};
  };
  std::string command = {};  ///< an absolute path, or a name to look for in $PATH
  std::vector<std::string> arguments = {};
  std::vector<Variable> environment = {};  ///< on top of our own
  std::string api_version = {};
  std::string interactive_mode = {};
  std::string install_hint = {};
  bool provide_cluster_info = false;
  std::string cluster_info = {};  ///< JSON for spec.cluster; empty: the plugin is not told
  /// For one run, where no person is asked; nothing: that of ExecPatience alone.
  std::optional<std::chrono::milliseconds> time_max = {};
};

/// The cluster as a plugin sees it.
struct ExecCluster {
  std::string_view server = {};
  std::string_view tls_server_name = {};
  bool insecure = false;
  std::string_view ca_pem = {};
  std::string_view proxy_url = {};
  bool disable_compression = false;
  std::string_view extension = {};  ///< JSON; empty: none
};
/// JSON for ExecPlugin::cluster_info.
[[nodiscard]] std::string exec_cluster_info(const ExecCluster& cluster);

/// The value of KUBERNETES_EXEC_INFO. `interactive`: the plugin has our standard input.
[[nodiscard]] std::string exec_info(const ExecPlugin& plugin, bool interactive);

/// What a plugin hands out: a token, a client certificate with its key, or both. Move-only.
struct ExecCredential {
  SecretBuffer token = {};
  std::string client_certificate_pem = {};
  SecretBuffer client_key_pem = {};
  std::optional<WallTime> expires_at = {};  ///< nothing: good for the whole run
};

/// Reads what a plugin printed: an ExecCredential in JSON or YAML.
/// Errors: invalid_input, never with anything of the output that could be secret: not an
/// ExecCredential of `api_version`, no status, neither token nor certificate, a certificate without
/// its key, an expirationTimestamp that is no time.
[[nodiscard]] Result<ExecCredential> parse_exec_credential(std::string_view output,
                                                           std::string_view api_version);

}  // namespace bulla::kube
