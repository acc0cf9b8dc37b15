// SPDX-License-Identifier: Apache-2.0
#include "sealer/explain_input.hpp"

#include <string>
#include <vector>

#include "base/base64.hpp"
#include "unit/sealer/desk.hpp"

namespace bulla::test {

namespace {

/// "MESSAGE | HINT | HINT", with `file` as FILE.
std::string told(const Result<void>& result, const std::string& file) {
  if (result) return "";
  std::string text = result.error().message;
  for (const auto& hint : result.error().hints) text += " | " + hint;
  for (auto at = text.find(file); at != std::string::npos; at = text.find(file, at))
    text.replace(at, file.size(), "FILE");
  return text;
}

struct Case {
  const char* about;
  std::string input;
  std::string told;
};

std::string secret(const std::string& more) {
  return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: prod\n" + more;
}

const std::string plain_hint = "values under data are base64; plain text goes under stringData";
const std::string utf8_hint =
    "save it as UTF-8: PowerShell's > writes UTF-16; use Out-File -Encoding ascii, or -w FILE";

}  // namespace

TEST_CASE("what can't be sealed is told with its cause, its line and the way out") {
  const std::string empty =
      "secret.data is empty in input Secret, assuming this is an error and aborting. To work with "
      "empty data, --allow-empty-data can be used | it is the Secret in FILE, line 1";
  const std::string alone =
      " | kubeseal takes Secrets alone: put other objects into files of "
      "their own";
  const std::string each =
      " | to seal each: kubectl get secrets -o json | jq '.items[]' | kubeseal";
  const Case cases[] = {
      {"sealed already", "kind: SealedSecret\nspec: {encryptedData: {a: AgB}}\n",
       "FILE, line 1: it is a SealedSecret already | --re-encrypt seals it anew for the newest "
       "key | --merge-into FILE adds items to it"},
      {"a Deployment in the stream",
       secret("stringData: {a: b}\n") + "---\nkind: Deployment\nspec: {}\n",
       "FILE, line 7: it is a \"Deployment\", not a Secret" + alone},
      {"a List", "apiVersion: v1\nkind: List\nitems: []\n",
       "FILE, line 1: it is a \"List\", not a Secret" + each},
      {"a SecretList", "{\"kind\": \"SecretList\", \"items\": []}",
       "FILE, line 1: it is a \"SecretList\", not a Secret" + each},
      {"stringDate", secret("stringDate:\n  a: b\n"),
       empty + " | FILE, line 7: unknown field \"stringDate\" is left out: did you mean "
               "stringData?"},
      {"dta", secret("dta: {a: YQ==}\n"),
       empty + " | FILE, line 6: unknown field \"dta\" is left out: did you mean data?"},
      {"a ConfigMap", "kind: ConfigMap\ndata:\n  debug: true\n",
       "FILE, line 1: it is a \"ConfigMap\", not a Secret" + alone},
      {"no -o yaml", "secret/db created (dry run)\n",
       "FILE, line 1: a Secret must be a map, not text | kubectl prints the object itself with -o "
       "yaml"},
      {"no base64", secret("data:\n  user: YQ==\n  password: hunter2!\n"),
       "FILE, line 8: data.password: illegal base64 data at input byte 7 | " + plain_hint},
      {"base64 over several lines", secret("data:\n  a: YWJj\n    ZGVm\n"),
       "FILE, line 7: data.a: illegal base64 data at input byte 4 | if it is base64 over several "
       "lines: put it on one, or behind '|' (base64 -w0)"},
      {"base64 for URLs", secret("data:\n  a: _-8=\n"),
       "FILE, line 7: data.a: illegal base64 data at input byte 0 | if it is base64 for URLs: here "
       "it has + and / instead of - and _; plain text goes under stringData"},
      {"base64 without its padding", secret("data:\n  a: YQ\n"),
       "FILE, line 7: data.a: illegal base64 data at input byte 0 | if it is base64: its padding "
       "(=) is missing; plain text goes under stringData"},
      {"a number for base64", secret("data:\n  a: 5\n"),
       "FILE, line 7: data.a must be base64 text, not a number | quote the value, or put plain "
       "text "
       "under stringData"},
      {"a HelmRelease", "kind: HelmRelease\nspec: {}\n",
       "FILE, line 1: it is a \"HelmRelease\", not a Secret" + alone},
      {"a SealedSecretList", "kind: SealedSecretList\nitems: []\n",
       "FILE, line 1: it is a \"SealedSecretList\", not a Secret" + each},
      {"a list of documents", "- kind: Secret\n",
       "FILE, line 1: a Secret must be a map, not a list | kubectl prints the object itself with "
       "-o yaml"},
      {"a number", "42\n",
       "FILE, line 1: a Secret must be a map, not a number | kubectl prints the object itself with "
       "-o yaml"},
      {"a text for data", secret("data: password=x\n"),
       "FILE, line 6: data must be a map, not text"},
      {"a list for stringData", secret("stringData: [a]\n"),
       "FILE, line 6: stringData must be a map, not a list"},
      {"a text for labels", "kind: Secret\nmetadata:\n  name: a\n  labels: b\nstringData: {a: b}\n",
       "FILE, line 4: metadata.labels must be a map, not text"},
      {"Secret in capitals", secret("StringData:\n  a: [b]\n"),
       "FILE, line 7: stringData.a must be text, not a list"},
      {"no base64, in JSON",
       "{\n \"kind\": \"Secret\",\n \"data\": {\n  \"a\": \"YQ==\",\n  \"b\": \"?\"\n }\n}\n",
       "FILE, line 5: data.b: illegal base64 data at input byte 0 | " + plain_hint},
      {"no base64, in a later document",
       "# note\n" + secret("stringData: {a: b}\n") + "---\n# another\n" +
           secret("data:\n  # here\n  a.b: '?'\n"),
       "FILE, line 17: data.a.b: illegal base64 data at input byte 0 | " + plain_hint},
      {"no base64, under a key of YAML 1.1", secret("data:\n  y: '?'\n"),
       "FILE, line 7: data.true: illegal base64 data at input byte 0 | " + plain_hint},
      {"a list for a text", secret("stringData:\n  a: b\n  c: [d]\n"),
       "FILE, line 8: stringData.c must be text, not a list"},
      {"a list for a name", "kind: Secret\nmetadata:\n  name: [a]\nstringData: {a: b}\n",
       "FILE, line 3: metadata.name must be text, not a list"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.about);
    const Desk desk;
    const auto options = desk.options(c.input);
    CHECK(told(sealer::seal_secrets(options), options.input_file) == c.told);
  }
}

TEST_CASE("text that is no manifest is told for what it is") {
  const auto hint = [](std::string_view text) {
    const auto error = sealer::with_kind_of_text({Errc::invalid_input, "line 1: no"}, text);
    return error.hints.empty() ? "" : error.hints.front();
  };
  CHECK(hint("kind: Secret\ndata: {{ .Values.data }}\n") ==
        "it looks like a template: render it first (helm template, ...)");
  CHECK(hint(" \n<!DOCTYPE html><title>Sign in</title>") == "it is a web page, not a manifest");
  CHECK(hint(std::string_view("\xFF\xFEk\0i\0", 6)) == "it is UTF-16 text: " + utf8_hint);
  CHECK(hint(std::string_view("k\0i\0n\0", 6)) == "it is UTF-16 text: " + utf8_hint);
  CHECK(hint("kind: [") == "");
}

TEST_CASE("a file without a certificate is told for what it holds") {
  struct Row {
    std::string text;
    std::string holds;
    std::string hint;
  };
  const auto file = [](const std::string& name) {
    return std::string(read_file(key_path(name), limits::input_bytes_max)->expose_secret_text());
  };
  const auto pem = [](const std::string& type) {
    return "-----BEGIN " + type + "-----\nAAAA\n-----END " + type + "-----\n";
  };
  const auto certificate = file("rsa2048-a.crt");
  std::string one_line = certificate;
  std::ranges::replace(one_line, '\n', ' ');
  const std::string damaged =
      "holds a damaged certificate: cut off, indented, or not on lines of its own";
  const std::string lines = "each of its lines must stand as it was, BEGIN and END too";
  const std::string fetch = "kubeseal --fetch-cert > cert.pem fetches the certificate";
  const Row rows[] = {
      {file("rsa2048-a.pkcs1.pem"), "holds a private key",
       "never give it to anybody; pass the certificate (tls.crt) that belongs to it"},
      {pem("CERTIFICATE REQUEST"), "holds a certificate request",
       "pass the certificate that was made from it"},
      {pem("PUBLIC KEY"), "holds a bare public key", "pass the certificate that holds it"},
      {pem("TRUSTED CERTIFICATE"), "holds an OpenSSL trusted certificate",
       "openssl x509 -in FILE -out cert.pem makes a plain one of it"},
      {std::string("\x30\x82\x03\x15\x30", 5), "holds DER, not PEM",
       "openssl x509 -inform DER -in FILE -out cert.pem makes PEM of it"},
      {certificate.substr(0, certificate.size() / 2), damaged, lines},
      {one_line, damaged, lines},
      {std::string("\xFF\xFE-\0-\0", 6), "holds UTF-16 text", utf8_hint},
      {"<html>Sign in</html>", "holds a web page", "the address, or a log-in in the way, is wrong"},
      {encode_base64(as_bytes(certificate)), "holds base64 of a certificate",
       "base64 -d FILE > cert.pem undoes it"},
      {"kind: Secret\ndata: {tls.crt: AAAA}\n",
       "holds a Secret or another object, not the certificate in it",
       "pass what stands under tls.crt, through base64 -d"},
      {"\n", "is empty", fetch},
      {"error: cannot fetch certificate\n", "holds something else", fetch},
  };
  for (const auto& row : rows) {
    CAPTURE(row.holds);
    const Desk desk;
    auto options = desk.options(secret("stringData: {a: b}\n"));
    options.certificate = desk.put("cert.pem", row.text);
    CHECK(told(sealer::seal_secrets(options), options.certificate) ==
          "data does not contain any valid RSA or ECDSA certificates: FILE " + row.holds + " | " +
              row.hint);
  }
}

TEST_CASE("what sealing leaves out gets a warning") {
  const Desk desk;
  const auto options =
      desk.options(secret("data:\n  a: YQ==\n  a: Yg==\nstringDate: {c: d}\n") +
                   "---\nkind: ConfigMap\nmetadata: {name: cm, namespace: d}\ndata: {a: YQ==}\n");
  const CapturedErrors errors;
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  const auto file = options.input_file;
  CHECK(errors.text() ==
        "warning: " + file +
            ", line 9: unknown field \"stringDate\" is left out: did you mean stringData?\n"
            "warning: " +
            file + ", line 8: key \"a\" stands twice in its map, and the last one counts\n" +
            "warning: " + file +
            ", line 10: it is a \"ConfigMap\", not a Secret, and is sealed as if it were one\n");
}

TEST_CASE("values and keys that YAML reads as something else get a warning") {
  const Desk desk;
  const auto options = desk.options(
      secret("stringData:\n  a: !hunter2\n  b: &hunter2\n  c: '!hunter2'\n  d: !!str 5\n"
             "  e: &name value\n  f: *name\n  yes: x\n  'on': w\n  host: z\n"
             "  long: |\n    x: y\n  0x10: m\n  \"off\": q\n"));
  const CapturedErrors errors;
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  const auto line = [&](int number, const std::string& remark) {
    return "warning: " + options.input_file + ", line " + std::to_string(number) + ": " + remark +
           "\n";
  };
  const auto swallowed = [](const std::string& key) {
    return "the value of \"" + key +
           "\" begins with ! or &, which YAML takes for a mark that is no part of it: put it in "
           "quotes";
  };
  CHECK(errors.text() == line(7, swallowed("a")) + line(8, swallowed("b")) +
                             line(13, "key \"yes\" is read as \"true\": put it in quotes") +
                             line(18, "key \"0x10\" is read as \"16\": put it in quotes"));
}

TEST_CASE("numbers and truth values that are sealed otherwise than they are written are told") {
  const Desk desk;
  const auto warned = [&](const std::string& value) {
    const auto options = desk.options(secret("stringData: {PIN: " + value + ", host: z}\n"));
    const CapturedErrors errors;
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    return errors.text();
  };
  for (const auto* same :
       {"471", "-1", "1.5", "true", "false", "null", "'0471'", "\"1.10\"", "x1", "0471x", "1:30"}) {
    CAPTURE(same);
    CHECK(warned(same) == "");
  }
  for (const auto* number : {"0471", "1.10", "0x1F", "1_000", "+5", "012345678", "1e3"}) {
    CAPTURE(number);
    const auto told = warned(number);
    const auto remark = told.substr(std::min(told.find(": the value"), told.size()));
    CHECK(remark ==
          ": the value of \"PIN\" is read as a number, and sealed in another form than "
          "it is written: put it in quotes\n");
  }
  for (const auto* truth : {"yes", "On", "True", "n"}) {
    CAPTURE(truth);
    CHECK(warned(truth).find("the value of \"PIN\" is read as a truth value") != std::string::npos);
  }
}

TEST_CASE("a namespace that is read as a truth value is told") {
  const Desk desk;
  const auto options = desk.options("metadata: {name: db, namespace: n}\nstringData: {a: b}\n");
  const CapturedErrors errors;
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  CHECK(errors.text() == "warning: " + options.input_file +
                             ", line 1: metadata.namespace is read as a truth value: put it in "
                             "quotes\n");
}

TEST_CASE("a key on one line with others is told if it is read otherwise") {
  const Desk desk;
  const auto options = desk.options(secret("stringData: {on: a, 010: b, 'off': c, e: f}\n"));
  const CapturedErrors errors;
  CHECK(outcome(sealer::seal_secrets(options)) == "");
  const auto told = errors.text();
  CHECK(told.find("key \"on\" is read as \"true\"") != std::string::npos);
  CHECK(told.find("key \"010\" is read as \"8\"") != std::string::npos);
  CHECK(told.find("off") == std::string::npos);
}

TEST_CASE("an item that no key could open is told before keys are blamed") {
  const std::string whole = ciphertext("v", "prod/db");
  const Desk desk;
  auto options = desk.options(
      "kind: SealedSecret\nmetadata: {name: db, namespace: prod}\nspec:\n  encryptedData:\n    "
      "cut: " +
      whole.substr(0, 40) + "\n    plain: hunter2\n    whole: " + whole + "\n");
  options.recovery_keys = {key_path("rsa2048-a.pkcs1.pem")};
  const auto opened = sealer::recovery_unseal(options);
  CHECK(has_hint(opened, "item \"cut\" is not a ciphertext: it is too short, or cut off"));
  CHECK(has_hint(opened, "item \"plain\" is not a ciphertext: it is not base64"));
  for (const auto& hint : opened.error().hints)
    CHECK_FALSE(hint.starts_with("the one key here does not open it"));  // it opens "whole"
}

TEST_CASE("documents that were joined without a line between them are told as such") {
  const Desk desk;
  const std::string joined = secret("stringData: {a: b}\n") + secret("stringData: {c: d}\n");
  const auto advice = [](const std::string& file, int line, const std::string& key) {
    return "warning: " + file + ", line " + std::to_string(line) +
           ": a second document seems to begin here (key \"" + key +
           "\" stands twice, and the last one counts): put a line with --- in front of it\n";
  };
  SUBCASE("Secrets to seal") {
    const auto options = desk.options(joined);
    const CapturedErrors errors;
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    CHECK(errors.text() == advice(options.input_file, 7, "apiVersion"));
  }
  SUBCASE("with a line between them nothing is said") {
    const auto options = desk.options(secret("stringData: {a: b}\n") + "---\n" +
                                      secret("stringData: {kind: d, apiVersion: e}\n"));
    const CapturedErrors errors;
    CHECK(outcome(sealer::seal_secrets(options)) == "");
    CHECK(errors.text().empty());
  }
  SUBCASE("SealedSecrets to open, to seal anew, or to merge into") {
    const auto sealed = [](const std::string& name) {
      return "kind: SealedSecret\nmetadata: {name: " + name + ", namespace: prod}\nspec:\n" +
             "  encryptedData: {a: " + ciphertext("v", "prod/" + name) + "}\n";
    };
    auto options = desk.options(sealed("one") + sealed("two"));
    options.recovery_keys = {key_path("rsa2048-a.pkcs1.pem")};
    const CapturedErrors errors;
    CHECK(outcome(sealer::recovery_unseal(options)) == "");
    CHECK(outcome(sealer::re_encrypt_sealed_secrets(options)) == "");
    options.merge_into = desk.put("target", sealed("one") + sealed("two"));
    options.input_file = desk.put("addition", "stringData: {b: c}\n");
    (void)sealer::merge_into_sealed_secret(options);
    CHECK(errors.text() == advice(desk.path("in"), 5, "kind") + advice(desk.path("in"), 5, "kind") +
                               advice(options.merge_into, 5, "kind"));
  }
}

TEST_CASE("what SOPS encrypted is sealed with a warning, or refused with the way out") {
  const Desk desk;
  const std::string of_sops =
      "sops:\n  mac: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n  version: 3.9.0\n";
  const std::string value = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]";
  const auto seal = [&](const std::string& input) {
    const auto options = desk.options(input);
    const CapturedErrors errors;
    const auto result = sealer::seal_secrets(options);
    auto told = outcome(result) + errors.text();
    if (!result) {
      for (const auto& hint : result.error().hints) told += " | " + hint;
    }
    return told;
  };
  const auto file = desk.path("in");
  const auto warning =
      "warning: " + file +
      ", line 1: it is encrypted by SOPS, and what is sealed are the encrypted values: "
      "sops -d FILE | kubeseal seals what is in it\n";
  CHECK(seal(secret("stringData: {a: '" + value + "'}\n") + of_sops) == warning);
  CHECK(seal(secret("stringData: {a: plain}\n") + of_sops) == warning);
  CHECK(seal(secret("stringData: {a: '" + value + "'}\n")) == warning);
  CHECK(seal(secret("data: {a: '" + value + "'}\n") + of_sops)
            .ends_with(" | it is encrypted by SOPS: sops -d FILE | kubeseal seals what is in it"));
  CHECK(seal(secret("stringData: {a: b}\n") + "sops: {}\n") ==
        "warning: " + file + ", line 7: unknown field \"sops\" is left out\n");
}

}  // namespace bulla::test
