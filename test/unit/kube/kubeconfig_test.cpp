// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.hpp"

#include <doctest/doctest.h>

namespace bulla::kube {

TEST_CASE("relative paths start from the file that they stand in") {
  const auto config = parse_kubeconfig(R"(
clusters:
- name: c
  cluster: {certificate-authority: ../ca.pem}
users:
- name: relative
  user: {client-certificate: a/c.pem, client-key: ./k.pem, tokenFile: t, exec: {command: ./bin/x}}
- name: absolute
  user: {tokenFile: /t, exec: {command: /bin/x}}
- name: by-name
  user: {exec: {command: aws}}
)",
                                       "/home/me/.kube/config");
  REQUIRE(config.has_value());
  CHECK(config->clusters.at("c").ca_file == "/home/me/ca.pem");
  const auto& relative = config->users.at("relative");
  CHECK(relative.certificate_file == "/home/me/.kube/a/c.pem");
  CHECK(relative.key_file == "/home/me/.kube/k.pem");
  CHECK(relative.token_file == "/home/me/.kube/t");
  CHECK(relative.exec->command == "/home/me/.kube/bin/x");
  CHECK(config->users.at("absolute").token_file == "/t");
  CHECK(config->users.at("absolute").exec->command == "/bin/x");
  CHECK(config->users.at("by-name").exec->command == "aws");
}

TEST_CASE("a value that YAML takes for something else is told with its entry") {
  const auto refused = [](const std::string& text) {
    const auto config = parse_kubeconfig(text, "/kc");
    return config ? "" : config.error().message;
  };
  const std::string start = "error loading config file \"/kc\": ";
  CHECK(refused("users:\n- name: jane\n  user: {token: 12345}\n") ==
        start + "users: \"jane\": token is not a text, but a number: put it in quotes");
  CHECK(refused("contexts:\n- name: c\n  context: {namespace: 42}\n") ==
        start + "contexts: \"c\": namespace is not a text, but a number: put it in quotes");
  CHECK(refused("contexts:\n- name: c\n  context: {namespace: yes}\n") ==
        start + "contexts: \"c\": namespace is not a text, but a truth value: put it in quotes");
  CHECK(refused("users:\n- name: j\n  user: {exec: {args: [a, 5]}}\n") ==
        start + "users: \"j\": args holds what is not a text, but a number: put it in quotes");
  CHECK(refused("clusters:\n- name: c\n  cluster: {server: [a]}\n") ==
        start + "clusters: \"c\": server is not a text");
  CHECK(refused("clusters:\n- name: c\n  cluster: x\n") ==
        start + "clusters: \"c\": cluster is not a map");
  CHECK(refused("current-context: 5\n") ==
        start + "current-context is not a text, but a number: put it in quotes");
}

TEST_CASE("an exec entry is read whole") {
  const auto config = parse_kubeconfig(R"(
clusters:
- name: c
  cluster:
    extensions:
    - {name: other, extension: 1}
    - {name: client.authentication.k8s.io/exec, extension: {audience: x}}
users:
- name: v1
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: x
      args: [a, "b c"]
      env: [{name: NAME, value: v}, {name: EMPTY}]
      installHint: get it
      provideClusterInfo: true
      interactiveMode: Never
- name: old
  user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}}
)",
                                       "kc");
  REQUIRE(config.has_value());
  CHECK(config->clusters.at("c").exec_extension == R"({"audience":"x"})");
  const auto& exec = *config->users.at("v1").exec;
  CHECK(exec.arguments == std::vector<std::string>{"a", "b c"});
  REQUIRE(exec.environment.size() == 2);
  CHECK(exec.environment[0].name == "NAME");
  CHECK(exec.environment[0].value.expose_secret_text() == "v");
  CHECK(exec.environment[1].value.empty());
  CHECK(exec.install_hint == "get it");
  CHECK(exec.provide_cluster_info);
  CHECK(exec.interactive_mode == "Never");
  CHECK(config->users.at("old").exec->interactive_mode == "IfAvailable");  // v1beta1's default
}

TEST_CASE("whom to impersonate") {
  const auto config = parse_kubeconfig(R"(
users:
- name: u
  user: {as: a, as-uid: "7", as-groups: [g, h], as-user-extra: {scopes: [a, b], z: [w]}}
)",
                                       "kc");
  REQUIRE(config.has_value());
  const auto& user = config->users.at("u");
  CHECK(user.as_user == "a");
  CHECK(user.as_uid == "7");
  CHECK(user.as_groups == std::vector<std::string>{"g", "h"});
  const std::vector<std::pair<std::string, std::string>> extra = {
      {"scopes", "a"}, {"scopes", "b"}, {"z", "w"}};
  CHECK(user.as_user_extra == extra);
}

// client-go, ClientConfigLoadingRules.Load: "if two files specify a "red-user", only values from
// the first file's red-user are used. Even non-conflicting entries from the second file's
// "red-user" are discarded."
TEST_CASE("the first file to name an entry has all of it") {
  auto first = parse_kubeconfig(R"(
clusters: [{name: shared, cluster: {server: "https://first"}}]
users: [{name: red-user, user: {token: t}}]
)",
                                "/1/config");
  auto second = parse_kubeconfig(R"(
current-context: second
contexts: [{name: second, context: {cluster: shared, user: red-user}}]
clusters:
- {name: shared, cluster: {server: "https://second", tls-server-name: s, certificate-authority: ca}}
- {name: more, cluster: {server: "https://more", certificate-authority: ca}}
users: [{name: red-user, user: {username: u}}]
)",
                                 "/2/config");
  auto third = parse_kubeconfig("current-context: third\n", "/3/config");
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  REQUIRE(third.has_value());
  Kubeconfig merged;
  merge_kubeconfig(merged, std::move(*first));
  merge_kubeconfig(merged, std::move(*second));
  merge_kubeconfig(merged, std::move(*third));
  CHECK(merged.current_context == "second");
  CHECK(merged.clusters.at("shared").server == "https://first");
  CHECK(merged.clusters.at("shared").tls_server_name.empty());
  CHECK(merged.clusters.at("shared").ca_file.empty());
  CHECK(merged.clusters.at("more").ca_file == "/2/ca");
  CHECK(merged.users.at("red-user").token.expose_secret_text() == "t");
  CHECK(merged.users.at("red-user").username.empty());
  CHECK(merged.contexts.contains("second"));
}

TEST_CASE("a byte order mark in front is no obstacle, and the end is read as it is") {
  const auto config = parse_kubeconfig(
      "\xEF\xBB\xBF"
      "current-context: c\r\nusers:\r\n- name: u\r\n  user:\r\n    password: |\r\n      p",
      "kc");
  REQUIRE(config.has_value());
  CHECK(config->current_context == "c");
  CHECK(config->users.at("u").password.expose_secret_text() == "p");  // as kubectl reads it
}

}  // namespace bulla::kube
