// SPDX-License-Identifier: Apache-2.0
#include "base/flags.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

namespace bulla::test {

namespace {

struct Values {
  std::string cert, format = "json";
  bool raw = false, version = false;
  int v = 0;
  std::vector<std::string> files, keys;
};

FlagSet flags_for(Values& values) {
  return FlagSet(
      "BULLA_FLAGS_TEST_",
      {{"Flags",
        {{.name = "cert",
          .value = "FILE",
          .help = "certificate",
          .set = FlagSet::text(values.cert)},
         {.name = "format",
          .shorthand = 'o',
          .value = "FORMAT",
          .set = FlagSet::text(values.format)},
         {.name = "raw", .set = FlagSet::toggle(values.raw)},
         {.name = "version", .set = FlagSet::toggle(values.version)},
         {.name = "rotate", .set = FlagSet::toggle(values.raw), .deprecated = "use --re-encrypt"},
         {.name = "v", .shorthand = 'v', .value = "N", .set = FlagSet::number(values.v)},
         {.name = "from-file", .value = "PATH", .set = FlagSet::texts(values.files)},
         {.name = "key", .value = "PATHS", .set = FlagSet::csv(values.keys)}}}});
}

using Arguments = std::vector<const char*>;

std::string error_of(const Arguments& arguments) {
  Values values;
  const auto parsed = flags_for(values).parse(arguments);
  return parsed ? "" : parsed.error().message;
}

Values values_of(const Arguments& arguments, std::vector<std::string> words = {}) {
  Values values;
  const auto parsed = flags_for(values).parse(arguments);
  CHECK(parsed.has_value());
  if (parsed) CHECK(parsed->words == words);
  return values;
}

}  // namespace

TEST_CASE("flags are read as pflag reads them") {
  CHECK(values_of({"--cert=a"}).cert == "a");
  CHECK(values_of({"--cert", "a"}).cert == "a");
  CHECK(values_of({"--cert="}).cert.empty());
  CHECK(values_of({"--cert=a=b"}).cert == "a=b");
  CHECK(values_of({"--cert", "a", "--cert", "b"}).cert == "b");
  CHECK(values_of({"--cert", "--raw"}).cert == "--raw");
  CHECK(values_of({"-o", "yaml"}).format == "yaml");
  CHECK(values_of({"-oyaml"}).format == "yaml");
  CHECK(values_of({"-o=yaml"}).format == "yaml");
  CHECK(values_of({"--raw"}).raw);
  CHECK(!values_of({"--raw=false"}).raw);
  CHECK(values_of({"--raw=T"}).raw);
  CHECK(values_of({"--raw", "false"}, {"false"}).raw);
  CHECK(values_of({"a", "--raw", "b"}, {"a", "b"}).raw);
  CHECK(!values_of({"--", "--raw"}, {"--raw"}).raw);
  CHECK(values_of({"-"}, {"-"}).cert.empty());
  CHECK(values_of({"--v=0x10"}).v == 16);
  CHECK(values_of({"-v", "-3"}).v == -3);
  CHECK(values_of({"--from-file=a,b", "--from-file", "c"}).files ==
        std::vector<std::string>{"a,b", "c"});
  CHECK(values_of({"--key=a,\"b,\"\"c\"", "--key", "d"}).keys ==
        std::vector<std::string>{"a", "b,\"c", "d"});
}

TEST_CASE("what is wrong with a flag is said in pflag's words") {
  struct Case {
    Arguments arguments;
    const char* message;
  };
  const Case cases[] = {
      {{"--vers"}, "unknown flag: --vers"},
      {{"--vers=1"}, "unknown flag: --vers"},
      {{"--nope"}, "unknown flag: --nope"},
      {{"--nope=a", "--raw"}, "unknown flag: --nope"},
      {{"--from_file", "a"}, "unknown flag: --from_file"},
      {{"-z"}, "unknown shorthand flag: 'z' in -z"},
      {{"-raw"}, "unknown shorthand flag: 'r' in -raw"},
      {{"x", "-z", "y"}, "unknown shorthand flag: 'z' in -z"},
      {{"--cert"}, "flag needs an argument: --cert"},
      {{"-o"}, "flag needs an argument: 'o' in -o"},
      {{"--=x"}, "bad flag syntax: --=x"},
      {{"---cert"}, "bad flag syntax: ---cert"},
      {{"--raw=maybe"},
       "invalid argument \"maybe\" for \"--raw\" flag: strconv.ParseBool: parsing \"maybe\": "
       "invalid syntax"},
      {{"--v=x"},
       "invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid "
       "syntax"},
      {{"-v", "x"},
       "invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid "
       "syntax"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.message);
    CHECK(error_of(c.arguments) == c.message);
  }
}

TEST_CASE("the environment sets flags too, and the command line wins") {
  ::setenv("BULLA_FLAGS_TEST_FROM_FILE", "a", 1);
  ::setenv("BULLA_FLAGS_TEST_CERT", "env", 1);
  ::setenv("BULLA_FLAGS_TEST_V", "x", 1);  // can't be read: passed over
  CHECK(values_of({}).cert == "env");
  CHECK(values_of({}).files == std::vector<std::string>{"a"});
  CHECK(values_of({"--cert", "line"}).cert == "line");
  CHECK(values_of({}).v == 0);
  for (const auto* name : {"FROM_FILE", "CERT", "V"})
    ::unsetenv(("BULLA_FLAGS_TEST_" + std::string(name)).c_str());
}

TEST_CASE("a deprecated flag works, and says so") {
  Values values;
  const Arguments arguments{"--rotate"};
  const auto parsed = flags_for(values).parse(arguments).value();
  CHECK(values.raw);
  CHECK(parsed.deprecations ==
        std::vector<std::string>{"Flag --rotate has been deprecated, use --re-encrypt"});
  CHECK(parsed.given == std::vector<std::string_view>{"rotate"});
}

TEST_CASE("help lists the flags") {
  Values values;
  const auto help = flags_for(values).help();
  CHECK(help.find("      --cert FILE") != std::string::npos);
  CHECK(help.find("  -o, --format FORMAT") != std::string::npos);
}

TEST_CASE("help names the flags of a names-only group in one paragraph") {
  const FlagSet flags("X_", {{"Ignored",
                              {{.name = "alpha", .set = FlagSet::ignored()},
                               {.name = "beta_gamma", .value = "N", .set = FlagSet::ignored()}},
                              true}});
  CHECK(flags.help() == "Ignored:\n  --alpha, --beta_gamma\n");
}

TEST_CASE("what was typed, and what the environment could not say, are told apart") {
  ::setenv("BULLA_FLAGS_TEST_CERT", "env", 1);
  ::setenv("BULLA_FLAGS_TEST_V", "x", 1);
  Values values;
  const Arguments arguments{"--raw", "--from-file=a", "--from-file=b"};
  const auto parsed = flags_for(values).parse(arguments).value();
  ::unsetenv("BULLA_FLAGS_TEST_CERT");
  ::unsetenv("BULLA_FLAGS_TEST_V");
  CHECK(parsed.typed == std::vector<std::string_view>{"raw", "from-file", "from-file"});
  REQUIRE(parsed.unread_environment.size() == 1);
  CHECK(parsed.unread_environment[0].message ==
        "BULLA_FLAGS_TEST_V=\"x\" in the environment: strconv.ParseInt: parsing \"x\": invalid "
        "syntax");
}

}  // namespace bulla::test
