// SPDX-License-Identifier: Apache-2.0
#include "kube/config.hpp"

#include <doctest/doctest.h>

#include "place.hpp"

namespace bulla::kube {
namespace {

using test::Place;

const char* const two_contexts = R"(apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c1, namespace: dev-ns, user: u1}
- name: nons
  context: {cluster: c1, user: u1}
- name: lost
  context: {cluster: gone, user: u1}
- name: plugin
  context: {cluster: c1, user: u2}
clusters:
- name: c1
  cluster: {server: "https://127.0.0.1:1", certificate-authority: ca.pem}
users:
- name: u1
  user: {token: " sekret\n"}
- name: u2
  user: {exec: {command: aws}}
- name: both
  user: {token: t, username: me}
- name: groups
  user: {as-groups: [g]}
- name: oidc
  user: {auth-provider: {name: oidc}}
- name: keyless
  user: {client-certificate: none.pem}
- name: old-api
  user: {exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1,
                interactiveMode: Never}}
)";

const char* const no_configuration =
    "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER "
    "environment variable";

}  // namespace

TEST_CASE("a context gives server, credentials and namespace") {
  Place place;
  place.write("ca.pem", "CA");
  ConfigFlags flags;
  flags.kubeconfig = place.write("kc", two_contexts);
  const auto config = load_config(flags, place.environment());
  REQUIRE(config.has_value());
  CHECK(config->server == "https://127.0.0.1:1");
  CHECK(config->ca_pem == "CA");  // beside the kubeconfig, wherever we stand
  CHECK(config->token.expose_secret_text() == "sekret");
  CHECK(config->namespace_ == "dev-ns");
  CHECK(config->namespace_given);
}

TEST_CASE("what cannot be used is refused in kubectl's words") {
  Place place;
  place.write("ca.pem", "CA");
  const auto kc = place.write("kc", two_contexts);
  struct Case {
    const char* name;
    ConfigFlags flags;
    std::string error;
  };
  const std::string here = place.folder.string();
  const Case cases[] = {
      {"no such context", {.kubeconfig = kc, .context = "zzz"}, "context \"zzz\" does not exist"},
      {"no such user", {.kubeconfig = kc, .user = "zzz"}, "auth info \"zzz\" does not exist"},
      {"no such cluster", {.kubeconfig = kc, .cluster = "zzz"}, "cluster \"zzz\" does not exist"},
      {"no such file", {.kubeconfig = "nofile"}, "stat nofile: no such file or directory"},
      {"a context whose cluster is missing",
       {.kubeconfig = kc, .context = "lost"},
       no_configuration},
      {"nothing at all", {}, no_configuration},
      {"a plugin entry that lacks what it needs",
       {.kubeconfig = kc, .context = "plugin"},
       "invalid configuration: [apiVersion must be specified for u2 to use exec authentication "
       "plugin, interactiveMode must be specified for u2 to use exec authentication plugin]"},
      {"a plugin API that is gone",
       {.kubeconfig = kc, .user = "old-api"},
       "exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\""},
      {"an auth-provider",
       {.kubeconfig = kc, .user = "oidc"},
       "user \"oidc\" uses the auth-provider \"oidc\", which is not supported"},
      {"a proxy of no known kind",
       {.kubeconfig = kc, .proxy_url = "ftp://u:s3cret@p"},
       "invalid configuration: invalid 'proxy-url' \"ftp://xxxxx@p\" for cluster \"c1\": "
       "unsupported scheme \"ftp\", must be http, https, or socks5"},
      {"a proxy, and no server",
       {.proxy_url = "http://p"},
       "invalid configuration: default cluster has no server defined"},
      {"a missing CA",
       {.kubeconfig = kc, .certificate_authority = here + "/none"},
       "invalid configuration: unable to read certificate-authority " + here +
           "/none for c1 due to open " + here + "/none: no such file or directory"},
      {"two ways to log in",
       {.kubeconfig = kc, .user = "both"},
       "invalid configuration: more than one authentication method found for both; found [token "
       "basicAuth], only one is allowed"},
      {"groups of nobody",
       {.kubeconfig = kc, .user = "groups"},
       "invalid configuration: requesting uid, groups or user-extra for groups without "
       "impersonating a user"},
      {"a certificate without its key, and without itself",
       {.kubeconfig = kc, .user = "keyless"},
       "invalid configuration: [client-key-data or client-key must be specified for keyless to use "
       "the clientCert authentication method., unable to read client-cert " +
           here + "/none.pem for keyless due to open " + here +
           "/none.pem: no such file or directory]"},
      {"trust and no trust",
       {.kubeconfig = kc,
        .insecure_skip_tls_verify = true,
        .certificate_authority = here + "/ca.pem"},
       "specifying a root certificates file with the insecure flag is not allowed"},
      {"a server that is neither URL nor address",
       {.server = "host:1/path"},
       "host must be a URL or a host:port pair: \"host:1/path\""},
      {"a broken file",
       {.kubeconfig = place.write("bad", "clusters: 5\n")},
       "error loading config file \"" + here + "/bad\": clusters is not a list"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto config = load_config(c.flags, place.environment());
    REQUIRE_FALSE(config.has_value());
    CHECK(config.error().message == c.error);
  }
}

TEST_CASE("flags undo what the file says about the same thing") {
  Place place;
  const auto ca = place.write("ca.pem", "CA");
  const auto kc = place.write("kc", R"(
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://h", insecure-skip-tls-verify: true,
                               tls-server-name: name, proxy-url: "http://file"}}]
users:
- name: u
  user: {tokenFile: t, exec: {command: x, apiVersion: client.authentication.k8s.io/v1,
                              interactiveMode: Never}}
)");
  const auto load = [&](ConfigFlags flags) {
    flags.kubeconfig = kc;
    auto config = load_config(flags, place.environment());
    if (!config) FAIL(config.error().message);
    return std::move(*config);
  };
  CHECK(load({}).insecure);
  CHECK(load({}).tls_server_name == "name");
  CHECK(load({}).proxy_url == "http://file");
  CHECK(load({}).token_file == (place.folder / "t").string());
  CHECK_FALSE(load({}).exec.has_value());  // the token file is a credential already
  CHECK_FALSE(load({.certificate_authority = ca}).insecure);
  CHECK(load({.certificate_authority = ca}).ca_pem == "CA");
  CHECK(load({.server = "https://other"}).tls_server_name.empty());
  CHECK(load({.tls_server_name = "m"}).tls_server_name == "m");
  CHECK(load({.proxy_url = "http://flag"}).proxy_url == "http://flag");
  CHECK(load({.token = "t"}).token_file.empty());
  CHECK(load({.as = "a", .as_groups = {"g"}}).as_groups == std::vector<std::string>{"g"});
}

TEST_CASE("a plugin runs where the entry holds no other credential") {
  Place place;
  const auto kc = place.write("kc", R"(
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters:
- name: c
  cluster:
    server: https://h:1
    certificate-authority-data: Q0E=
    proxy-url: http://p
    extensions: [{name: client.authentication.k8s.io/exec, extension: {a: 1}}]
users:
- name: u
  user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,
                provideClusterInfo: true}}
)");
  const auto config = load_config({.kubeconfig = kc}, place.environment());
  REQUIRE(config.has_value());
  REQUIRE(config->exec.has_value());
  CHECK(config->exec->cluster_info ==
        R"({"server":"https://h:1","certificate-authority-data":"Q0E=","proxy-url":"http://p",)"
        R"("config":{"a":1}})");
  CHECK_FALSE(config->exec->time_max.has_value());
  CHECK(load_config({.kubeconfig = kc, .request_timeout = "2"}, place.environment())
            ->exec->time_max == std::chrono::seconds(2));
  CHECK_FALSE(load_config({.kubeconfig = kc, .request_timeout = "0"}, place.environment())
                  ->exec->time_max.has_value());
  for (const auto& flags : {ConfigFlags{.kubeconfig = kc, .token = "t"},
                            ConfigFlags{.kubeconfig = kc, .username = "me"},
                            ConfigFlags{.kubeconfig = kc, .server = "http://h"}}) {
    CHECK_FALSE(load_config(flags, place.environment())->exec.has_value());
  }
}

TEST_CASE("without a proxy-url the environment's proxy is used") {
  Place place;
  place.variables["HTTPS_PROXY"] = "p:3128";
  place.variables["NO_PROXY"] = "inside.example.com";
  const auto proxy_of = [&](const char* server) {
    return load_config({.server = server}, place.environment())->proxy_url;
  };
  CHECK(proxy_of("https://outside.example.com") == "http://p:3128");
  CHECK(proxy_of("https://inside.example.com").empty());
  CHECK(proxy_of("https://127.0.0.1:6443").empty());
}

TEST_CASE("the namespace needs a context and no server") {
  Place place;
  place.write("ca.pem", "CA");
  ConfigFlags flags;
  flags.kubeconfig = place.write("kc", two_contexts);
  CHECK(*current_namespace(flags, place.environment()) == "dev-ns");
  flags.context = "nons";
  CHECK(*current_namespace(flags, place.environment()) == "default");
  flags.context = "zzz";
  CHECK(current_namespace(flags, place.environment()).error().message ==
        "invalid configuration: [context was not found for specified context: zzz, cluster has no "
        "server defined]");
  flags.namespace_ = "flag-ns";
  CHECK(*current_namespace(flags, place.environment()) == "flag-ns");
}

TEST_CASE("of several files the first to name something wins") {
  Place place;
  const auto first = place.write("k1", "current-context: nons\n");
  const auto second = place.write("k2", two_contexts);
  place.write("ca.pem", "CA");
  place.variables["KUBECONFIG"] = first + ":" + (place.folder / "none").string() + ":" + second;
  CHECK(*current_namespace({}, place.environment()) == "default");
}

TEST_CASE("files of KUBECONFIG that are not there are named when nothing else is") {
  Place place;
  place.variables["KUBECONFIG"] = "/none/a:/none/b";
  const auto error = load_config({}, place.environment()).error();
  CHECK(error.message == no_configuration);
  CHECK(error.hints ==
        std::vector<std::string>{"there is no file \"/none/a\"", "there is no file \"/none/b\""});
}

TEST_CASE("every broken file is told, and none of its values") {
  Place place;
  const auto first = place.write("k1", "users: s3cret\n");
  const auto second = place.write("k2", "contexts: s3cret\n");
  place.variables["KUBECONFIG"] = first + ":" + second;
  CHECK(load_config({}, place.environment()).error().message ==
        "[error loading config file \"" + first +
            "\": users is not a list, error loading config "
            "file \"" +
            second + "\": contexts is not a list]");
}

TEST_CASE("without KUBECONFIG the home folder counts") {
  Place place;
  place.write(".kube/config", two_contexts);
  place.write(".kube/ca.pem", "CA");
  place.variables["HOME"] = place.folder;
  CHECK(*current_namespace({}, place.environment()) == "dev-ns");
}

TEST_CASE("a pod uses its service account when nothing else is said") {
  Place place;
  place.write("account/token", "t");
  place.write("account/ca.crt", "CA");
  place.write("account/namespace", "pod-ns\n");
  place.variables = {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  const auto config = load_config({}, place.environment());
  REQUIRE(config.has_value());
  CHECK(config->server == "https://[fd00::1]:443");
  CHECK(config->token_file.ends_with("/token"));
  CHECK(config->namespace_ == "pod-ns");
  CHECK(*current_namespace({}, place.environment()) == "pod-ns");

  const auto flagged = load_config({.token = "mine"}, place.environment());
  REQUIRE(flagged.has_value());
  CHECK(flagged->token.expose_secret_text() == "mine");
  CHECK(flagged->token_file.empty());
  place.variables["POD_NAMESPACE"] = "told";
  CHECK(*current_namespace({}, place.environment()) == "told");
}

TEST_CASE("flags go over the file, and a bare server is enough") {
  Place place;
  ConfigFlags flags;
  flags.server = "http://127.0.0.1:5";
  flags.token = "t";
  const auto config = load_config(flags, place.environment());
  REQUIRE(config.has_value());
  CHECK(config->server == "http://127.0.0.1:5");
  CHECK(config->token.empty());  // nothing secret goes over plain http
}

TEST_CASE("a broken kubeconfig is told by its line, without its contents") {
  Place place;
  ConfigFlags flags;
  for (const char* text : {"{ not yaml", "users:\n- name: a\n  user: {token: [s3cret]}\n",
                           "users: s3cret\n", "- s3cret\n"}) {
    CAPTURE(text);
    flags.kubeconfig = place.write("kc", text);
    const auto config = load_config(flags, place.environment());
    REQUIRE_FALSE(config.has_value());
    CHECK(config.error().code == Errc::invalid_input);
    CHECK(config.error().message.find("error loading config file") == 0);
    CHECK(config.error().message.find("s3cret") == std::string::npos);
  }
}

}  // namespace bulla::kube
