// SPDX-License-Identifier: Apache-2.0
//
// What kubeseal does with what a cluster answers.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <vector>

#include "base/file_lock.hpp"
#include "unit/kube/tiny_server.hpp"
#include "unit/sealer/desk.hpp"
#include "unit/sealer/terminal_errors.hpp"

namespace bulla::test {

namespace {

const std::string service = R"({"spec":{"ports":[{"name":"http"}]}})";

/// An API server whose controller's endpoints answer as the test says, by number.
struct Cluster {
  using Answer = std::function<std::string(std::size_t number)>;
  explicit Cluster(Answer to_post)
      : server([this, to_post = std::move(to_post)](const Seen& seen, std::size_t) {
          if (seen.head.starts_with("GET ")) return http_answer(200, service);
          return to_post(posts++);
        }) {}

  std::size_t posts = 0;
  TinyServer server;

  [[nodiscard]] sealer::Options options(const Desk& desk, std::string_view input) const {
    auto options = desk.options(input);
    options.certificate.clear();
    options.cluster.server = server.url();
    return options;
  }
};

std::string sealed_document(const std::string& name) {
  return "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: " + name +
         ", namespace: prod}\nspec:\n  encryptedData:\n    a: " + ciphertext("v", "prod/" + name) +
         "\n";
}

/// "MESSAGE | HINT | HINT"
std::string told(const Result<void>& result) {
  if (result) return "";
  std::string text = result.error().message;
  for (const auto& hint : result.error().hints) text += " | " + hint;
  return text;
}

}  // namespace

TEST_CASE("a file of many documents is validated however often the controller asks to wait") {
  Cluster cluster([](std::size_t number) {
    if (number % 3 == 0) return http_answer(429, "limit exceeded\n", "Retry-After: 0\r\n");
    return http_answer(200, "");
  });
  const Desk desk;
  std::string input;
  for (int i = 0; i < 12; ++i) input += sealed_document("s" + std::to_string(i));
  CHECK(told(sealer::validate_sealed_secrets(cluster.options(desk, input))) == "");
  CHECK(cluster.posts == 18);
}

TEST_CASE("among several documents, --validate asks about SealedSecrets alone") {
  Cluster cluster([](std::size_t) { return http_answer(200, ""); });
  const Desk desk;
  const auto options =
      cluster.options(desk, "kind: ConfigMap\ndata: {a: b}\n" + sealed_document("a") +
                                "---\nkind: Secret\nstringData: {p: hunter2}\n");
  const CapturedErrors errors;
  CHECK(told(sealer::validate_sealed_secrets(options)) == "");
  CHECK(errors.text() ==
        "warning: " + options.input_file +
            ", line 1 is a ConfigMap, not a SealedSecret: nothing in it was validated\nwarning: " +
            options.input_file +
            ", line 10 is a Secret, not a SealedSecret: nothing in it was validated\n");
  CHECK(cluster.posts == 1);
  for (const auto& seen : cluster.server.seen())
    CHECK(seen.body.find("hunter2") == std::string::npos);
}

TEST_CASE("a plaintext Secret that the controller refuses is told for what it is") {
  const std::string refusal = "the request body is not a SealedSecret\n";
  const std::string why =
      "the server rejected our request for an unknown reason (post services "
      "http:sealed-secrets-controller:http) | the answer says: \"the request body is not a "
      "SealedSecret\"";
  const std::string what =
      " | that is a Secret, not a SealedSecret | it is plaintext: kubeseal -f FILE -w SEALED seals "
      "it";
  Cluster cluster([&](std::size_t) { return http_answer(400, refusal); });
  const Desk desk;
  const auto options = cluster.options(desk, "kind: Secret\nmetadata: {name: a, namespace: b}\n");
  CHECK(told(sealer::re_encrypt_sealed_secrets(options)) == "cannot re-encrypt secret: " + why +
                                                                what + " | it is in " +
                                                                options.input_file + ", line 1");
  const CapturedErrors errors;
  CHECK(told(sealer::validate_sealed_secrets(options)) == "cannot validate sealed secret: " + why +
                                                              " | it is in " + options.input_file +
                                                              ", line 1" + what);
}

TEST_CASE("where the controller is not found, flags are named; other failures have other cures") {
  const std::string please =
      ".\nPlease, use the flag --controller-name and --controller-namespace to set up the name and "
      "namespace of the sealed secrets controller";
  const std::string offline = " | --cert FILE seals without a cluster";
  struct Case {
    std::string answer;
    std::string told;
  };
  const Case cases[] = {
      {http_answer(404, R"({"kind":"Status","reason":"NotFound","message":"no such thing"})"),
       "no such thing" + please + offline},
      {http_answer(403, R"({"kind":"Status","reason":"Forbidden","message":"forbidden"})"),
       "forbidden" + offline},
      {http_answer(200, "<!DOCTYPE html><title>Sign in</title>"),
       "the answer is not JSON: malformed JSON: syntax error | a web page came instead: of a "
       "log-in, or of a proxy in between" +
           offline},
      {http_answer(200, "hello"),
       "the answer is not JSON: malformed JSON: syntax error | is the address in the kubeconfig "
       "that of an API server?" +
           offline},
  };
  for (const auto& c : cases) {
    CAPTURE(c.answer);
    TinyServer server([&](const Seen&, std::size_t) { return c.answer; });
    const Desk desk;
    auto options = desk.options("stringData: {a: b}\n");
    options.certificate.clear();
    options.cluster.server = server.url();
    CHECK(told(sealer::seal_secrets(options)) == "cannot get sealed secret service: " + c.told);
  }
}

TEST_CASE("a terminal sees how far long work has come, and what was done") {
  Cluster cluster([](std::size_t) { return http_answer(200, ""); });
  const Desk desk;
  const auto three =
      cluster.options(desk, sealed_document("a") + sealed_document("b") + sealed_document("c"));
  {
    TerminalErrors terminal;
    CHECK(told(sealer::validate_sealed_secrets(three)) == "");
    const auto text = terminal.text();
    CHECK(text.starts_with("\r\033[Kvalidating 1 of 3"));
    CHECK(text.ends_with("\r\033[K3 can be opened\r\n"));
  }
  const CapturedErrors errors;  // no terminal
  CHECK(told(sealer::validate_sealed_secrets(three)) == "");
  CHECK(errors.text().empty());
}

TEST_CASE("a terminal sees which items were replaced and which are new") {
  const Desk desk;
  auto options = desk.options("stringData: {a: new, passwrod: x}\n");
  options.merge_into = desk.put("sealed.yaml", sealed_document("db"));
  TerminalErrors terminal;
  CHECK(told(sealer::merge_into_sealed_secret(options)) == "");
  CHECK(terminal.text() == options.merge_into + ": prod/db: replaced a; added passwrod\r\n");
}

TEST_CASE("a terminal sees the fingerprint of the key whose certificate is fetched") {
  const Desk desk;
  auto options = desk.options("");
  options.fetch_certificate = true;
  {
    TerminalErrors terminal;
    CHECK(told(sealer::run(options)) == "");
    CHECK(terminal.text() ==  // ssh-keygen -lf
          "(the key's fingerprint: SHA256:tlZF+Asz0MzECugKK7HEWjdChnp5KiZm7rVJfUCOy6s)\r\n");
  }
  const CapturedErrors errors;  // no terminal
  CHECK(told(sealer::run(options)) == "");
  CHECK(errors.text().empty());
}

TEST_CASE("an input of another namespace is merged with a warning") {
  const Desk desk;
  auto options = desk.options("metadata: {name: any, namespace: elsewhere}\nstringData: {a: b}\n");
  options.merge_into = desk.put("sealed.yaml", sealed_document("db"));
  const CapturedErrors errors;
  CHECK(told(sealer::merge_into_sealed_secret(options)) == "");
  CHECK(errors.text() ==
        "warning: the input is of namespace elsewhere, and is sealed for prod/db, as " +
            options.merge_into + " is\n");
}

TEST_CASE("an answer that lost something changes no file") {
  const std::string object = R"({"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1",)"
                             R"("metadata":{"name":"a","namespace":"prod"},"spec":)";
  const std::string v1 = object + R"({"data":"AAAA"}})";
  struct Row {
    std::string sent;
    const char* answered;
    const char* lacks;
  };
  const Row rows[] = {
      {sealed_document("a"), R"({"encryptedData":{}}})", "item \"a\""},
      {sealed_document("a"), R"({"encryptedData":{"a":""}}})", "item \"a\""},
      {sealed_document("a"), R"({"encryptedData":{"a":null}}})", "item \"a\""},
      {v1, R"({"encryptedData":{}}})", "what was in spec.data"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answered);
    Cluster cluster([&](std::size_t) { return http_answer(200, object + row.answered); });
    const Desk desk;
    auto options = cluster.options(desk, row.sent);
    options.output_file.clear();
    CHECK(told(sealer::re_encrypt_sealed_secrets(options))
              .starts_with(std::string("the controller's answer lacks ") + row.lacks +
                           " | nothing was changed"));
    CHECK(desk.text("in") == row.sent);
  }
}

TEST_CASE("an answer changes the items of a file and nothing else") {
  const std::string object = R"({"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1",)"
                             R"("metadata":{"name":"a","namespace":"prod"},"spec":)";
  const std::string answer =
      R"({"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1","metadata":{"name":"evil",)"
      R"("namespace":"other","annotations":{"sealedsecrets.bitnami.com/cluster-wide":"true"}},)"
      R"("spec":{"encryptedData":{"a":"QUJD","b":"QUJD"},"template":{"data":{"x":"y"}}}})";
  Cluster cluster([&](std::size_t) { return http_answer(200, answer); });
  const Desk desk;
  auto options = cluster.options(desk, object + R"({"encryptedData":{"a":"REVG"}}})");
  options.output_file.clear();
  CHECK(told(sealer::re_encrypt_sealed_secrets(options)) == "");
  const auto after = read_documents(desk.text("in")).value().front().value;
  const auto sealed = SealedSecret::from_json(after).value();
  CHECK(sealed.name() == "a");
  CHECK(sealed.namespace_() == "prod");
  CHECK(sealed.encrypted_data == std::map<std::string, std::string>{{"a", "QUJD"}});
  CHECK(sealed.secret_template.data.empty());
  CHECK(desk.text("in").find("cluster-wide") == std::string::npos);
}

TEST_CASE("a file that an editor saved while the controller worked on it stays as it was saved") {
  const Desk desk;
  const std::string answer = R"({"kind":"SealedSecret","metadata":{"name":"a","namespace":"prod"},)"
                             R"("spec":{"encryptedData":{"a":"QUJD"}}})";
  const auto saved = sealed_document("a") + "# by hand\n";
  Cluster cluster([&](std::size_t) {
    desk.put("in", saved);
    return http_answer(200, answer);
  });
  auto options = cluster.options(desk, sealed_document("a"));
  SUBCASE("in place") { options.output_file.clear(); }
  SUBCASE("by -w and another name of the file") {
    std::filesystem::create_symlink(options.input_file, options.output_file);
  }
  CHECK(told(sealer::re_encrypt_sealed_secrets(options))
            .ends_with(" was changed by another program meanwhile | nothing was written: run "
                       "kubeseal again"));
  CHECK(desk.text("in") == saved);
}

TEST_CASE("another kubeseal waits for the file that the controller works on") {
  const Desk desk;
  const std::string answer = R"({"kind":"SealedSecret","metadata":{"name":"a","namespace":"prod"},)"
                             R"("spec":{"encryptedData":{"a":"QUJD"}}})";
  bool was_free = true;
  Cluster cluster([&](std::size_t) {
    was_free = FileLock::take(desk.path("in"), {.time_max = std::chrono::seconds(0)}).has_value();
    return http_answer(200, answer);
  });
  auto options = cluster.options(desk, sealed_document("a"));
  options.output_file.clear();
  CHECK(told(sealer::re_encrypt_sealed_secrets(options)) == "");
  CHECK_FALSE(was_free);
}

TEST_CASE("what the controller does not open is told with its place and what may be wrong") {
  Cluster cluster([](std::size_t) { return http_answer(409, ""); });
  const Desk desk;
  auto options = cluster.options(desk, sealed_document("a"));
  options.output_file.clear();
  const std::string why =
      " | it is in " + options.input_file +
      ", line 1 | the controller has no key for it, or its name, namespace or scope was changed";
  CHECK(told(sealer::validate_sealed_secrets(options)) ==
        "unable to decrypt sealed secret: a" + why);
  const auto rotated = told(sealer::re_encrypt_sealed_secrets(options));
  CHECK(rotated.starts_with("unable to rotate secret | "));
  for (const auto* part : {"it is in ", "the controller has no key for it"})
    CHECK(rotated.find(part) != std::string::npos);
}

TEST_CASE("what a server sends instead of a certificate is not printed as one") {
  struct Row {
    const char* sent;
    const char* holds;
  };
  const Row rows[] = {{"<html>Sign in</html>", "holds a web page"}, {"", "is empty"}};
  for (const auto& row : rows) {
    CAPTURE(row.sent);
    TinyServer server([&](const Seen& seen, std::size_t) {
      return http_answer(200, seen.head.find("/proxy/") == std::string::npos &&
                                      seen.head.find("/services/") != std::string::npos
                                  ? service
                                  : std::string(row.sent));
    });
    const Desk desk;
    auto options = desk.options("");
    options.fetch_certificate = true;
    options.certificate = server.url() + "/cert.pem";
    CHECK(told(sealer::run(options)).find(row.holds) != std::string::npos);
    options.certificate.clear();
    options.cluster.server = server.url();
    CHECK(told(sealer::run(options)).find(std::string("the controller's answer ") + row.holds) !=
          std::string::npos);
  }
}

TEST_CASE("of what a server sends, the certificates alone are printed") {
  const auto text_of = [](const std::string& name) {
    return std::string(read_file(key_path(name), limits::mib).value().expose_secret_text());
  };
  const auto certificate = text_of("rsa2048-a.crt");
  const auto chain = certificate + text_of("rsa2048-b.crt");
  TinyServer server([&](const Seen& seen, std::size_t) {
    if (seen.head.find("/proxy/") == std::string::npos &&
        seen.head.find("/services/") != std::string::npos)
      return http_answer(200, service);
    return http_answer(
        200, "\x1b[2J\x9b\n" + certificate + "\x1b]0;owned\x07 -----BEGIN NONSENSE-----" +
                 "\nAAAA\n-----END NONSENSE-----\n" + text_of("rsa2048-b.crt") + "\xc2\x9b");
  });
  const Desk desk;
  auto options = desk.options("");
  options.fetch_certificate = true;
  SUBCASE("by the controller") {
    options.certificate.clear();
    options.cluster.server = server.url();
  }
  SUBCASE("by any") { options.certificate = server.url() + "/cert.pem"; }
  SUBCASE("in a file that holds what steers a terminal") {
    options.certificate = desk.put("cert", "\x1b[2J\n" + chain);
  }
  CHECK(told(sealer::run(options)) == "");
  CHECK(desk.text("out") == chain);
}

TEST_CASE("a file that is no certificate is copied only if it can't steer a terminal") {
  const Desk desk;
  auto options = desk.options("");
  options.fetch_certificate = true;
  options.certificate = desk.put("cert", "any text\r\n\twith lines");
  CHECK(told(sealer::run(options)) == "");
  CHECK(desk.text("out") == "any text\r\n\twith lines");
  for (const auto* text : {"any\x1b[2J text", "any \xc2\x9b text", "\x7f", "\xff"}) {
    options.certificate = desk.put("cert", text);
    CHECK(told(sealer::run(options)).starts_with("data does not contain any valid RSA"));
  }
}

}  // namespace bulla::test
