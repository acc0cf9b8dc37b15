// SPDX-License-Identifier: Apache-2.0
//
// What scalars mean follows YAML 1.1 as Go's yaml.v2 reads it and kubectl shows it.
#include "base/yaml.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "base/limits.hpp"

namespace bulla::test {

namespace {

namespace json = boost::json;

/// One document as compact JSON, or its error.
std::string read(std::string_view text) {
  const auto documents = read_yaml(text);
  if (!documents) return "error: " + documents.error().message;
  REQUIRE(documents->size() == 1);
  return json::serialize(documents->front());
}

std::string write(std::string_view json_text) {
  SecretBuffer out;
  append_yaml(out, json::parse(json::string_view(json_text.data(), json_text.size())));
  return std::string(out.expose_secret_text());
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("a plain scalar is what YAML 1.1 says it is") {
  struct Case {
    const char* yaml;
    const char* json;
  };
  const Case cases[] = {
      {"yes", "true"},
      {"Off", "false"},
      {"y", "true"},
      {"N", "false"},
      {"TRUE", "true"},
      {"truE", "\"truE\""},
      {"~", "null"},
      {"Null", "null"},
      {"nUll", "\"nUll\""},
      {"0777", "511"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"1_000", "1000"},
      {"-12", "-12"},
      {"+7", "7"},
      {"089", "8.9E1"},  // not octal, so a decimal float
      {"9223372036854775807", "9223372036854775807"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.5", "1.5E0"},
      {"2001-12-14", "\"2001-12-14\""},
      {"12:30", "\"12:30\""},
      {"1.2.3", "\"1.2.3\""},
      {"0x", "\"0x\""},
      {"-", "\"-\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.yaml);
    CHECK(json::serialize(resolve_yaml_scalar(c.yaml)) == c.json);
  }
}

TEST_CASE("quotes and tags say what a scalar is") {
  CHECK(read("a: 'yes'") == R"({"a":"yes"})");
  CHECK(read("a: \"0777\"") == R"({"a":"0777"})");
  CHECK(read("a: !!str 12") == R"({"a":"12"})");
  CHECK(read("a: !!binary Zm9v") == R"({"a":"foo"})");
  CHECK(read("a: |\n  yes\n") == R"({"a":"yes\n"})");
}

TEST_CASE("keys become text, and the later of two wins") {
  CHECK(read("{1: a, yes: b, 1.5: c}") == R"({"1":"a","true":"b","1.5":"c"})");
  CHECK(read("a: 1\nb: 2\na: 3\n") == R"({"a":3,"b":2})");
}

TEST_CASE("aliases are copies, and << merges under what is there") {
  CHECK(read("a: &x [1]\nb: *x") == R"({"a":[1],"b":[1]})");
  CHECK(json::parse(read("base: &x {p: 1, q: 2}\nall: {<<: *x, q: 3}")).at("all") ==
        json::parse(R"({"p":1,"q":3})"));
  CHECK(read("{<<: 7}") == "error: line 1: << wants a map or a list of maps");
  CHECK(read("a: *x") == "error: line 1: unknown anchor \"x\"");
  CHECK(read("a: &x [*x]") == "error: line 1: anchor \"x\" contains itself");
}

TEST_CASE("documents are told apart, and lines count from where the text starts") {
  const auto two = read_yaml("a: 1\n---\nb: 2\n");
  REQUIRE(two.has_value());
  CHECK(two->size() == 2);
  const auto bad = read_yaml("a: 1\nb: [\n", 10);
  REQUIRE(!bad.has_value());
  CHECK(bad.error().code == Errc::invalid_input);
  CHECK(bad.error().message.starts_with("line 1"));
  CHECK(bad.error().message.find("line 1:") == std::string::npos);
}

TEST_CASE("an error never shows the value") {
  for (const auto* text : {"a: !!int hunter2", "a: !!binary hunter2?", "{hunter2: *hunter2x",
                           "a: \"hunter2", "\thunter2: a", "? [hunter2]\n: a"}) {
    CAPTURE(text);
    const auto documents = read_yaml(text);
    REQUIRE(!documents.has_value());
    CHECK(documents.error().message.find("hunter2\"") == std::string::npos);
    CHECK(documents.error().message.starts_with("line "));
  }
}

TEST_CASE("what would grow without bounds is refused, with the bound") {
  CHECK(read_yaml(nested(limits::depth_max)).has_value());
  CHECK(read(nested(limits::depth_max + 1)) == "error: line 1: nested more than 100 levels deep");

  std::string deeper = "a0: &a0 []\n";
  for (int i = 1; i <= 100; ++i)
    deeper += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" +
              std::to_string(i - 1) + "]\n";
  CHECK(read(deeper) == "error: line 100: nested more than 100 levels deep");

  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto below = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int n = 0; n < 9; ++n) laughs += ", " + below;
    laughs += "]\n";
  }
  CHECK(read(laughs).find("reading it would take more than 167") != std::string::npos);
  std::string list = "[";
  for (int i = 0; i < 1'000'000; ++i) list += "0000, ";
  CHECK(read(list + "0]").find("more than 1000000 nodes") != std::string::npos);
}

TEST_CASE("written as sigs.k8s.io/yaml writes it") {
  CHECK(write(R"({"b":1,"a10":2,"a2":"x"})") == "a2: x\na10: 2\nb: 1\n");
  CHECK(write(R"({"a":"yes","b":"1","c":"","d":null,"e":"null","f":"2001-12-14"})") ==
        "a: \"yes\"\nb: \"1\"\nc: \"\"\nd: null\ne: \"null\"\nf: \"2001-12-14\"\n");
  CHECK(write(R"({"a":[],"b":{},"c":[1,{"d":2}]})") == "a: []\nb: {}\nc:\n- 1\n- d: 2\n");
  CHECK(write(R"({"a":"x\ny\n","b":"x\n\ny"})") == "a: |\n  x\n  y\nb: |-\n  x\n\n  y\n");
  CHECK(write(R"({"a":"# no comment","b":"k: v","c":" lead"})") ==
        "a: '# no comment'\nb: 'k: v'\nc: ' lead'\n");
}

TEST_CASE("what is written is read back as the same") {
  const auto value = json::parse(R"({"s":["yes","no","~","1e3","0x1F","- a","a: b","%","@x","'",
      "\"","\\","\t","a\u0001b","\u00e9\u2028","trailing ","multi\nline\n\n"," \n x"],
      "n":[0,-1,18446744073709551615,1.5,1e300],"t":[true,false,null],"e":{"":{}}})");
  SecretBuffer text;
  append_yaml(text, value);
  const auto again = read_yaml(text.expose_secret_text());
  REQUIRE(again.has_value());
  CHECK(again->at(0) == value);
}

}  // namespace bulla::test
