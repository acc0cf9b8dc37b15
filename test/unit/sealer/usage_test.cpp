// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "sealer/terminal.hpp"
#include "unit/sealer/desk.hpp"

namespace bulla::test {

namespace {

using Arguments = std::vector<const char*>;

/// "MESSAGE | HINT | HINT", or "" for a command line that is taken.
std::string refusal(const Arguments& arguments) {
  const auto options = sealer::parse_options(arguments);
  if (options) return "";
  std::string text = options.error().message;
  for (const auto& hint : options.error().hints) text += " | " + hint;
  return text;
}

std::vector<std::string> warnings(const Arguments& arguments) {
  const auto options = sealer::parse_options(arguments);
  REQUIRE(options.has_value());
  return options->warnings;
}

/// A variable of the environment while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("a word that is no flag is refused, with the way to say it") {
  const std::string again = "one file a run: for f in FILE...; do kubeseal ... -f \"$f\"; done";
  CHECK(refusal({"db.yaml"}) == "unexpected argument \"db.yaml\" | -f db.yaml");
  CHECK(refusal({"--cert", "c.pem", "db.yaml"}) == "unexpected argument \"db.yaml\" | -f db.yaml");
  CHECK(refusal({"--validate", "a.yaml", "b.yaml"}) == "unexpected argument \"a.yaml\" | " + again);
  CHECK(refusal({"--re-encrypt", "-f", "a.yaml", "b.yaml"}) ==
        "unexpected argument \"b.yaml\" | " + again);
  CHECK(refusal({"--raw", "v.txt"}) == "unexpected argument \"v.txt\" | --from-file v.txt");
  CHECK(refusal({"seal", "-f", "db.yaml"}) ==
        "unexpected argument \"seal\" | sealing needs no word: kubeseal -f FILE");
  CHECK(refusal({"help"}) == "unexpected argument \"help\" | --help");
  CHECK(refusal({"version"}) == "unexpected argument \"version\" | --version");
  CHECK(refusal({"--raw", "false"}) ==
        "unexpected argument \"false\" | a switch takes its value after '=': --FLAG=false");
  CHECK(refusal({"--", "-x"}) == "unexpected argument \"-x\" | -f -x");
  CHECK(refusal({"--version", "extra", "more"}).empty());  // as in a recorded run
}

TEST_CASE("modes that exclude each other are refused") {
  const std::vector<std::vector<const char*>> modes{{"--raw"},        {"--merge-into", "f"},
                                                    {"--fetch-cert"}, {"--validate"},
                                                    {"--re-encrypt"}, {"--recovery-unseal"}};
  for (std::size_t a = 0; a < modes.size(); ++a) {
    CHECK(refusal(modes[a]).empty());
    for (std::size_t b = a + 1; b < modes.size(); ++b) {
      auto arguments = modes[b];
      arguments.insert(arguments.end(), modes[a].begin(), modes[a].end());
      CAPTURE(arguments.front());
      CHECK(refusal(arguments).starts_with(std::string(modes[a][0]) + " and " + modes[b][0] +
                                           " exclude each other"));
    }
  }
  CHECK(refusal({"--raw", "--merge-into", "f"}) ==
        "--raw and --merge-into exclude each other | to add one value: echo 'stringData: {KEY: "
        "VALUE}' | kubeseal --merge-into FILE");
  CHECK(refusal({"--rotate", "--validate"}).starts_with("--validate and --re-encrypt exclude"));
  const Variable fetch("SEALED_SECRETS_FETCH_CERT", "true");
  CHECK(refusal({"--validate"}) ==
        "--fetch-cert and --validate exclude each other | --fetch-cert is set in the environment "
        "| run kubeseal once for each");
}

TEST_CASE("a file flag is given once") {
  CHECK(refusal({"--re-encrypt", "-f", "a", "-f", "b"}) ==
        "--secret-file is given more than once | one file a run; documents of one file are "
        "separated by ---");
  CHECK(refusal({"-w", "a", "--sealed-secret-file=b"}) ==
        "--sealed-secret-file is given more than once | leave out all but one");
  CHECK(refusal({"--cert", "a", "--cert", "b"}).empty());  // an alias has the first
}

TEST_CASE("--merge-into writes its own file, and no other") {
  CHECK(refusal({"--merge-into", "f", "-w", "o.yaml"}) ==
        "--merge-into and --sealed-secret-file exclude each other | --merge-into changes its file "
        "in place: cp it to \"o.yaml\" first, and merge into the copy");
  CHECK(refusal({"--merge-into", "-"}) ==
        "--merge-into changes a file, and - is none | --merge-into FILE; the Secret to add comes "
        "from standard input, or from -f");
}

TEST_CASE("- is standard input, for one reader") {
  const Arguments arguments{"--re-encrypt", "-f", "-", "-w", "-"};
  const auto options = sealer::parse_options(arguments);
  REQUIRE(options.has_value());
  CHECK(options->input_file.empty());
  CHECK(options->output_file == "-");
  CHECK(refusal({"--cert", "-"}) ==
        "the input and --cert - would both be read from standard input | read one of them from a "
        "file");
  CHECK(refusal({"--cert", "-", "-f", "db.yaml"}).empty());
  CHECK(refusal({"--cert", "-", "--raw", "--from-file", "v"}).empty());
  CHECK(refusal({"--recovery-unseal", "--recovery-private-key", "-"}) ==
        "the input and --recovery-private-key - would both be read from standard input | read one "
        "of them from a file");
}

TEST_CASE("a flag that changes nothing is told, once it was typed") {
  using Texts = std::vector<std::string>;
  CHECK(warnings({"--raw", "-f", "db.yaml"}) ==
        Texts{"--secret-file has no effect with --raw: --from-file FILE reads the value from a "
              "file"});
  CHECK(warnings({"--recovery-private-key", "k"}) ==
        Texts{"--recovery-private-key has no effect: it is for --recovery-unseal, "
              "--re-encrypt and --validate"});
  CHECK(warnings({"--validate", "--recovery-private-key", "k", "-n", "team"}).empty());
  CHECK(warnings({"--fetch-cert", "-n", "infra"}) ==
        Texts{"--namespace has no effect with --fetch-cert: --controller-namespace says where the "
              "controller is"});
  CHECK(warnings({"--validate", "-w", "x", "--scope", "cluster-wide", "--name", "n"}).size() == 3);
  CHECK(warnings({"--re-encrypt", "--cert", "c.pem"}).size() == 1);
  CHECK(warnings({"--re-encrypt", "--cert", "c.pem", "--recovery-private-key", "k"}).empty());
  CHECK(warnings({"-w", "o.yml", "-o", "json"}) ==
        Texts{"-o json has no effect: o.yml is written as YAML, as its name says"});
  CHECK(warnings({"-w", "o.yml", "-o", "yaml"}).empty());
  const Variable certificate("SEALED_SECRETS_CERT", "cert.pem");
  CHECK(warnings({"--validate"}).empty());  // the environment is for all runs
}

TEST_CASE("a variable that says what its flag can't is refused when the command runs") {
  const Variable scope("SEALED_SECRETS_SCOPE", "galaxy");
  auto options = sealer::parse_options({});
  REQUIRE(options.has_value());
  CHECK(outcome(sealer::run(*options)) ==
        "SEALED_SECRETS_SCOPE=\"galaxy\" in the environment: must be one of: strict, "
        "namespace-wide, cluster-wide");
}

TEST_CASE("a typing error in a flag gets a guess") {
  CHECK(refusal({"--sope", "strict"}) == "unknown flag: --sope | did you mean --scope?");
  CHECK(refusal({"--certificate", "x"}) == "unknown flag: --certificate | --cert FILE");
  CHECK(refusal({"--fetch_cert"}) == "unknown flag: --fetch_cert | did you mean --fetch-cert?");
  CHECK(refusal({"--vers"}) == "unknown flag: --vers | did you mean --version?");
  CHECK(refusal({"-cert", "x"}) ==
        "unknown shorthand flag: 'c' in -cert | did you mean --cert or --certificate-authority?");
  CHECK(refusal({"-file", "x"}) == "\"-file\" means -f \"ile\" | did you mean --secret-file?");
  CHECK(refusal({"-name=x"}) == "\"-name=x\" means -n \"ame=x\" | did you mean --name?");
  CHECK(refusal({"-format", "x"}) == "\"-format\" means -f \"ormat\" | did you mean --format?");
  CHECK(refusal({"-V"}) == "unknown shorthand flag: 'V' in -V | --version");
  CHECK(refusal({"--from-literal", "a=b"}) ==
        "unknown flag: --from-literal | echo 'stringData: {KEY: VALUE}' | kubeseal --name NAME");
  CHECK(refusal({"--nothing-like-it"}) == "unknown flag: --nothing-like-it");
  CHECK(refusal({"-fdb.yaml", "-oyaml", "-nprod"}).empty());
}

TEST_CASE("an empty value for --raw is told, unless it is meant") {
  const Desk desk;
  auto options = desk.options("");
  options.input_file.clear();
  options.raw = true;
  options.scope = Scope::cluster_wide;
  options.from_files = {"k=" + desk.put("empty", "")};
  {
    const CapturedErrors errors;
    CHECK(outcome(sealer::run(options)) == "");
    CHECK(errors.text() == "warning: the value is empty (--allow-empty-data: that is meant)\n");
  }
  options.allow_empty_data = true;
  const CapturedErrors errors;
  CHECK(outcome(sealer::run(options)) == "");
  CHECK(errors.text() == "");
}

TEST_CASE("an empty file is nothing to validate or to re-encrypt") {
  const Desk desk;
  auto options = desk.options("# nothing\n");
  options.validate = true;
  CHECK(outcome(sealer::run(options)) == options.input_file + " is empty: nothing was validated");
  options.validate = false;
  options.re_encrypt = true;
  CHECK(outcome(sealer::run(options)) == options.input_file + " holds no SealedSecret");
}

TEST_CASE("who types kubectl's words is told what kubeseal does instead") {
  const auto told = [](const char* verb, const char* advice) {
    return "unexpected argument \"" + std::string(verb) + "\" | " + advice;
  };
  const char* const pipe =
      "kubeseal seals and prints, kubectl does the rest: kubeseal -f FILE | kubectl apply -f -";
  CHECK(refusal({"apply", "-f", "db.yaml"}) == told("apply", pipe));
  CHECK(refusal({"apply", "-f", "db.yaml", "--server-side"}) == told("apply", pipe));
  CHECK(refusal({"delete", "secret", "db"}) == told("delete", pipe));
  CHECK(refusal({"-n", "prod", "apply", "-f", "db.yaml"}) == told("apply", pipe));
  CHECK(refusal({"create", "secret", "generic", "db", "--from-literal=a=b"}) ==
        told("create",
             "kubeseal seals what kubectl makes: kubectl create secret generic NAME ... "
             "--dry-run=client -o yaml | kubeseal"));
  CHECK(
      refusal({"get", "secret", "db", "-o", "yaml"}) ==
      told("get", "kubeseal seals what kubectl reads: kubectl get secret NAME -o yaml | kubeseal"));
  CHECK(refusal({"edit", "-f", "db.yaml"}) ==
        told("edit",
             "kubeseal adds items to a sealed file, or replaces them: kubeseal --merge-into FILE"));
}

TEST_CASE("a log that standard output goes to is not taken for a product that stays empty") {
  const Desk desk;
  auto options = desk.options("kind: SealedSecret\nmetadata: {name: db, namespace: prod}\nspec:\n" +
                              ("  encryptedData: {a: " + ciphertext("v", "prod/db")) + "}\n");
  options.re_encrypt = true;
  options.recovery_keys = {key_path("rsa2048-a.pkcs1.pem")};
  options.output_file.clear();
  const int old = ::dup(STDOUT_FILENO);
  const auto said = [&](int log) {
    std::fflush(stdout);
    ::dup2(log, STDOUT_FILENO);
    const CapturedErrors errors;
    const auto done = outcome(sealer::run(options));
    ::dup2(old, STDOUT_FILENO);
    return done + errors.text();
  };
  SUBCASE("added to") {
    const Descriptor log(::open(desk.path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    CHECK(said(log.get()).empty());
  }
  SUBCASE("that others have written to") {
    desk.put("log", "first\n");
    const Descriptor log(::open(desk.path("log").c_str(), O_WRONLY));
    CHECK(said(log.get()).empty());
  }
  SUBCASE("that gets the errors, too") {
    const Descriptor log(::open(desk.path("log").c_str(), O_WRONLY | O_CREAT, 0600));
    const int old_errors = ::dup(STDERR_FILENO);
    ::dup2(log.get(), STDOUT_FILENO);
    ::dup2(log.get(), STDERR_FILENO);
    const auto done = outcome(sealer::run(options));
    std::fflush(nullptr);
    ::dup2(old, STDOUT_FILENO);
    ::dup2(old_errors, STDERR_FILENO);
    ::close(old_errors);
    CHECK(done.empty());
    CHECK(desk.text("log").empty());
  }
  ::close(old);
}

TEST_CASE("--re-encrypt -f a > b tells that a was rewritten, and -w - prints") {
  const Desk desk;
  auto options = desk.options("kind: SealedSecret\nmetadata: {name: db, namespace: prod}\nspec:\n" +
                              ("  encryptedData: {a: " + ciphertext("v", "prod/db")) + "}\n");
  options.re_encrypt = true;
  options.recovery_keys = {key_path("rsa2048-a.pkcs1.pem")};
  options.output_file.clear();
  const auto redirected = [&] {
    std::fflush(stdout);
    const int old = ::dup(STDOUT_FILENO);
    std::FILE* file = std::freopen(desk.path("b").c_str(), "w", stdout);
    REQUIRE(file != nullptr);
    const CapturedErrors errors;
    const auto done = outcome(sealer::run(options));
    ::dup2(old, STDOUT_FILENO);
    ::close(old);
    return done + errors.text();
  };
  CHECK(redirected() == "warning: " + options.input_file +
                            " was rewritten in place, and nothing goes to standard output (-w - "
                            "prints)\n");
  CHECK(desk.text("b").empty());
  const auto before = desk.text("in");
  options.output_file = "-";
  CHECK(redirected().empty());
  CHECK(desk.text("in") == before);
  CHECK(opened(desk.text("b")) == "db/a=v ");
}

TEST_CASE("what kubeseal says can't steer a terminal or pass for another line") {
  const CapturedErrors errors;
  sealer::print_error(
      Error{Errc::invalid_input, "open a\x1b[2J\nerror: b\r\nand c\nhint: d"}.hint("\xE2\x80\xAE"
                                                                                   "e\nerror: f"));
  sealer::warn("g\x07\nerror: h");
  CHECK(errors.text() ==
        "error: open a\\x1b[2J\n  error: b\\r\nand c\n  hint: d\n"
        "hint: \\u202ee\\nerror: f\n"
        "warning: g\\x07\\nerror: h\n");
}

}  // namespace bulla::test
