// SPDX-License-Identifier: Apache-2.0
#include "kube/config.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace bulla::kube {
namespace {

/// A folder of its own with files in it, and an environment.
struct Place {
  Place() {
    std::string pattern = std::filesystem::temp_directory_path() / "kube-config-XXXXXX";
    BULLA_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
  }
  ~Place() { std::filesystem::remove_all(folder); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  [[nodiscard]] Environment environment() const {
    Environment out;
    out.variable = [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    out.service_account_directory = folder / "account";
    return out;
  }

  std::filesystem::path folder;
  std::map<std::string, std::string> variables = {};
};

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
      {"a plugin",
       {.kubeconfig = kc, .context = "plugin"},
       "user \"u2\" uses an exec plugin, which this version does not run yet"},
      {"a proxy",
       {.kubeconfig = kc, .proxy_url = "http://p"},
       "cluster \"c1\" has a proxy-url, which this version does not use yet"},
      {"a missing CA",
       {.kubeconfig = kc, .certificate_authority = here + "/none"},
       "reading the certificate authority of cluster \"c1\": open " + here +
           "/none: no such file or directory"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto config = load_config(c.flags, place.environment());
    REQUIRE_FALSE(config.has_value());
    CHECK(config.error().message == c.error);
  }
}

TEST_CASE("the namespace needs a context and no server") {
  Place place;
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
  place.variables["KUBECONFIG"] = first + ":" + (place.folder / "none").string() + ":" + second;
  CHECK(*current_namespace({}, place.environment()) == "default");
}

TEST_CASE("without KUBECONFIG the home folder counts") {
  Place place;
  place.write(".kube/config", two_contexts);
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
