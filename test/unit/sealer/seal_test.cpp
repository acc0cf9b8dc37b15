// SPDX-License-Identifier: Apache-2.0
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

// Sealed namespace-wide for "prod/db", a value opens as that of the Secret db in prod.
TEST_CASE("a namespace or a name with a slash is refused: it would be the label of another place") {
  const Desk desk;
  auto options = desk.options("metadata: {name: a, namespace: prod/db}\nstringData: {x: y}\n");
  options.scope = Scope::namespace_wide;
  CHECK(
      outcome(sealer::seal_secrets(options)).find("the namespace \"prod/db\" has a slash in it") !=
      std::string::npos);
  desk.put("in", "metadata: {name: a/b, namespace: prod}\nstringData: {x: y}\n");
  CHECK(outcome(sealer::seal_secrets(options)).find("the name \"a/b\" has a slash in it") !=
        std::string::npos);
  options.raw = true;
  options.cluster.namespace_ = "prod/db";
  CHECK(outcome(sealer::seal_raw_value(options)) == "the namespace \"prod/db\" has a slash in it");
  CHECK_FALSE(desk.has("out"));
}

TEST_CASE("a certificate that is not valid yet, or of a short key, gets a warning and is used") {
  const Desk desk;
  auto options = desk.options("metadata: {name: a, namespace: b}\nstringData: {x: y}\n");
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

}  // namespace bulla::test
