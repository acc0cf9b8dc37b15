// SPDX-License-Identifier: Apache-2.0
#include "kube/config.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/url.hpp"

namespace bulla::kube {
namespace {

constexpr std::size_t token_bytes_max = 1 * limits::mib;

Error invalid(std::string message) { return {Errc::invalid_input, std::move(message)}; }

const char* const no_configuration =
    "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER "
    "environment variable";

/// What the kubeconfig files and the flags come to, before any certificate is read.
struct Settings {
  std::string context_name;
  bool context_found = false;  ///< or none was asked for
  bool context_by_flag = false;
  std::string cluster_name;
  bool cluster_found = false;
  std::string user_name;
  bool user_found = false;
  KubeconfigContext context;
  KubeconfigCluster cluster;
  KubeconfigUser user;
};

Result<void> read_into(Kubeconfig& config, const std::string& path, bool required) {
  auto text = read_file(path, kubeconfig_bytes_max);
  if (!text) {
    const bool missing = text.error().code == Errc::not_found;
    if (missing && !required) return {};
    if (missing) return invalid("stat " + path + ": no such file or directory");
    return std::move(text.error()).during("error loading config file " + quoted(path));
  }
  auto parsed = parse_kubeconfig(text->expose_secret_text(), path);
  if (!parsed) return std::move(parsed.error());
  merge_kubeconfig(config, std::move(*parsed));
  return {};
}

Result<Kubeconfig> read_kubeconfigs(const ConfigFlags& flags, const Environment& environment) {
  Kubeconfig config;
  if (flags.kubeconfig && !flags.kubeconfig->empty()) {
    if (auto read = read_into(config, *flags.kubeconfig, true); !read) return read.error();
    return config;
  }
  if (const auto list = environment.variable("KUBECONFIG"); list && !list->empty()) {
    for (const auto path : split(*list, ':')) {
      if (path.empty()) continue;
      if (auto read = read_into(config, std::string(path), false); !read) return read.error();
    }
    return config;
  }
  const auto home = environment.variable("HOME");
  if (!home || home->empty()) return config;
  if (auto read = read_into(config, *home + "/.kube/config", false); !read) return read.error();
  return config;
}

void apply_cluster_flags(KubeconfigCluster& cluster, const ConfigFlags& flags) {
  if (flags.server && !flags.server->empty()) cluster.server = *flags.server;
  if (flags.tls_server_name) cluster.tls_server_name = *flags.tls_server_name;
  if (flags.certificate_authority && !flags.certificate_authority->empty()) {
    cluster.ca_file = *flags.certificate_authority;
    cluster.ca_pem.clear();
    cluster.insecure = false;
  }
  if (flags.insecure_skip_tls_verify) cluster.insecure = *flags.insecure_skip_tls_verify;
  if (flags.proxy_url) cluster.has_proxy = !flags.proxy_url->empty();
}

void apply_user_flags(KubeconfigUser& user, const ConfigFlags& flags) {
  if (flags.client_certificate && !flags.client_certificate->empty()) {
    user.certificate_file = *flags.client_certificate;
    user.certificate_pem.clear();
  }
  if (flags.client_key && !flags.client_key->empty()) {
    user.key_file = *flags.client_key;
    user.key_pem = SecretBuffer();
  }
  const bool has_token = flags.token && !flags.token->empty();
  const bool has_username = flags.username && !flags.username->empty();
  if (has_token) user.token = SecretBuffer::copy_of(*flags.token);
  if (has_username) user.username = *flags.username;
  if (flags.password) user.password = SecretBuffer::copy_of(*flags.password);
  if (has_token || has_username) {
    // A credential on the command line goes over whatever else the entry would do.
    user.token_file.clear();
    user.has_exec = user.has_auth_provider = false;
  }
  if (flags.as) user.as_user = *flags.as;
  if (!flags.as_groups.empty()) user.as_groups = flags.as_groups;
  if (flags.as_uid) user.as_uid = *flags.as_uid;
}

template <class Map, class Entry>
bool take(Map& map, const std::string& name, Entry& entry) {
  auto found = map.find(name);
  if (found == map.end()) return false;
  entry = std::move(found->second);
  return true;
}

Settings choose(Kubeconfig config, const ConfigFlags& flags) {
  Settings chosen;
  chosen.context_by_flag = flags.context && !flags.context->empty();
  chosen.context_name = chosen.context_by_flag ? *flags.context : config.current_context;
  chosen.context_found =
      take(config.contexts, chosen.context_name, chosen.context) || chosen.context_name.empty();
  chosen.cluster_name = flags.cluster.value_or(chosen.context.cluster);
  chosen.user_name = flags.user.value_or(chosen.context.user);
  chosen.cluster_found = take(config.clusters, chosen.cluster_name, chosen.cluster);
  chosen.user_found = take(config.users, chosen.user_name, chosen.user);
  apply_cluster_flags(chosen.cluster, flags);
  apply_user_flags(chosen.user, flags);
  if (flags.namespace_ && !flags.namespace_->empty()) {
    chosen.context.namespace_ = *flags.namespace_;
  }
  return chosen;
}

/// A name that a person typed must exist; one that a context mentions may be missing.
Result<void> check_names(const Settings& chosen, const ConfigFlags& flags) {
  if (chosen.context_by_flag && !chosen.context_found) {
    return invalid("context " + quoted(chosen.context_name) + " does not exist");
  }
  if (flags.user && !flags.user->empty() && !chosen.user_found) {
    return invalid("auth info " + quoted(chosen.user_name) + " does not exist");
  }
  if (flags.cluster && !flags.cluster->empty() && !chosen.cluster_found) {
    return invalid("cluster " + quoted(chosen.cluster_name) + " does not exist");
  }
  return {};
}

/// True if nobody said anything about a cluster: then a pod's own one may do.
bool says_nothing(const Settings& chosen) {
  return chosen.context_found && !chosen.cluster_found && chosen.cluster.server.empty();
}

Result<void> check_usable(const Settings& chosen) {
  const bool no_cluster = !chosen.cluster_found && chosen.cluster.server.empty();
  if (!chosen.context_found) {
    const auto missing = "context was not found for specified context: " + chosen.context_name;
    return invalid("invalid configuration: " +
                   (no_cluster ? "[" + missing + ", cluster has no server defined]" : missing));
  }
  if (no_cluster) return invalid(no_configuration);
  if (chosen.cluster.server.empty()) {
    return invalid("invalid configuration: no server found for cluster " +
                   quoted(chosen.cluster_name));
  }
  return {};
}

Result<std::chrono::milliseconds> timeout_of(const ConfigFlags& flags) {
  const ClientConfig defaults;
  if (!flags.request_timeout || flags.request_timeout->empty()) return defaults.request_timeout;
  auto text = *flags.request_timeout;
  if (text.find_first_not_of("0123456789") == text.npos) text += "s";
  const auto duration = parse_go_duration(text);
  if (!duration || duration->count() < 0) {
    return invalid(
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer "
        "followed by a corresponding time unit (e.g. 1s | 2m | 3h)");
  }
  return std::chrono::ceil<std::chrono::milliseconds>(*duration);
}

/// "host:port" means https as soon as anything about TLS is configured, as in kubectl.
std::string full_server_url(const Settings& chosen) {
  const auto& cluster = chosen.cluster;
  if (cluster.server.find("://") != cluster.server.npos) return cluster.server;
  const auto& user = chosen.user;
  const bool tls = cluster.insecure || !cluster.ca_file.empty() || !cluster.ca_pem.empty() ||
                   !user.certificate_file.empty() || !user.certificate_pem.empty();
  return (tls ? "https://" : "http://") + cluster.server;
}

Result<std::string> pem_of(const std::string& pem, const std::string& path,
                           const std::string& what) {
  if (!pem.empty() || path.empty()) return pem;
  auto text = read_file(path, limits::certificate_bytes_max);
  if (!text) return std::move(text.error()).during("reading " + what);
  return std::string(text->expose_secret_text());
}

Result<void> take_cluster(ClientConfig& config, const Settings& chosen) {
  const auto& cluster = chosen.cluster;
  const auto name = "cluster " + quoted(chosen.cluster_name);
  if (cluster.has_proxy) {
    return invalid(name + " has a proxy-url, which this version does not use yet");
  }
  config.server = full_server_url(chosen);
  config.tls_server_name = cluster.tls_server_name;
  config.insecure = cluster.insecure;
  if (cluster.insecure) return {};
  auto ca = pem_of(cluster.ca_pem, cluster.ca_file, "the certificate authority of " + name);
  if (!ca) return std::move(ca.error());
  config.ca_pem = std::move(*ca);
  return {};
}

Result<void> take_user(ClientConfig& config, Settings& chosen) {
  auto& user = chosen.user;
  const auto name = "user " + quoted(chosen.user_name);
  if (user.has_exec) {
    return invalid(name + " uses an exec plugin, which this version does not run yet");
  }
  if (user.has_auth_provider) {
    return invalid(name + " uses an auth-provider, which this version does not run");
  }
  auto certificate =
      pem_of(user.certificate_pem, user.certificate_file, "the client certificate of " + name);
  if (!certificate) return std::move(certificate.error());
  config.client_certificate_pem = std::move(*certificate);
  if (user.key_pem.empty() && !user.key_file.empty()) {
    auto key = read_file(user.key_file, limits::certificate_bytes_max);
    if (!key) return std::move(key.error()).during("reading the client key of " + name);
    user.key_pem = std::move(*key);
  }
  if (config.client_certificate_pem.empty() != user.key_pem.empty()) {
    return invalid(name + " needs both client-certificate and client-key, and has only one");
  }
  config.client_key_pem = std::move(user.key_pem);
  config.token = SecretBuffer::copy_of(trim(user.token.expose_secret_text()));
  config.token_file = std::move(user.token_file);
  config.username = std::move(user.username);
  config.password = std::move(user.password);
  config.as_user = std::move(user.as_user);
  config.as_groups = std::move(user.as_groups);
  config.as_uid = std::move(user.as_uid);
  return {};
}

bool in_cluster_possible(const Environment& environment) {
  const auto host = environment.variable("KUBERNETES_SERVICE_HOST");
  const auto port = environment.variable("KUBERNETES_SERVICE_PORT");
  if (!host || host->empty() || !port || port->empty()) return false;
  struct stat status = {};
  const auto token = environment.service_account_directory + "/token";
  return ::stat(token.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::string in_cluster_namespace(const Environment& environment) {
  const auto path = environment.service_account_directory + "/namespace";
  const auto text = read_file(path, token_bytes_max);
  const auto name = text ? trim(text->expose_secret_text()) : std::string_view();
  return name.empty() ? "default" : std::string(name);
}

Result<ClientConfig> in_cluster_config(const ConfigFlags& flags, const Environment& environment) {
  const auto& directory = environment.service_account_directory;
  auto host = *environment.variable("KUBERNETES_SERVICE_HOST");
  if (host.find(':') != host.npos) host = "[" + host + "]";
  ClientConfig config;
  config.server = "https://" + host + ":" + *environment.variable("KUBERNETES_SERVICE_PORT");
  auto ca = read_file(directory + "/ca.crt", limits::certificate_bytes_max);
  if (!ca) return std::move(ca.error()).during("reading the service account's CA");
  config.ca_pem = ca->expose_secret_text();
  config.token_file = directory + "/token";
  const auto timeout = timeout_of(flags);
  if (!timeout) return timeout.error();
  config.request_timeout = *timeout;
  config.namespace_ = in_cluster_namespace(environment);
  config.namespace_given = true;
  if (flags.namespace_ && !flags.namespace_->empty()) config.namespace_ = *flags.namespace_;
  return config;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  environment.variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
  return environment;
}

Result<ClientConfig> load_config(const ConfigFlags& flags, const Environment& environment) {
  auto files = read_kubeconfigs(flags, environment);
  if (!files) return std::move(files.error());
  auto chosen = choose(std::move(*files), flags);
  if (auto named = check_names(chosen, flags); !named) return named.error();
  if (says_nothing(chosen) && in_cluster_possible(environment)) {
    return in_cluster_config(flags, environment);
  }
  if (auto usable = check_usable(chosen); !usable) return usable.error();

  ClientConfig config;
  const auto timeout = timeout_of(flags);
  if (!timeout) return timeout.error();
  config.request_timeout = *timeout;
  if (!chosen.context.namespace_.empty()) {
    config.namespace_ = chosen.context.namespace_;
    config.namespace_given = true;
  }
  if (auto taken = take_cluster(config, chosen); !taken) return taken.error();
  // Over plain http no credential is ever sent, so none is asked for.
  if (!config.server.starts_with("https://")) return config;
  if (auto taken = take_user(config, chosen); !taken) return taken.error();
  return config;
}

Result<std::string> current_namespace(const ConfigFlags& flags, const Environment& environment) {
  auto files = read_kubeconfigs(flags, environment);
  if (!files) return std::move(files.error());
  if (flags.namespace_ && !flags.namespace_->empty()) return *flags.namespace_;
  const auto chosen = choose(std::move(*files), flags);
  const bool in_cluster = in_cluster_possible(environment);
  if (says_nothing(chosen) && in_cluster) return in_cluster_namespace(environment);
  if (auto usable = check_usable(chosen); !usable) return usable.error();
  if (!chosen.context.namespace_.empty()) return chosen.context.namespace_;
  return in_cluster ? in_cluster_namespace(environment) : "default";
}

}  // namespace bulla::kube
