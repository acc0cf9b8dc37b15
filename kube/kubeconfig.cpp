// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <vector>

#include "base/base64.hpp"
#include "base/reading_budget.hpp"
#include "base/yaml_lines.hpp"

namespace bulla::kube {

namespace json = boost::json;

namespace {

/// Reads the members of one map of the file. The first thing that is not as it must be is kept, and
/// everything after it reads as absent: callers ask for failure() once, at the end.
class Reader {
 public:
  /// `config_path` is the kubeconfig's own: relative paths in it start from its folder.
  Reader(const std::string& config_path, ReadingBudget& budget)
      : folder_(std::filesystem::absolute(config_path).parent_path()), budget_(budget) {}

  /// Counts what the file's entries become.
  void keep(std::size_t bytes) { budget_.keep(bytes); }

  [[nodiscard]] const std::optional<std::string>& failure() const noexcept { return failure_; }
  void refuse(std::string message) {
    if (!failure_) failure_ = entry_ + std::move(message);
  }
  /// The entry that is read from now on, for messages: "users "jane": "; empty: none.
  void enter(std::string entry) { entry_ = std::move(entry); }

  /// A member that is there and not null.
  static const json::value* member(const json::object& map, std::string_view name) noexcept {
    const auto* value = map.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  std::string_view text(const json::object& map, std::string_view name) {
    const auto* value = member(map, name);
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return *text;
    refuse(std::string(name) + " is not a text" + cure(*value));
    return {};
  }

  SecretBuffer secret(const json::object& map, std::string_view name) {
    return SecretBuffer::copy_of(text(map, name));
  }

  SecretBuffer data(const json::object& map, std::string_view name) {
    auto decoded = decode_base64_secret(text(map, name));
    if (decoded) return std::move(*decoded);
    refuse(std::string(name) + ": " + decoded.error().message);
    return {};
  }

  bool flag(const json::object& map, std::string_view name) {
    const auto* value = member(map, name);
    if (value == nullptr) return false;
    if (const auto* truth = value->if_bool()) return *truth;
    refuse(std::string(name) + " is neither true nor false");
    return false;
  }

  std::string path(const json::object& map, std::string_view name) {
    const std::filesystem::path path = text(map, name);
    return path.empty() || path.is_absolute() ? path : (folder_ / path).lexically_normal();
  }

  /// A name to look for in $PATH stays one; anything with a slash is a path.
  std::string command(const json::object& map, std::string_view name) {
    const auto command = text(map, name);
    return command.find('/') == command.npos ? std::string(command) : path(map, name);
  }

  std::vector<std::string> texts(const json::object& map, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& item : list(map, name)) {
      keep(growing_bytes<std::string>);
      if (const auto* text = item.if_string()) {
        out.emplace_back(*text);
      } else {
        refuse(std::string(name) + " holds what is not a text" + cure(item));
      }
    }
    return out;
  }

  const json::array& list(const json::object& map, std::string_view name) {
    static const json::array empty;
    const auto* value = member(map, name);
    if (value == nullptr) return empty;
    if (const auto* list = value->if_array()) return *list;
    refuse(std::string(name) + " is not a list");
    return empty;
  }

  /// The inner map, or nullptr if there is none.
  const json::object* map(const json::object& outer, std::string_view name) {
    const auto* value = member(outer, name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) refuse(std::string(name) + " is not a map");
    return value->if_object();
  }

 private:
  /// Unquoted digits, yes and no are the usual cause.
  static std::string cure(const json::value& value) {
    if (value.is_number()) return ", but a number: put it in quotes";
    if (value.is_bool()) return ", but a truth value: put it in quotes";
    return {};
  }

  std::filesystem::path folder_;
  ReadingBudget& budget_;
  std::string entry_;
  std::optional<std::string> failure_;
};

/// What the cluster's entry holds for its plugins alone (`extensions`, under a name of theirs).
std::string exec_extension_of(Reader& read, const json::object& node) {
  for (const auto& item : read.list(node, "extensions")) {
    const auto* entry = item.if_object();
    if (entry == nullptr || read.text(*entry, "name") != "client.authentication.k8s.io/exec") {
      continue;
    }
    if (const auto* content = Reader::member(*entry, "extension")) {
      return json::serialize(*content);
    }
  }
  return {};
}

KubeconfigCluster cluster_of(Reader& read, const json::object& node) {
  KubeconfigCluster cluster;
  cluster.server = read.text(node, "server");
  cluster.tls_server_name = read.text(node, "tls-server-name");
  cluster.insecure = read.flag(node, "insecure-skip-tls-verify");
  cluster.ca_file = read.path(node, "certificate-authority");
  cluster.ca_pem = read.data(node, "certificate-authority-data").expose_secret_text();
  cluster.proxy_url = read.text(node, "proxy-url");
  cluster.disable_compression = read.flag(node, "disable-compression");
  cluster.exec_extension = exec_extension_of(read, node);
  return cluster;
}

/// The variables that the plugin runs with besides ours. Their values may well be secrets.
std::vector<ExecPlugin::Variable> environment_of(Reader& read, const json::object& node) {
  std::vector<ExecPlugin::Variable> out;
  for (const auto& item : read.list(node, "env")) {
    const auto* variable = item.if_object();
    if (variable == nullptr) {
      read.refuse("env holds what is not a map");
      break;
    }
    read.keep(growing_bytes<ExecPlugin::Variable>);
    out.push_back({std::string(read.text(*variable, "name")), read.secret(*variable, "value")});
  }
  return out;
}

std::optional<ExecPlugin> exec_of(Reader& read, const json::object& user) {
  const auto* node = read.map(user, "exec");
  if (node == nullptr) return std::nullopt;
  ExecPlugin plugin;
  plugin.command = read.command(*node, "command");
  plugin.arguments = read.texts(*node, "args");
  plugin.environment = environment_of(read, *node);
  plugin.api_version = read.text(*node, "apiVersion");
  plugin.install_hint = read.text(*node, "installHint");
  plugin.provide_cluster_info = read.flag(*node, "provideClusterInfo");
  plugin.interactive_mode = read.text(*node, "interactiveMode");
  // Required from v1 on.
  if (plugin.interactive_mode.empty() && plugin.api_version == exec_api_v1beta1) {
    plugin.interactive_mode = exec_if_available;
  }
  return plugin;
}

std::vector<std::pair<std::string, std::string>> user_extra_of(Reader& read,
                                                               const json::object& user) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto* node = read.map(user, "as-user-extra");
  if (node == nullptr) return out;
  for (const auto& entry : *node) {
    for (auto& value : read.texts(*node, entry.key())) {
      read.keep(growing_bytes<std::pair<std::string, std::string>> + entry.key().size());
      out.emplace_back(std::string(entry.key()), std::move(value));
    }
  }
  return out;
}

KubeconfigUser user_of(Reader& read, const json::object& node) {
  KubeconfigUser user;
  user.certificate_file = read.path(node, "client-certificate");
  user.certificate_pem = read.data(node, "client-certificate-data").expose_secret_text();
  user.key_file = read.path(node, "client-key");
  user.key_pem = read.data(node, "client-key-data");
  user.token = read.secret(node, "token");
  user.token_file = read.path(node, "tokenFile");
  user.username = read.text(node, "username");
  user.password = read.secret(node, "password");
  user.as_user = read.text(node, "as");
  user.as_uid = read.text(node, "as-uid");
  user.as_groups = read.texts(node, "as-groups");
  user.as_user_extra = user_extra_of(read, node);
  user.exec = exec_of(read, node);
  if (const auto* provider = read.map(node, "auth-provider")) {
    user.auth_provider = read.text(*provider, "name");
    if (user.auth_provider.empty()) user.auth_provider = "?";
  }
  return user;
}

KubeconfigContext context_of(Reader& read, const json::object& node) {
  return {std::string(read.text(node, "cluster")), std::string(read.text(node, "user")),
          std::string(read.text(node, "namespace"))};
}

/// What a std::map keeps beside its keys and values.
constexpr std::size_t map_node_bytes = 64;

/// A list of {name: N, MEMBER: {...}} as a map.
template <class Entry>
std::map<std::string, Entry> entries_of(Reader& read, const json::object& root,
                                        const std::string& list_name, std::string_view member,
                                        Entry (*convert)(Reader&, const json::object&)) {
  std::map<std::string, Entry> out;
  const auto* value = Reader::member(root, list_name);
  if (value == nullptr) return out;
  const auto* list = value->if_array();
  if (list == nullptr) read.refuse(list_name + " is not a list");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto* node = (*list)[i].if_object();
    if (node == nullptr) {
      read.refuse(list_name + " holds what is not a map");
      break;
    }
    const std::string name(read.text(*node, "name"));
    read.keep(sizeof(std::pair<std::string, Entry>) + map_node_bytes + name.size());
    read.enter(list_name + ": " + bulla::quoted(name) + ": ");
    const auto* inner = Reader::member(*node, member);
    if (inner != nullptr && !inner->is_object()) read.refuse(std::string(member) + " is not a map");
    Entry entry;
    if (inner != nullptr && inner->is_object()) entry = convert(read, inner->get_object());
    read.enter("");
    if (!out.try_emplace(name, std::move(entry)).second)
      read.refuse("duplicate name " + bulla::quoted(name) + " in " + list_name);
  }
  return out;
}

Kubeconfig config_of(Reader& read, const json::value& document) {
  Kubeconfig config;
  if (document.is_null()) return config;
  const auto* root = document.if_object();
  if (root == nullptr) {
    read.refuse("not a map");
    return config;
  }
  config.current_context = read.text(*root, "current-context");
  config.clusters = entries_of(read, *root, "clusters", "cluster", cluster_of);
  config.users = entries_of(read, *root, "users", "user", user_of);
  config.contexts = entries_of(read, *root, "contexts", "context", context_of);
  return config;
}

Error load_error(const std::string& path, const std::string& message) {
  return {Errc::invalid_input, "error loading config file " + bulla::quoted(path) + ": " + message};
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& path) {
  ReadingBudget budget(text.size());
  const auto documents = read_yaml_as_it_is(text, budget);
  if (!documents) return load_error(path, "yaml: " + documents.error().message);
  const AllocationBudget::Scope scope(budget.memory());
  try {
    Reader read(path, budget);
    auto config = documents->empty() ? Kubeconfig() : config_of(read, documents->front());
    if (read.failure()) return load_error(path, *read.failure());
    return config;
  } catch (const AllocationBudget::Exceeded&) {
    return load_error(path, budget.exceeded().message);
  }
}

void merge_kubeconfig(Kubeconfig& into, Kubeconfig&& from) {
  if (into.current_context.empty()) into.current_context = std::move(from.current_context);
  into.clusters.merge(from.clusters);
  into.users.merge(from.users);
  into.contexts.merge(from.contexts);
}

}  // namespace bulla::kube
