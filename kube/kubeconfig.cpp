// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.hpp"

#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "base/base64.hpp"
#include "base/text.hpp"

// yaml-cpp has no allocator to wipe with: the nodes of a document live only while it is converted,
// and credentials go straight into SecretBuffers. Its exceptions stop in parse_kubeconfig().
namespace bulla::kube {
namespace {

/// Something in the file that is not as it must be; `line` counts from 1.
struct Malformed {
  int line;
  std::string message;
};

[[noreturn]] void refuse(const YAML::Node& node, std::string message) {
  throw Malformed{node.Mark().line + 1, std::move(message)};
}

std::string text_of(const YAML::Node& map, const char* name) {
  const auto node = map[name];
  if (!node || node.IsNull()) return {};
  if (!node.IsScalar()) refuse(node, std::string(name) + " is not a text");
  return node.Scalar();
}

SecretBuffer secret_of(const YAML::Node& map, const char* name) {
  const auto node = map[name];
  if (!node || node.IsNull()) return {};
  if (!node.IsScalar()) refuse(node, std::string(name) + " is not a text");
  return SecretBuffer::copy_of(node.Scalar());
}

SecretBuffer data_of(const YAML::Node& map, const char* name) {
  auto decoded = decode_base64_secret(secret_of(map, name).expose_secret_text());
  if (!decoded) refuse(map[name], std::string(name) + ": " + decoded.error().message);
  return std::move(*decoded);
}

bool flag_of(const YAML::Node& map, const char* name) {
  const auto node = map[name];
  bool value = false;
  if (!node || node.IsNull()) return false;
  if (!YAML::convert<bool>::decode(node, value)) {
    refuse(node, std::string(name) + " is neither true nor false");
  }
  return value;
}

bool has(const YAML::Node& map, const char* name) {
  const auto node = map[name];
  return node && !node.IsNull();
}

/// A path in a kubeconfig starts from the folder that the kubeconfig is in.
std::string path_of(const YAML::Node& map, const char* name, const std::string& config_path) {
  const std::filesystem::path path = text_of(map, name);
  if (path.empty() || path.is_absolute()) return path;
  return std::filesystem::path(config_path).parent_path() / path;
}

KubeconfigCluster cluster_of(const YAML::Node& node, const std::string& config_path) {
  KubeconfigCluster cluster;
  cluster.server = text_of(node, "server");
  cluster.tls_server_name = text_of(node, "tls-server-name");
  cluster.insecure = flag_of(node, "insecure-skip-tls-verify");
  cluster.ca_file = path_of(node, "certificate-authority", config_path);
  cluster.ca_pem = data_of(node, "certificate-authority-data").expose_secret_text();
  cluster.has_proxy = !text_of(node, "proxy-url").empty();
  return cluster;
}

KubeconfigUser user_of(const YAML::Node& node, const std::string& config_path) {
  KubeconfigUser user;
  user.certificate_file = path_of(node, "client-certificate", config_path);
  user.certificate_pem = data_of(node, "client-certificate-data").expose_secret_text();
  user.key_file = path_of(node, "client-key", config_path);
  user.key_pem = data_of(node, "client-key-data");
  user.token = secret_of(node, "token");
  user.token_file = path_of(node, "tokenFile", config_path);
  user.username = text_of(node, "username");
  user.password = secret_of(node, "password");
  user.as_user = text_of(node, "as");
  user.as_uid = text_of(node, "as-uid");
  if (const auto groups = node["as-groups"]; groups && groups.IsSequence()) {
    for (const auto& group : groups) user.as_groups.push_back(group.Scalar());
  }
  user.has_exec = has(node, "exec");
  user.has_auth_provider = has(node, "auth-provider");
  return user;
}

KubeconfigContext context_of(const YAML::Node& node, const std::string&) {
  return {text_of(node, "cluster"), text_of(node, "user"), text_of(node, "namespace")};
}

/// A list of {name: N, MEMBER: {...}} as a map.
template <class Entry, class Convert>
std::map<std::string, Entry> entries_of(const YAML::Node& root, const char* list_name,
                                        const char* member, const std::string& config_path,
                                        Convert convert) {
  std::map<std::string, Entry> out;
  const auto list = root[list_name];
  if (!list || list.IsNull()) return out;
  if (!list.IsSequence()) refuse(list, std::string(list_name) + " is not a list");
  for (const auto& node : list) {
    if (!node.IsMap()) refuse(node, std::string(list_name) + " holds what is not a map");
    const auto name = text_of(node, "name");
    const auto inner = node[member];
    if (inner && !inner.IsMap() && !inner.IsNull()) refuse(inner, "not a map");
    Entry entry;
    if (inner && inner.IsMap()) entry = convert(inner, config_path);
    if (!out.try_emplace(name, std::move(entry)).second) {
      refuse(node, "duplicate name " + bulla::quoted(name) + " in " + list_name);
    }
  }
  return out;
}

Kubeconfig config_of(const YAML::Node& root, const std::string& path) {
  Kubeconfig config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) refuse(root, "not a map");
  config.current_context = text_of(root, "current-context");
  config.clusters = entries_of<KubeconfigCluster>(root, "clusters", "cluster", path, cluster_of);
  config.users = entries_of<KubeconfigUser>(root, "users", "user", path, user_of);
  config.contexts = entries_of<KubeconfigContext>(root, "contexts", "context", path, context_of);
  return config;
}

Error load_error(const std::string& path, int line, const std::string& message) {
  return {Errc::invalid_input, "error loading config file " + bulla::quoted(path) + ": line " +
                                   std::to_string(line) + ": " + message};
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& path) {
  try {
    return config_of(YAML::Load(std::string(text)), path);
  } catch (const Malformed& malformed) {
    return load_error(path, malformed.line, malformed.message);
  } catch (const YAML::Exception& failure) {
    return load_error(path, failure.mark.line + 1, failure.msg);
  }
}

void merge_kubeconfig(Kubeconfig& into, Kubeconfig&& from) {
  if (into.current_context.empty()) into.current_context = std::move(from.current_context);
  into.clusters.merge(from.clusters);
  into.users.merge(from.users);
  into.contexts.merge(from.contexts);
}

}  // namespace bulla::kube
