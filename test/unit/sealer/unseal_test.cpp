// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/base64.hpp"
#include "unit/sealer/desk.hpp"

namespace bulla::test {

namespace {

std::string sealed_yaml(const std::string& name, const std::string& key) {
  return "---\nkind: SealedSecret\nmetadata: {name: " + name +
         ", namespace: team}\nspec: {encryptedData: {a: " +
         ciphertext("of " + name, "team/" + name, key) + "}}\n";
}

struct Recovery {
  Desk desk;
  sealer::Options options;

  explicit Recovery(std::string_view input) : options(desk.options(input)) {
    options.recovery_unseal = true;
    options.format = "yaml";
  }
  [[nodiscard]] Result<void> run() const { return sealer::recovery_unseal(options); }
  /// The values of the Secrets that came out, in order.
  [[nodiscard]] std::string values() const {
    std::string out;
    for (const auto& document : read_documents(desk.text("out")).value()) {
      const auto secret = Secret::from_json(document.value).value();
      for (const auto& [item, value] : secret.data)
        out.append(value.expose_secret_text()).append("; ");
    }
    return out;
  }
};

std::string key_secret(const std::string& name, const std::string& key) {
  return R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":")" + name +
         R"("},"data":{"tls.key":")" + encode_base64(as_bytes(key_file(key))) + "\"}}";
}

/// A Secret as Go's encoding/json writes one that it made itself.
std::string without_kind(std::string secret) {
  constexpr std::string_view kind = R"("apiVersion":"v1","kind":"Secret",)";
  return secret.erase(secret.find(kind), kind.size());
}

constexpr const char* key_a = "rsa2048-a.pkcs1.pem";
constexpr const char* key_b = "rsa2048-b.pkcs1.pem";

}  // namespace

TEST_CASE("every form of a key backup opens what the keys in it fit") {
  const auto both = sealed_yaml("one", key_a) + sealed_yaml("two", key_b);
  const auto a = key_secret("a", key_a);
  const auto b = key_secret("b", key_b);
  struct Case {
    std::string name;
    std::vector<std::string> files;
  };
  const Case cases[] = {
      {"PEM files", {key_file(key_a), key_file(key_b)}},
      {"one PEM file", {key_file(key_a) + "and\n" + key_file(key_b)}},
      {"Secrets in JSON", {a, b}},
      {"two documents", {a + "\n---\n" + b}},
      {"a List", {R"({"apiVersion":"v1","kind":"List","items":[)" + a + "," + b + "]}"}},
      // json.Marshal of a corev1.List that no API server has seen, and of Secrets in it.
      {"a List as Go writes it",
       {R"({"metadata":{},"items":[)" + without_kind(a) + "," + without_kind(b) + "]}\n"}},
      {"Secrets as Go writes them", {without_kind(a) + "\n", without_kind(b) + "\n"}},
      {"a List in YAML without a kind",
       {"metadata: {}\nitems:\n- " + without_kind(a) + "\n- " + without_kind(b)}},
      {"PEM and a Secret", {key_file(key_b), a}},
      {"PEM files with byte order marks, joined",
       {"\xEF\xBB\xBF" + key_file(key_a) + "\xEF\xBB\xBF" + key_file(key_b)}},
      {"Secrets with byte order marks, joined", {"\xEF\xBB\xBF" + a + "\n---\n\xEF\xBB\xBF" + b}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    Recovery recovery(both);
    for (const auto& file : c.files) {
      const auto name = "key" + std::to_string(recovery.options.recovery_keys.size());
      recovery.options.recovery_keys.push_back(recovery.desk.put(name, file));
    }
    CHECK(outcome(recovery.run()) == "");
    CHECK(recovery.values() == "of one; of two; ");
  }
}

TEST_CASE("many documents are opened, and printed in their order, for their owner alone") {
  std::string input;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const auto name = "s" + std::to_string(i);
    input += sealed_yaml(name, i % 2 == 0 ? key_a : key_b);
    expected += "of " + name + "; ";
  }
  Recovery recovery(input);
  recovery.options.recovery_keys = {key_path(key_a), key_path(key_b)};
  CHECK(outcome(recovery.run()) == "");
  CHECK(recovery.values() == expected);
  struct stat status {};
  REQUIRE(::stat(recovery.desk.path("out").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("an object that does not open is told with its place, its item and the keys tried") {
  Recovery recovery(sealed_yaml("one", key_a) + sealed_yaml("two", key_b));
  recovery.options.recovery_keys = {key_path(key_a), key_path("rsa2048-a.pkcs8-enc.pem"),
                                    key_path("ec.pkcs8.pem")};
  const auto result = recovery.run();
  CHECK(outcome(result) == "no key could decrypt secret (a)");
  CHECK(has_hint(result,
                 "it is SealedSecret team/two in " + recovery.options.input_file + ", line 5"));
  CHECK(has_hint(result,
                 "the one key here does not open it as team/two, strict: it was sealed for another "
                 "name, namespace or scope, or for another key, or is damaged"));
  CHECK(has_hint(result, "tried key " + private_key(key_a).fingerprint()));
  CHECK(has_hint(result, key_path("rsa2048-a.pkcs8-enc.pem") +
                             ": the private key is encrypted: decrypt it first (openssl pkey)"));
  CHECK(has_hint(result, key_path("ec.pkcs8.pem") +
                             ": the private key is of type EC, but unsealing needs RSA"));
  CHECK_FALSE(recovery.desk.has("out"));
}

TEST_CASE("a backup with something else than a key in it is refused, with its file and line") {
  struct Case {
    std::string other;
    std::string message;
  };
  const Case cases[] = {
      {R"({"kind":"Secret","metadata":{"name":"x"}})", R"(Secret "x" has no tls.key under data)"},
      {R"({"kind":"SecretList","items":[]})",
       "expected a Secret with tls.key, or a List of them, found a SecretList"},
      {R"({"kind":"Secret","metadata":{"name":"x"},"data":{"tls.key":"Yg=="}})",
       R"(tls.key of Secret "x" holds no RSA private key in PEM)"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.other);
    Recovery recovery(sealed_yaml("one", key_a));
    recovery.options.recovery_keys = {
        recovery.desk.put("backup", key_secret("a", key_a) + "\n---\n" + c.other + "\n")};
    CHECK(outcome(recovery.run()) ==
          recovery.options.recovery_keys.front() + ", line 3: " + c.message);
  }
}

TEST_CASE("objects of other kinds beside a SealedSecret are left out with a warning") {
  const std::string config = "---\nkind: ConfigMap\nmetadata: {name: c}\n";
  Recovery recovery(config + sealed_yaml("one", key_a));
  recovery.options.recovery_keys = {key_path(key_a)};
  const CapturedErrors errors;
  CHECK(outcome(recovery.run()) == "");
  CHECK(recovery.values() == "of one; ");
  CHECK(errors.text() == "warning: " + recovery.options.input_file +
                             ", line 1 is a ConfigMap, not a SealedSecret: it is left out\n");

  Recovery alone(config);
  alone.options.recovery_keys = {key_path(key_a)};
  CHECK(outcome(alone.run()).find("expected a SealedSecret, found a ConfigMap") !=
        std::string::npos);
  // It may hold what was to be opened.
  Recovery list("---\nkind: List\nitems: []\n" + sealed_yaml("one", key_a));
  list.options.recovery_keys = {key_path(key_a)};
  CHECK(outcome(list.run()).find("found a List") != std::string::npos);
}

TEST_CASE("JSON values need a line with --- between them") {
  const auto one = R"({"kind":"SealedSecret","metadata":{"name":"x","namespace":"y"}})";
  Recovery recovery(std::string(one) + "\n" + one);
  CHECK(outcome(recovery.run()) ==
        recovery.options.input_file + ", line 2: a second JSON value right behind another");
  Recovery separated(std::string(one) + "\n---\n" + one);
  CHECK(outcome(separated.run()) == "");
}

TEST_CASE("a file that names no namespace opens as if in that of --namespace") {
  const auto sealed = [](const std::string& metadata, const std::string& label) {
    return "kind: SealedSecret\nmetadata: {name: db" + metadata +
           "}\nspec: {encryptedData: {a: " + ciphertext("v", label) + "}}\n";
  };
  const std::string namespace_wide =
      ", annotations: {sealedsecrets.bitnami.com/namespace-wide: 'true'}";
  const std::string cluster_wide =
      ", annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}";
  struct Row {
    const char* name;
    std::string input;
  };
  const Row rows[] = {{"strict", sealed("", "team/db")},
                      {"namespace-wide", sealed(namespace_wide, "team")},
                      {"cluster-wide", sealed(cluster_wide, "")},
                      {"the same in the file", sealed(", namespace: team", "team/db")}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Recovery recovery(row.input);
    recovery.options.recovery_keys = {key_path(key_a)};
    recovery.options.cluster.namespace_ = "team";
    CHECK(outcome(recovery.run()) == "");
    CHECK(recovery.values() == "v; ");
    CHECK(recovery.desk.text("out").find("namespace: team\n") != std::string::npos);
  }
  SUBCASE("another one in the file is refused") {
    Recovery recovery(sealed(", namespace: other", "team/db"));
    recovery.options.recovery_keys = {key_path(key_a)};
    recovery.options.cluster.namespace_ = "team";
    CHECK(outcome(recovery.run()) ==
          recovery.options.input_file +
              ", line 1: namespace mismatch: the SealedSecret is of namespace \"other\" but "
              "\"team\" was specified");
  }
  SUBCASE("without it, the way out is told") {
    Recovery recovery(sealed("", "team/db"));
    recovery.options.recovery_keys = {key_path(key_a)};
    CHECK(has_hint(recovery.run(),
                   "it names no namespace: -n NAMESPACE opens it as if it were in that one"));
  }
}

TEST_CASE("with keys, --validate asks no controller") {
  const auto validated = [](const std::string& input, std::vector<std::string> keys,
                            std::optional<std::string> namespace_ = std::nullopt) {
    const Desk desk;
    auto options = desk.options(input);
    options.recovery_keys = std::move(keys);
    options.cluster.namespace_ = std::move(namespace_);
    options.cluster.kubeconfig = desk.path("none");  // who asks fails
    const CapturedErrors errors;
    auto told = outcome(sealer::validate_sealed_secrets(options));
    told += errors.text();
    for (auto at = told.find(desk.path("in")); at != std::string::npos;
         at = told.find(desk.path("in")))
      told.replace(at, desk.path("in").size(), "FILE");
    return told;
  };
  const auto both = sealed_yaml("one", key_a) + sealed_yaml("two", key_b);
  CHECK(validated(both, {key_path(key_a), key_path(key_b)}) == "");
  CHECK(validated(both, {key_path(key_a)}) == "no key could decrypt secret");
  CHECK(validated("---\nkind: ConfigMap\n" + sealed_yaml("one", key_a), {key_path(key_a)}) ==
        "warning: FILE, line 1 is a ConfigMap, not a SealedSecret: nothing in it was validated\n");
  CHECK(validated("kind: Secret\nstringData: {a: b}\n", {key_path(key_a)})
            .starts_with("FILE, line 1: expected a SealedSecret, found a Secret"));
  const auto nowhere = "kind: SealedSecret\nmetadata: {name: db}\nspec:\n  encryptedData: {a: " +
                       ciphertext("v", "team/db") + "}\n";
  CHECK(validated(nowhere, {key_path(key_a)}, "team") == "");
  CHECK(
      validated(nowhere + "  template: {data: {b: '{{ nosuch }}'}}\n", {key_path(key_a)}, "team") ==
      "warning: FILE, line 1: spec.template.data: template: b:1: function \"nosuch\" not defined "
      "(b)\n");
}

}  // namespace bulla::test
