// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig_choice.hpp"

#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kube/proxy.hpp"

namespace bulla::kube {
namespace {

const char* const no_server = "cluster has no server defined";

bool given(const std::optional<std::string>& flag) noexcept { return flag && !flag->empty(); }

void take(std::string& target, const std::optional<std::string>& flag) {
  if (given(flag)) target = *flag;
}

void take(SecretBuffer& target, const std::optional<std::string>& flag) {
  if (given(flag)) target = SecretBuffer::copy_of(*flag);
}

void apply_cluster_flags(KubeconfigCluster& cluster, const ConfigFlags& flags) {
  // The file's name for the server's certificate is not that of another server.
  if (given(flags.server) || given(flags.tls_server_name)) {
    cluster.tls_server_name = flags.tls_server_name.value_or("");
  }
  take(cluster.server, flags.server);
  take(cluster.proxy_url, flags.proxy_url);
  // Each of the two undoes what the file says about trust: together they would contradict.
  const bool skip_verify = flags.insecure_skip_tls_verify.value_or(false);
  if (skip_verify || given(flags.certificate_authority)) {
    cluster.insecure = skip_verify;
    cluster.ca_file = flags.certificate_authority.value_or("");
    cluster.ca_pem.clear();
  }
  if (flags.disable_compression.value_or(false)) cluster.disable_compression = true;
}

void apply_user_flags(KubeconfigUser& user, const ConfigFlags& flags) {
  if (given(flags.client_certificate)) {
    user.certificate_file = *flags.client_certificate;
    user.certificate_pem.clear();
  }
  if (given(flags.client_key)) {
    user.key_file = *flags.client_key;
    user.key_pem = SecretBuffer();
  }
  take(user.token, flags.token);
  take(user.username, flags.username);
  take(user.password, flags.password);
  if (given(flags.token) || given(flags.username)) {
    // A credential on the command line goes over whatever else the entry would fetch.
    user.token_file.clear();
    user.exec.reset();
    user.auth_provider.clear();
  }
  take(user.as_user, flags.as);
  take(user.as_uid, flags.as_uid);
  if (!flags.as_groups.empty()) user.as_groups = flags.as_groups;
  if (!flags.as_user_extra.empty()) user.as_user_extra = flags.as_user_extra;
}

template <class Map, class Entry>
bool take_entry(Map& map, const std::string& name, Entry& entry) {
  auto found = map.find(name);
  if (found == map.end()) return false;
  entry = std::move(found->second);
  return true;
}

std::string context_name_of(const Kubeconfig& config, const ConfigFlags& flags) {
  return given(flags.context) ? *flags.context : config.current_context;
}

/// As Go's os.Open: it is read later, if it is needed at all.
void check_readable(std::vector<std::string>& complaints, const std::string& path,
                    const std::string& what) {
  if (path.empty()) return;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file >= 0) {
    ::close(file);
    return;
  }
  std::string reason = std::strerror(errno);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  complaints.push_back("unable to read " + what + " due to open " + path + ": " + reason);
}

void check_certificate(std::vector<std::string>& complaints, const KubeconfigChoice& choice) {
  const auto& user = choice.user;
  const auto& name = choice.user_name;
  if (user.certificate_file.empty() && user.certificate_pem.empty()) return;
  if (!user.certificate_file.empty() && !user.certificate_pem.empty()) {
    complaints.push_back("client-cert-data and client-cert are both specified for " + name +
                         ". client-cert-data will override.");
  }
  if (!user.key_file.empty() && !user.key_pem.empty()) {
    complaints.push_back("client-key-data and client-key are both specified for " + name +
                         "; client-key-data will override");
  }
  if (user.key_file.empty() && user.key_pem.empty()) {
    complaints.push_back("client-key-data or client-key must be specified for " + name +
                         " to use the clientCert authentication method.");
  }
  check_readable(complaints, user.certificate_file,
                 "client-cert " + user.certificate_file + " for " + name);
  check_readable(complaints, user.key_file, "client-key " + user.key_file + " for " + name);
}

void check_exec(std::vector<std::string>& complaints, const KubeconfigChoice& choice) {
  if (!choice.user.exec) return;
  const auto& exec = *choice.user.exec;
  const auto missing = [&](const std::string& what) {
    complaints.push_back(what + " must be specified for " + choice.user_name +
                         " to use exec authentication plugin");
  };
  if (!choice.user.auth_provider.empty()) {
    complaints.push_back("authProvider cannot be provided in combination with an exec plugin for " +
                         choice.user_name);
  }
  if (exec.command.empty()) missing("command");
  if (exec.api_version.empty()) missing("apiVersion");
  for (const auto& variable : exec.environment) {
    if (variable.name.empty()) missing("env variable name");
  }
  const auto& mode = exec.interactive_mode;
  if (mode.empty()) {
    missing("interactiveMode");
  } else if (mode != exec_never && mode != exec_if_available && mode != exec_always) {
    complaints.push_back("invalid interactiveMode for " + choice.user_name + ": " + quoted(mode));
  }
}

void check_user(std::vector<std::string>& complaints, const KubeconfigChoice& choice) {
  const auto& user = choice.user;
  check_certificate(complaints, choice);
  check_exec(complaints, choice);
  if (!user.token.empty() && (!user.username.empty() || !user.password.empty())) {
    complaints.push_back("more than one authentication method found for " + choice.user_name +
                         "; found [token basicAuth], only one is allowed");
  }
  const bool more = !user.as_uid.empty() || !user.as_groups.empty() || !user.as_user_extra.empty();
  if (more && user.as_user.empty()) {
    complaints.push_back("requesting uid, groups or user-extra for " + choice.user_name +
                         " without impersonating a user");
  }
}

bool is_blank(const KubeconfigCluster& cluster) noexcept {
  return cluster.server.empty() && cluster.tls_server_name.empty() && !cluster.insecure &&
         cluster.ca_file.empty() && cluster.ca_pem.empty() && cluster.proxy_url.empty() &&
         !cluster.disable_compression;
}

void check_cluster(std::vector<std::string>& complaints, const KubeconfigChoice& choice) {
  const auto& cluster = choice.cluster;
  const auto& name = choice.cluster_name;
  if (!choice.cluster_found && is_blank(cluster)) return complaints.emplace_back(no_server), void();
  if (cluster.server.empty()) {
    complaints.push_back(name.empty() ? "default cluster has no server defined"
                                      : "no server found for cluster " + quoted(name));
  }
  if (!cluster.proxy_url.empty()) {
    if (const auto proxy = parse_proxy_url(cluster.proxy_url); !proxy) {
      complaints.push_back("invalid 'proxy-url' " + quoted(without_credentials(cluster.proxy_url)) +
                           " for cluster " + quoted(name) + ": " + proxy.error().message);
    }
  }
  if (!cluster.ca_file.empty() && !cluster.ca_pem.empty()) {
    complaints.push_back(
        "certificate-authority-data and certificate-authority are both specified "
        "for " +
        name + ". certificate-authority-data will override.");
  }
  check_readable(complaints, cluster.ca_file,
                 "certificate-authority " + cluster.ca_file + " for " + name);
}

}  // namespace

KubeconfigChoice choose(Kubeconfig config, const ConfigFlags& flags) {
  KubeconfigChoice chosen;
  chosen.context_name = context_name_of(config, flags);
  chosen.context_found = take_entry(config.contexts, chosen.context_name, chosen.context) ||
                         chosen.context_name.empty();
  chosen.cluster_name = given(flags.cluster) ? *flags.cluster : chosen.context.cluster;
  chosen.user_name = given(flags.user) ? *flags.user : chosen.context.user;
  chosen.cluster_found = take_entry(config.clusters, chosen.cluster_name, chosen.cluster);
  static_cast<void>(take_entry(config.users, chosen.user_name, chosen.user));
  apply_cluster_flags(chosen.cluster, flags);
  apply_user_flags(chosen.user, flags);
  take(chosen.context.namespace_, flags.namespace_);
  return chosen;
}

Result<void> check_names(const Kubeconfig& config, const ConfigFlags& flags) {
  const auto missing = [](const char* what, const std::string& name) {
    return Error{Errc::invalid_input, what + (" " + quoted(name)) + " does not exist"};
  };
  if (given(flags.user) && !config.users.contains(*flags.user)) {
    return missing("auth info", *flags.user);
  }
  if (given(flags.context) && !config.contexts.contains(*flags.context)) {
    return missing("context", *flags.context);
  }
  if (given(flags.cluster) && !config.clusters.contains(*flags.cluster)) {
    return missing("cluster", *flags.cluster);
  }
  return {};
}

std::vector<std::string> complaints_about(const KubeconfigChoice& choice) {
  std::vector<std::string> complaints;
  if (!choice.context_found) {
    complaints.push_back("context was not found for specified context: " + choice.context_name);
  }
  check_user(complaints, choice);
  check_cluster(complaints, choice);
  return complaints;
}

bool says_nothing(const std::vector<std::string>& complaints) {
  return complaints.size() == 1 && complaints.front() == no_server;
}

Error unusable(const std::vector<std::string>& complaints) {
  if (says_nothing(complaints)) {
    return {Errc::invalid_input,
            "invalid configuration: no configuration has been provided, try setting "
            "KUBERNETES_MASTER environment variable"};
  }
  if (complaints.size() == 1) {
    return {Errc::invalid_input, "invalid configuration: " + complaints.front()};
  }
  std::string all;
  for (const auto& complaint : complaints) all += (all.empty() ? "" : ", ") + complaint;
  return {Errc::invalid_input, "invalid configuration: [" + all + "]"};
}

}  // namespace bulla::kube
