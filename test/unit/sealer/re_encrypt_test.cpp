// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"
#include "crypto/envelope.hpp"
#include "unit/sealer/desk.hpp"

namespace bulla::test {

namespace {

/// Re-encrypts from key A to key B with the keys at hand, in place.
struct Rotation {
  Desk desk;
  sealer::Options options;

  explicit Rotation(std::string_view input) : options(desk.options(input)) {
    options.output_file.clear();
    options.certificate = key_path("rsa2048-b.crt");
    options.re_encrypt = true;
    options.recovery_keys = {key_path("rsa2048-b.pkcs1.pem"), key_path("rsa2048-a.pkcs1.pem")};
  }
  [[nodiscard]] Result<void> run() const { return sealer::re_encrypt_sealed_secrets(options); }
  [[nodiscard]] std::string text() const { return desk.text("in"); }
};

std::string sealed_yaml(const std::string& name, const std::string& label) {
  return "kind: SealedSecret # " + name + "\nmetadata: {name: " + name +
         ", namespace: team, generation: 7}\nspec:\n  template:\n    data: {url: \"{{ .a }}\"}\n"
         "  encryptedData:\n    a: " +
         ciphertext("one", label) + " # first\n    b: |\n        " + ciphertext("two", label) +
         "\n";
}

constexpr const char* key_b = "rsa2048-b.pkcs1.pem";

/// The items of a SealedSecret under key B, each under the label that opens it.
std::string labels_under_b(std::string_view text, std::initializer_list<std::string_view> labels) {
  const auto documents = read_documents(text).value();
  const auto sealed =
      SealedSecret::from_json(documents.at(0).value, documents.at(0).scalars).value();
  const auto key = private_key(key_b);
  std::string out;
  for (const auto& [item, base64] : sealed.encrypted_data) {
    const auto envelope = decode_base64(base64).value();
    for (const auto label : labels) {
      if (decrypt_envelope(key, envelope, label))
        out.append(item).append(":").append(label).append(" ");
    }
  }
  return out;
}

}  // namespace

TEST_CASE("with old keys and a new certificate, every SealedSecret of a file is sealed anew") {
  const auto web = sealed_yaml("web", "team/web");
  const auto db = sealed_yaml("db", "team/db");
  const Rotation rotation("# top\n" + web + "---\nkind: Other # kept\n---\n" + db);
  CHECK(outcome(rotation.run()) == "");
  const auto plain = [](std::string text) {
    // The block's value had a line feed at its end; the new one has none.
    for (std::size_t at; (at = text.find("b: |\n")) != std::string::npos;)
      text.replace(at, 5, "b: |-\n");
    return without_ciphertexts(text);
  };
  CHECK(without_ciphertexts(rotation.text()) ==
        plain("# top\n" + web + "---\nkind: Other # kept\n---\n" + db));
  CHECK(labels_under_b(rotation.text(), {"team/web", "team/db"}) == "a:team/web b:team/web ");
}

TEST_CASE("what is sealed for the new key already stays as it is, to the byte") {
  const Rotation rotation("# top\n" + sealed_yaml("web", "team/web") + "---\n" +
                          sealed_yaml("db", "team/db"));
  CHECK(outcome(rotation.run()) == "");
  const auto once = rotation.text();
  CHECK(outcome(rotation.run()) == "");
  CHECK(rotation.text() == once);
  // An older object beside it is sealed anew, and nothing else changes.
  const auto older = sealed_yaml("old", "team/old");
  const Rotation mixed(once + "---\n" + older);
  CHECK(outcome(mixed.run()) == "");
  CHECK(mixed.text().starts_with(once + "---\n"));
  CHECK(mixed.text() != once + "---\n" + older);
}

TEST_CASE("an item keeps the label that opens it, whatever the annotation says") {
  const auto text =
      "kind: SealedSecret\nmetadata: {name: db, namespace: team}\nspec:\n"
      "  encryptedData:\n    clusterwide: " +
      ciphertext("1", "") + "\n    namespaced: " + ciphertext("2", "team") +
      "\n    strict: " + ciphertext("3", "team/db") + "\n";
  const Rotation rotation(text);
  CHECK(outcome(rotation.run()) == "");
  CHECK(labels_under_b(rotation.text(), {"", "team", "team/db"}) ==
        "clusterwide: namespaced:team strict:team/db ");
}

TEST_CASE("the template is carried over, unrendered") {
  Rotation rotation(sealed_yaml("db", "team/db"));
  rotation.options.output_file = rotation.desk.path("out.json");
  CHECK(outcome(rotation.run()) == "");
  const auto out = rotation.desk.text("out.json");
  CHECK(out.find("\"url\": \"{{ .a }}\"") != std::string::npos);
  CHECK(out.find("generation") ==
        std::string::npos);  // the server's, in a new version of the object
  CHECK(labels_under_b(out, {"team/db"}) == "a:team/db b:team/db ");
}

TEST_CASE("JSON is printed anew, and in YAML into a file that is named so") {
  const auto text =
      "{\"kind\":\"SealedSecret\",\"metadata\":{\"name\":\"db\",\"namespace\":\"team\"},"
      "\"spec\":{\"encryptedData\":{\"a\":\"" +
      ciphertext("one", "team/db") + "\"}}}";
  Rotation rotation(text);
  SUBCASE("JSON") {
    CHECK(outcome(rotation.run()) == "");
    CHECK(rotation.text().starts_with("{\n  \"kind\": \"SealedSecret\",\n"));
  }
  SUBCASE("YAML") {
    rotation.options.input_file = rotation.desk.put("in.yaml", text);
    CHECK(outcome(rotation.run()) == "");
    CHECK(rotation.desk.text("in.yaml").starts_with("---\napiVersion: bitnami.com/v1alpha1\n"));
  }
}

TEST_CASE("the V1 form is sealed anew as it is") {
  const Rotation rotation(
      "kind: SealedSecret\nmetadata: {name: db, namespace: team}\nspec:\n  data: " +
      ciphertext("{}", "team/db") + " # v1\n");
  CHECK(outcome(rotation.run()) == "");
  CHECK(without_ciphertexts(rotation.text()).ends_with("spec:\n  data: ... # v1\n"));
}

TEST_CASE("what does not open is told with its item, its place and the keys; nothing is changed") {
  const auto text = sealed_yaml("web", "team/web") + "---\n" + sealed_yaml("db", "other/db");
  Rotation rotation(text);
  const auto result = rotation.run();
  CHECK(outcome(result) == "no key could decrypt secret (a)\nno key could decrypt secret (b)");
  CHECK(has_hint(result, "it is in " + rotation.options.input_file + ", line 10"));
  CHECK(has_hint(result, "tried key " + private_key("rsa2048-a.pkcs1.pem").fingerprint()));
  CHECK(has_hint(result, "tried key " + private_key(key_b).fingerprint()));
  CHECK(rotation.text() == text);
}

TEST_CASE("an input without a SealedSecret is refused") {
  const Rotation empty("# nothing\n");
  CHECK(outcome(empty.run()) == empty.options.input_file + " holds no SealedSecret");
  const Rotation other("kind: Secret\n");
  CHECK(outcome(other.run()) ==
        other.options.input_file + ", line 1: expected a SealedSecret, found a Secret");
}

TEST_CASE("on standard output, no document that stays as it is can steer a terminal") {
  const std::string other =
      "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"\x7F \xC2\x9B[2J \xC2\xA0\"}}\n";
  Rotation rotation(other +
                    R"({"kind":"SealedSecret","metadata":{"name":"db","namespace":"team"},)" +
                    R"("spec":{"encryptedData":{"a":")" + ciphertext("one", "team/db") + "\"}}}\n");
  rotation.options.output_file = "-";
  std::string printed;
  {
    const CapturedOutput output;
    CHECK(outcome(rotation.run()) == "");
    printed = output.text();
  }
  CHECK(printed.starts_with(
      "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"\\u007f \\u009b[2J \xC2\xA0\"}}\n"));
  CHECK(opened(printed, key_b) == "db/a=one ");
  rotation.options.output_file = rotation.options.input_file;
  CHECK(outcome(rotation.run()) == "");
  CHECK(rotation.text().starts_with(other));  // a file keeps what it holds
}

}  // namespace bulla::test
