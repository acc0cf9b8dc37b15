// SPDX-License-Identifier: Apache-2.0
// A kubeconfig: whatever it holds, paths come out absolute, merging it again changes nothing, and
// what a plugin is told is JSON.
#include <filesystem>

#include "fuzz/check.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/kubeconfig_choice.hpp"
#include "kube/object.hpp"
#include "kube/proxy.hpp"

namespace {

using namespace bulla;
using namespace bulla::kube;

void check_path(const std::string& path) {
  FUZZ_CHECK(path.empty() || std::filesystem::path(path).is_absolute());
}

void check_user(const KubeconfigUser& user) {
  check_path(user.certificate_file);
  check_path(user.key_file);
  check_path(user.token_file);
  if (!user.exec) return;
  const auto& command = user.exec->command;
  if (command.find('/') != command.npos) check_path(command);
}

void check_cluster(const KubeconfigCluster& cluster) {
  check_path(cluster.ca_file);
  ExecPlugin plugin;
  plugin.cluster_info = exec_cluster_info({.server = "https://h",
                                           .tls_server_name = "",
                                           .insecure = cluster.insecure,
                                           .ca_pem = cluster.ca_pem,
                                           .proxy_url = "",
                                           .disable_compression = cluster.disable_compression,
                                           .extension = cluster.exec_extension});
  const auto told = parse_json(exec_info(plugin, false));
  // Deeper than we read, or text that is not UTF-8: YAML may hold both.
  if (told) FUZZ_CHECK(text_at(*told, {"kind"}) == "ExecCredential");
  if (const auto proxy = parse_proxy_url(cluster.proxy_url)) FUZZ_CHECK(!proxy->host.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  auto once = parse_kubeconfig(text, "/home/me/.kube/config");
  if (!once) return 0;
  for (const auto& [name, cluster] : once->clusters) check_cluster(cluster);
  for (const auto& [name, user] : once->users) check_user(user);

  const auto context = once->current_context;
  const auto clusters = once->clusters.size();
  const auto users = once->users.size();
  auto again = parse_kubeconfig(text, "/home/me/.kube/config");
  FUZZ_CHECK(again.has_value());
  merge_kubeconfig(*once, std::move(*again));
  FUZZ_CHECK(once->current_context == context);
  FUZZ_CHECK(once->clusters.size() == clusters);
  FUZZ_CHECK(once->users.size() == users);

  const bool known = context.empty() || once->contexts.contains(context);
  FUZZ_CHECK(choose(std::move(*once), {}).context_found == known);
  return 0;
}
