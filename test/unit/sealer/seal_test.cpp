// SPDX-License-Identifier: Apache-2.0
#include "sealer/kubernetes_names.hpp"
#include "sealer/secret_input.hpp"
#include "unit/sealer/desk.hpp"

namespace bulla::test {

namespace {

std::string secret_yaml(const std::string& name) {
  return "---\nmetadata: {name: " + name + ", namespace: team}\nstringData: {a: of " + name + "}\n";
}

}  // namespace

TEST_CASE("many documents are sealed, and printed in their order") {
  std::string input;
  std::string expected;
  for (int i = 0; i < 600; ++i) {  // more than are worked on at once
    const auto name = "s" + std::to_string(i);
    input += secret_yaml(name);
    expected += name + "/a=of " + name + " ";
  }
  const Desk desk;
  const auto options = desk.options(input);
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  CHECK(opened(desk.text("out")) == expected);
}

TEST_CASE("a failure names the first document that failed, and writes no file") {
  const Desk desk;
  const auto options =
      desk.options(secret_yaml("one") + "---\nmetadata: {name: two}\ndata: {a: '?'}\n" +
                   "---\nmetadata: {name: three}\ndata: {a: '!'}\n");
  CHECK(outcome(sealer::seal_secrets(options)) ==
        options.input_file + ", line 6: data.a: illegal base64 data at input byte 0");
  CHECK_FALSE(desk.has("out"));
}

TEST_CASE("names that no object can have seal with a warning") {
  struct Row {
    std::string namespace_;
    std::string name;
    std::vector<std::string> refused;
  };
  const std::string as_namespace = ": lower-case letters, digits and '-', at most 63";
  const std::string as_name = ": lower-case letters, digits, '-' and '.', at most 253";
  const Row rows[] = {
      {"prod", "db", {}},
      {"", "", {}},
      {"a-1", "a.b-c.1", {}},
      {std::string(63, 'a'), std::string(253, 'a'), {}},
      {"Prod", "db", {"no namespace can be called \"Prod\"" + as_namespace}},
      {"a.b", "db", {"no namespace can be called \"a.b\"" + as_namespace}},
      {"-a",
       "a_b",
       {"no namespace can be called \"-a\"" + as_namespace,
        "no Secret can be called \"a_b\"" + as_name}},
      {"a", "a..b", {"no Secret can be called \"a..b\"" + as_name}},
      {"a", "prod/db", {"no Secret can be called \"prod/db\"" + as_name}},
      {"a", "a-", {"no Secret can be called \"a-\"" + as_name}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.namespace_ + "/" + row.name);
    CHECK(sealer::refused_names(row.namespace_, row.name) == row.refused);
  }
  CHECK(sealer::refused_names(std::string(64, 'a'), std::string(254, 'a')).size() == 2);

  Secret secret;
  for (const auto* item : {"A_b.c-1", ".dockerconfigjson"})
    secret.data.emplace(item, SecretBuffer());
  CHECK(sealer::refused_names(secret, "x").empty());
  secret.data.emplace("bad key", SecretBuffer());
  secret.string_data.emplace("bad key", SecretBuffer());
  secret.string_data.emplace("..data", SecretBuffer());
  const std::string as_item = ": letters, digits, '-', '_' and '.', at most 253";
  CHECK(sealer::refused_names(secret, "x.yaml, line 3") ==
        std::vector<std::string>{
            "x.yaml, line 3: no item of a Secret can be called \"bad key\"" + as_item,
            "x.yaml, line 3: no item of a Secret can be called \"..data\"" + as_item});
}

TEST_CASE("nothing is sealed for a namespace whose label would be another place's") {
  const Desk desk;
  auto options = desk.options("metadata: {name: x, namespace: prod/db}\nstringData: {a: b}\n");
  options.scope = Scope::namespace_wide;
  const std::string refusal =
      "namespace \"prod/db\" holds a '/': no namespace is called so, and what is sealed for it "
      "could open in another";
  CHECK(outcome(sealer::seal_secrets(options)).find(refusal) != std::string::npos);
  CHECK_FALSE(desk.has("out"));
  options.cluster.namespace_ = "prod/db";
  CHECK(outcome(sealer::seal_raw_value(options)) == refusal);
}

TEST_CASE("a Secret that the API server would refuse for its size gets a warning") {
  Secret secret;
  secret.data.emplace("a", SecretBuffer(limits::mib - 1));
  secret.data.emplace("b", SecretBuffer(10));
  secret.string_data.emplace("b", SecretBuffer(1));  // wins over the ten bytes
  CHECK(sealer::size_warning(secret, "x.yaml, line 3") == "");
  secret.string_data.emplace("c", SecretBuffer(1));
  CHECK(sealer::size_warning(secret, "x.yaml, line 3") ==
        "x.yaml, line 3: the Secret holds 1048577 bytes, and the API server takes at most 1048576");
}

TEST_CASE("a certificate that is not valid yet, or of a short key, gets a warning and is used") {
  const Desk desk;
  auto options = desk.options("metadata: {name: a, namespace: b}\nstringData: {x: z}\n");
  const auto told = [&](const std::string& certificate) {
    options.certificate = std::string(BULLA_TEST_DATA) + "/keys/" + certificate;
    const CapturedErrors errors;
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    return errors.text();
  };
  CHECK(told("rsa2048-a.crt") == "");
  CHECK(told("notyet.crt").starts_with("warning: the certificate is not valid before "));
  CHECK(told("rsa1024.crt") ==
        "warning: the certificate's key has 1024 bits; fewer than 2048 can be broken\n");
}

TEST_CASE("a file that loses items to the new one is told, and what is sealed anew is not") {
  const Desk desk;
  auto options = desk.options(
      "metadata: {name: db, namespace: prod}\nstringData: {user: u, password: p, host: h}\n---\n"
      "metadata: {name: web, namespace: prod}\nstringData: {token: t}\n");
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  const auto file = options.output_file;
  const auto told = [&](std::string_view input) {
    desk.put("in", input);
    const CapturedErrors errors;
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    return errors.text();
  };
  CHECK(
      told("metadata: {name: db, namespace: prod}\nstringData: {user: u, password: new, host: h}\n"
           "---\nmetadata: {name: web, namespace: prod}\nstringData: {token: t, more: m}\n") == "");
  CHECK(told("metadata: {name: db, namespace: prod}\nstringData: {password: new}\n") ==
        "warning: " + file + " held host, user of prod/db, and does not any more (--merge-into " +
            file + " keeps other items)\nwarning: " + file +
            " held SealedSecret prod/web, and does not any more\n");
  desk.put("out", "no YAML: [");
  CHECK(told("metadata: {name: db, namespace: prod}\nstringData: {password: new}\n") == "");
}

TEST_CASE("with --cert the kubeconfig's context names the namespace, and no cluster is asked") {
  const Desk desk;
  auto options = desk.options("metadata: {name: db}\nstringData: {a: b}\n");
  // Nobody answers there.
  options.cluster.kubeconfig = desk.put("kubeconfig", R"(
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {token: t}}]
contexts:
  - {name: one, context: {cluster: c, user: u, namespace: of-one}}
  - {name: two, context: {cluster: c, user: u, namespace: of-two}}
current-context: one
)");
  const auto sealed_in = [&](std::optional<std::string> context,
                             std::optional<std::string> namespace_) {
    options.cluster.context = std::move(context);
    options.cluster.namespace_ = std::move(namespace_);
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    CHECK(opened(desk.text("out")) == "db/a=b ");  // a strict one: its label names the namespace
    const auto documents = read_documents(desk.text("out"));
    return std::string(SealedSecret::from_json(documents.value().at(0).value)->namespace_());
  };
  CHECK(sealed_in(std::nullopt, std::nullopt) == "of-one");
  CHECK(sealed_in("two", std::nullopt) == "of-two");
  CHECK(sealed_in("two", "of-flag") == "of-flag");
}

}  // namespace bulla::test
