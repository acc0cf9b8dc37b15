// SPDX-License-Identifier: Apache-2.0
#include "template/go/semver.hpp"

#include <doctest/doctest.h>

#include "unit/template/go/texts.hpp"

// Expected values: the documentation and tests of Masterminds/semver, semver.org, runs of sprig.
namespace bulla::test {
namespace {

using namespace tmpl;

go::Version version(std::string_view text) {
  auto parsed = go::parse_version(text, go::Quoting::allowed);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

}  // namespace

TEST_CASE("versions may be partial, and may begin with v") {
  for (const auto& c : {Mapped{"v1.2.3", "1.2.3"},
                        {"1.2", "1.2.0"},
                        {"1", "1.0.0"},
                        {"1.02.3", "1.2.3"},
                        {"1.2.3-beta.1+build5", "1.2.3-beta.1+build5"},
                        {"1.2-5", "1.2.0-5"},
                        {"1.2+x.7-z", "1.2.0+x.7-z"}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    CHECK(plain(version(in).to_text()) == out);
    CHECK(plain(version(in).original) == in);
  }
  for (const auto& c :
       {Mapped{"", "invalid semantic version"},
        {"x", "invalid semantic version"},
        {"V1", "invalid semantic version"},
        {"1.2.3.4", "invalid semantic version"},
        {"1.2.3-", "invalid semantic version"},
        {"1.2.3-a..b", "invalid semantic version"},
        {"1.2.3 ", "invalid semantic version"},
        {"1.2.3-01", "version segment starts with 0"},
        {"99999999999999999999.0.0",
         "error parsing version segment: strconv.ParseUint: parsing \"99999999999999999999\": "
         "value out of range"}}) {
    const auto in = c.in;
    const auto why = c.out;

    CAPTURE(in);
    const auto parsed = go::parse_version(in, go::Quoting::allowed);
    REQUIRE(!parsed.has_value());
    CHECK(parsed.error().message == why);
  }
}

TEST_CASE("precedence is that of semver.org, section 11") {
  const std::vector<std::string_view> ascending = {
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
      "1.0.0-rc.1",  "1.0.0",         "2.0.0",
      "2.1.0",       "2.1.1",         "10.0.0"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      const int order = version(ascending[i]).compare(version(ascending[j]));
      CHECK((order < 0) == (i < j));
      CHECK((order > 0) == (i > j));
    }
  }
  CHECK(version("1.0.0+a").compare(version("1.0.0+b")) == 0);
}

TEST_CASE("the next version") {
  CHECK(plain(version("v1.2.3-a+b").next_patch().original) == "v1.2.3");
  CHECK(plain(version("1.2.3").next_patch().to_text()) == "1.2.4");
  CHECK(plain(version("1.2.3-a").next_minor().to_text()) == "1.3.0");
  CHECK(plain(version("1.2.3").next_major().to_text()) == "2.0.0");
  CHECK(plain(version("v1.2").with_prerelease("rc.1")->original) == "v1.2.0-rc.1");
  CHECK(version("1.2.3").with_metadata("é").error().message == "invalid metadata string");
}

TEST_CASE("constraints") {
  struct Case {
    std::string_view constraint, version;
    bool satisfied;
  };
  for (const auto& c : {Case{"=1.2.3", "1.2.3", true},
                        {"1.2.3", "v1.2.3", true},
                        {"!=1.2.3", "1.2.3", false},
                        {"1.2.x", "1.2.5", true},
                        {"1.x", "2.0.0", false},
                        {"!=1.x", "1.5.0", false},
                        {"!=4.x", "5.1.0", true},
                        {"!=4.2.x", "4.3.0", true},
                        {"*", "4.5.6", true},
                        {"<2", "1.9.9", true},
                        {">1.x", "1.9.0", false},
                        {">1.x", "2.0.0", true},
                        {">11.1", "11.1.1", false},
                        {">11.1", "11.2.0", true},
                        {"<=1.x", "1.9.9", true},
                        {"<=1.2", "1.2.9", true},
                        {"<=11", "12.2.0", false},
                        {"=>1.2", "1.2.0", true},
                        {">=1.2, <2", "1.5.0", true},
                        {">=1.2 <2 || 3.x", "3.1.0", true},
                        {"1.2 - 1.4.5", "1.4.6", false},
                        {"1.2 - 1.4.5, !=1.3.0", "1.3.0", false},
                        {"~1.2.3", "1.2.9", true},
                        {"~1.2.3", "1.3.0", false},
                        {"~1", "1.9.0", true},
                        {"~>1.2", "1.3.0", false},
                        {"~0", "0.1.0", true},
                        {"~0.0.0", "5.0.0", true},
                        {"^1.2", "1.9.0", true},
                        {"^0.2.3", "0.2.9", true},
                        {"^0.2.3", "0.3.0", false},
                        {"^0.0.3", "0.0.4", false},
                        {"^0.0", "0.0.9", true},
                        {"^0", "0.9.0", true},
                        {"^0", "1.0.0", false},
                        {"^*", "1.2.3", false},  // as the library has it, whatever its manual says
                        {">=1.0.0", "1.1.0-beta", false},
                        {">=1.0.0-0", "1.1.0-beta", true},
                        {">=1.0.0-0, <2", "1.1.0-beta", true},
                        {"^1.2.3-beta", "1.2.3-rc", true},
                        {"^1.2.3+meta", "1.2.4", true},
                        {"1.0.0+a", "1.0.0+b", true}}) {
    CAPTURE(c.constraint);
    CAPTURE(c.version);
    const auto result = go::satisfies(version(c.version), c.constraint, go::Quoting::allowed);
    REQUIRE(result.has_value());
    CHECK(*result == c.satisfied);
  }
}

TEST_CASE("what is no constraint") {
  for (const std::string_view bad :
       {"", "foo", ">= bar", "1.2,,3", "1.2,", "BAR >= 1.2.3", "1.2.3 >", "1.2.3.4", ">1 || "}) {
    CAPTURE(bad);
    CHECK(!go::satisfies({}, bad, go::Quoting::allowed).has_value());
  }
  CHECK(go::satisfies({}, "", go::Quoting::allowed).error().message == "improper constraint: ");
  CHECK(go::satisfies({}, "99999999999999999999", go::Quoting::allowed).error().message ==
        "constraint parser error");
}

}  // namespace bulla::test
