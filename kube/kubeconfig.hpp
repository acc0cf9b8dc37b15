// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"
#include "kube/exec_credential.hpp"

// The kubeconfig file format, private to this room (kube/config.hpp is the way in).
namespace bulla::kube {

/// A kubeconfig: dozens of clusters with their certificates fit into a fraction of it.
constexpr std::size_t kubeconfig_bytes_max = 16 * limits::mib;

struct KubeconfigCluster {
  std::string server = {};
  std::string tls_server_name = {};
  bool insecure = false;
  std::string ca_file = {};
  std::string ca_pem = {};  ///< certificate-authority-data, decoded
  std::string proxy_url = {};
  bool disable_compression = false;
  std::string exec_extension = {};  ///< JSON for this cluster's exec plugins; empty: none
};

struct KubeconfigUser {
  std::string certificate_file = {};
  std::string certificate_pem = {};
  std::string key_file = {};
  SecretBuffer key_pem = {};
  SecretBuffer token = {};
  std::string token_file = {};
  std::string username = {};
  SecretBuffer password = {};
  std::string as_user = {};
  std::vector<std::string> as_groups = {};
  std::string as_uid = {};
  std::vector<std::pair<std::string, std::string>> as_user_extra = {};
  std::optional<ExecPlugin> exec = {};
  std::string auth_provider = {};  ///< its name; empty: none
};

struct KubeconfigContext {
  std::string cluster = {};
  std::string user = {};
  std::string namespace_ = {};
};

struct Kubeconfig {
  std::string current_context = {};
  std::map<std::string, KubeconfigCluster> clusters = {};
  std::map<std::string, KubeconfigUser> users = {};
  std::map<std::string, KubeconfigContext> contexts = {};
};

/// Reads one file's text. `path` is what errors call it; relative paths in it (certificates, keys,
/// the token file, an exec command with a slash) become absolute, starting from its folder.
/// Members that are not known are passed over, as kubectl does.
/// Errors: invalid_input, `error loading config file "PATH": line 3: ...`; never a value.
[[nodiscard]] Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& path);

/// Adds to `into` what only `from` has: a name that is there keeps all that it had, and takes
/// nothing from a later file, not even what it lacks.
void merge_kubeconfig(Kubeconfig& into, Kubeconfig&& from);

}  // namespace bulla::kube
