// SPDX-License-Identifier: Apache-2.0
#include "kube/config.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/kubeconfig_choice.hpp"
#include "kube/proxy.hpp"
#include "kube/url.hpp"

namespace bulla::kube {
namespace {

constexpr std::size_t token_bytes_max = 1 * limits::mib;

Error invalid(std::string message) { return {Errc::invalid_input, std::move(message)}; }

bool given(const std::optional<std::string>& flag) noexcept { return flag && !flag->empty(); }

// --- the files ----------------------------------------------------------------------------------

Result<Kubeconfig> read_one(const std::string& path) {
  auto text = read_file(path, kubeconfig_bytes_max);
  if (text) return parse_kubeconfig(text->expose_secret_text(), path);
  if (text.error().code == Errc::not_found) return text.error();
  return std::move(text).error().during("error loading config file " + quoted(path));
}

/// Where to look without --kubeconfig.
std::vector<std::string> default_paths(const Environment& environment) {
  std::vector<std::string> paths;
  if (const auto list = environment.variable("KUBECONFIG"); given(list)) {
    for (const auto path : split(*list, ':')) {
      if (!path.empty()) paths.emplace_back(path);
    }
    return paths;
  }
  const auto home = environment.variable("HOME");
  if (given(home)) paths.push_back(*home + "/.kube/config");
  return paths;
}

struct Files {
  Kubeconfig merged = {};
  std::vector<std::string> missing = {};
};

/// All files merged. One that is missing is passed over; everything else that is wrong is told.
Result<Files> merge_files(const std::vector<std::string>& paths) {
  Files files;
  std::vector<std::string> failures;
  for (const auto& path : paths) {
    auto config = read_one(path);
    if (config) {
      merge_kubeconfig(files.merged, std::move(*config));
    } else if (config.error().code == Errc::not_found) {
      files.missing.push_back(path);
    } else {
      failures.push_back(config.error().message);
    }
  }
  if (failures.empty()) return files;
  if (failures.size() == 1) return invalid(failures.front());
  std::string all;
  for (const auto& failure : failures) all += (all.empty() ? "" : ", ") + failure;
  return invalid("[" + all + "]");
}

Result<Files> read_kubeconfigs(const ConfigFlags& flags, const Environment& environment) {
  if (!given(flags.kubeconfig)) return merge_files(default_paths(environment));
  struct stat status = {};
  if (::stat(flags.kubeconfig->c_str(), &status) != 0 && errno == ENOENT) {
    return invalid("stat " + *flags.kubeconfig + ": no such file or directory");
  }
  return merge_files({*flags.kubeconfig});
}

/// The complaints as an error, with what may be behind them: a slip in $KUBECONFIG.
Error unusable_because(const std::vector<std::string>& complaints, const Files& files,
                       const Environment& environment) {
  auto error = unusable(complaints);
  if (!says_nothing(complaints) || !given(environment.variable("KUBECONFIG"))) return error;
  for (const auto& path : files.missing) error.hints.push_back("there is no file " + quoted(path));
  return error;
}

// --- what a client needs of them ----------------------------------------------------------------

Result<std::chrono::milliseconds> timeout_of(const ConfigFlags& flags) {
  const ClientConfig defaults;
  if (!given(flags.request_timeout)) return defaults.request_timeout;
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

/// Without a scheme it is plain http, as for kubectl, and no credential is sent.
Result<std::string> full_server_url(const std::string& server) {
  const auto url = parse_url(server);
  if (url && !url->scheme.empty() && !url->host.empty()) return server;
  if (server.find('/') != server.npos && server.find('/') + 1 < server.size()) {
    return invalid("host must be a URL or a host:port pair: " +
                   quoted(without_credentials(server)));
  }
  return "http://" + server;
}

/// Schemes have no case (RFC 3986 section 3.1).
bool is_https(const ClientConfig& config) {
  const auto url = parse_url(config.server);
  return url && url->scheme == "https";
}

Result<std::string> pem_of(const std::string& pem, const std::string& path,
                           const std::string& what) {
  if (!pem.empty() || path.empty()) return pem;
  auto text = read_file(path, limits::certificate_bytes_max);
  if (!text) return std::move(text).error().during("reading " + what);
  return std::string(text->expose_secret_text());
}

Result<void> take_proxy(ClientConfig& config, const Environment& environment) {
  const auto server = parse_url(config.server);
  if (!server) return server.error();
  auto proxy = proxy_from_environment(*server, environment);
  if (!proxy) return proxy.error();
  config.proxy_url = std::move(*proxy);
  return {};
}

Result<void> take_cluster(ClientConfig& config, const KubeconfigChoice& chosen,
                          const Environment& environment) {
  const auto& cluster = chosen.cluster;
  auto server = full_server_url(cluster.server);
  if (!server) return server.error();
  config.server = std::move(*server);
  config.proxy_url = cluster.proxy_url;
  if (config.proxy_url.empty()) {
    if (auto taken = take_proxy(config, environment); !taken) return taken.error();
  }
  if (!is_https(config)) return {};
  config.tls_server_name = cluster.tls_server_name;
  config.insecure = cluster.insecure;
  auto ca = pem_of(cluster.ca_pem, cluster.ca_file,
                   "the certificate authority of cluster " + quoted(chosen.cluster_name));
  if (!ca) return ca.error();
  if (cluster.insecure && !ca->empty()) {
    return invalid("specifying a root certificates file with the insecure flag is not allowed");
  }
  config.ca_pem = std::move(*ca);
  return {};
}

Error auth_provider_error(const KubeconfigChoice& chosen) {
  const auto& provider = chosen.user.auth_provider;
  auto error = invalid("user " + quoted(chosen.user_name) + " uses the auth-provider " +
                       quoted(provider) + ", which is not supported");
  const char* plugin = "an exec plugin";
  if (provider == "gcp") plugin = "the exec plugin gke-gcloud-auth-plugin";
  if (provider == "azure") plugin = "the exec plugin kubelogin (Azure)";
  if (provider == "oidc") plugin = "the exec plugin kubelogin (kubectl oidc-login)";
  return std::move(error).hint("kubectl has replaced auth-providers: use " + std::string(plugin) +
                               ", or pass --token");
}

/// The plugin runs only where the entry holds no other credential.
Result<void> take_exec(ClientConfig& config, KubeconfigChoice& chosen) {
  auto& user = chosen.user;
  const bool needed = user.exec && config.token.empty() && config.token_file.empty() &&
                      config.username.empty() && config.client_certificate_pem.empty();
  if (!needed) return {};
  const auto& version = user.exec->api_version;
  if (version != exec_api_v1 && version != exec_api_v1beta1) {
    return invalid("exec plugin: invalid apiVersion " + quoted(version))
        .hint("use " + std::string(exec_api_v1) + ", with a plugin that knows it");
  }
  if (user.exec->provide_cluster_info) {
    user.exec->cluster_info =
        exec_cluster_info({.server = config.server,
                           .tls_server_name = config.tls_server_name,
                           .insecure = config.insecure,
                           .ca_pem = config.ca_pem,
                           .proxy_url = chosen.cluster.proxy_url,
                           .disable_compression = chosen.cluster.disable_compression,
                           .extension = chosen.cluster.exec_extension});
  }
  config.exec = std::move(user.exec);
  return {};
}

Result<void> take_credentials(ClientConfig& config, KubeconfigChoice& chosen) {
  auto& user = chosen.user;
  if (!user.auth_provider.empty()) return auth_provider_error(chosen);
  const auto name = "user " + quoted(chosen.user_name);
  auto certificate =
      pem_of(user.certificate_pem, user.certificate_file, "the client certificate of " + name);
  if (!certificate) return certificate.error();
  config.client_certificate_pem = std::move(*certificate);
  if (user.key_pem.empty() && !user.key_file.empty()) {
    auto key = read_file(user.key_file, limits::certificate_bytes_max);
    if (!key) return std::move(key).error().during("reading the client key of " + name);
    user.key_pem = std::move(*key);
  }
  config.client_key_pem = std::move(user.key_pem);
  config.token = SecretBuffer::copy_of(trim(user.token.expose_secret_text()));
  config.token_file = std::move(user.token_file);
  config.username = std::move(user.username);
  config.password = std::move(user.password);
  return take_exec(config, chosen);
}

void take_impersonation(ClientConfig& config, KubeconfigUser& user) {
  config.as_user = std::move(user.as_user);
  config.as_groups = std::move(user.as_groups);
  config.as_uid = std::move(user.as_uid);
  config.as_user_extra = std::move(user.as_user_extra);
}

// --- inside a cluster ---------------------------------------------------------------------------

bool in_cluster_possible(const Environment& environment) {
  if (!given(environment.variable("KUBERNETES_SERVICE_HOST"))) return false;
  if (!given(environment.variable("KUBERNETES_SERVICE_PORT"))) return false;
  struct stat status = {};
  const auto token = environment.service_account_directory + "/token";
  return ::stat(token.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::string in_cluster_namespace(const Environment& environment) {
  if (const auto name = environment.variable("POD_NAMESPACE"); given(name)) return *name;
  const auto path = environment.service_account_directory + "/namespace";
  const auto text = read_file(path, token_bytes_max);
  const auto name = text ? trim(text->expose_secret_text()) : std::string_view();
  return name.empty() ? "default" : std::string(name);
}

/// The pod's account; of the flags, the server, the token and the CA go over it, as for kubectl.
Result<ClientConfig> in_cluster_config(const ConfigFlags& flags, const Environment& environment) {
  const auto& directory = environment.service_account_directory;
  auto host = *environment.variable("KUBERNETES_SERVICE_HOST");
  if (host.find(':') != host.npos) host = "[" + host + "]";
  ClientConfig config;
  config.server = "https://" + host + ":" + *environment.variable("KUBERNETES_SERVICE_PORT");
  const bool own_ca = given(flags.certificate_authority);
  auto ca = read_file(own_ca ? *flags.certificate_authority : directory + "/ca.crt",
                      limits::certificate_bytes_max);
  if (!ca) return std::move(ca).error().during("reading the service account's CA");
  config.ca_pem = ca->expose_secret_text();
  if (given(flags.token)) {
    config.token = SecretBuffer::copy_of(trim(*flags.token));
  } else {
    config.token_file = directory + "/token";
  }
  const auto timeout = timeout_of(flags);
  if (!timeout) return timeout.error();
  config.request_timeout = *timeout;
  config.namespace_ = in_cluster_namespace(environment);
  config.namespace_given = true;
  if (given(flags.namespace_)) config.namespace_ = *flags.namespace_;
  if (auto taken = take_proxy(config, environment); !taken) return taken.error();
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
  if (!files) return files.error();
  if (auto named = check_names(files->merged, flags); !named) return named.error();
  auto chosen = choose(std::move(files->merged), flags);
  if (const auto complaints = complaints_about(chosen); !complaints.empty()) {
    const bool pod = says_nothing(complaints) && in_cluster_possible(environment);
    return pod ? in_cluster_config(flags, environment)
               : unusable_because(complaints, *files, environment);
  }
  ClientConfig config;
  const auto timeout = timeout_of(flags);
  if (!timeout) return timeout.error();
  config.request_timeout = *timeout;
  if (!chosen.context.namespace_.empty()) {
    config.namespace_ = chosen.context.namespace_;
    config.namespace_given = true;
  }
  take_impersonation(config, chosen.user);
  if (auto taken = take_cluster(config, chosen, environment); !taken) return taken.error();
  // Over plain http no credential is ever sent, so none is asked for.
  if (!is_https(config)) return config;
  if (auto taken = take_credentials(config, chosen); !taken) return taken.error();
  const bool bounded = given(flags.request_timeout) && timeout->count() > 0;
  if (config.exec && bounded) config.exec->time_max = *timeout;
  return config;
}

Result<std::string> current_namespace(const ConfigFlags& flags, const Environment& environment) {
  auto files = read_kubeconfigs(flags, environment);
  if (!files) return files.error();
  if (given(flags.namespace_)) return *flags.namespace_;
  const auto chosen = choose(std::move(files->merged), flags);
  const bool in_cluster = in_cluster_possible(environment);
  if (const auto complaints = complaints_about(chosen); !complaints.empty()) {
    if (says_nothing(complaints) && in_cluster) return in_cluster_namespace(environment);
    return unusable_because(complaints, *files, environment);
  }
  if (!chosen.context.namespace_.empty()) return chosen.context.namespace_;
  return in_cluster ? in_cluster_namespace(environment) : "default";
}

}  // namespace bulla::kube
