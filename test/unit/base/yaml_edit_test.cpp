// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_edit.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <string>

namespace bulla::test {

namespace {

namespace json = boost::json;

/// The text with a patch, given as JSON, merged in; or the error.
std::string patched(std::string_view text, std::string_view patch) {
  const auto changes = json::parse(json::string_view(patch.data(), patch.size()));
  auto edited = patch_yaml(text, changes.get_object());
  return edited ? *edited : "error: " + edited.error().message;
}

struct Case {
  std::string name;
  const char* text;
  const char* patch;
  const char* expected;
};

template <std::size_t N>
void check(const Case (&cases)[N]) {
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(patched(c.text, c.patch) == std::string(c.expected));
  }
}

}  // namespace

TEST_CASE("a replaced value keeps its style, and everything around it stays") {
  const Case cases[] = {
      {"plain", "# top\nb: old   # why\na: 1\n", R"({"b":"new"})", "# top\nb: new   # why\na: 1\n"},
      {"single quotes", "a: 'it''s'\n", R"({"a":"it's not"})", "a: 'it''s not'\n"},
      {"double quotes", "a: \"x\\ny\"  #c\n", R"({"a":"p\nq"})", "a: \"p\\nq\"  #c\n"},
      {"plain that would be a number", "a: x\n", R"({"a":"12"})", "a: \"12\"\n"},
      {"plain over several lines", "a: one\n  two\nb: c\n", R"({"a":"x"})", "a: x\nb: c\n"},
      {"a literal block", "a: |\n    old\n\nb: c\n", R"({"a":"AgB+/="})",
       "a: |-\n    AgB+/=\n\nb: c\n"},
      {"a folded block with a comment", "a: >+2 # long\n    old\n     er\nb: c\n", R"({"a":"AgB"})",
       "a: >- # long\n    AgB\nb: c\n"},
      {"nothing at all", "a:\nb: c\n", R"({"a":"x"})", "a: x\nb: c\n"},
      {"nothing, with a comment", "a: # why\nb: c\n", R"({"a":"x"})", "a: x # why\nb: c\n"},
      {"null", "a: ~\n", R"({"a":"x"})", "a: x\n"},
      {"an alias", "k: &k v\na: *k\n", R"({"a":"x"})", "k: &k v\na: x\n"},
      {"a tag", "a: !!str 12 # t\n", R"({"a":"x"})", "a: x # t\n"},
      {"the last of two that have one name", "a: 1\na: x\n", R"({"a":"z"})", "a: 1\na: z\n"},
      {"a map", "a:\n  b: c\nd: e\n", R"({"a":"x"})", "a:\n  x\nd: e\n"},
      {"behind characters of two to four bytes",
       "k: \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\x91\"\na: b # \xC3\xA9\n", R"({"a":"x"})",
       "k: \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\x91\"\na: x # \xC3\xA9\n"},
  };
  check(cases);
}

TEST_CASE("what is new stands behind the last entry of its map, indented alike") {
  const Case cases[] = {
      {"at the root", "a: b\n", R"({"c":"d"})", "a: b\nc: d\n"},
      {"in a map with four spaces", "m:\n    a: b # last\n    # more\nz: y\n", R"({"m":{"c":"d"}})",
       "m:\n    a: b # last\n    c: d\n    # more\nz: y\n"},
      {"a whole map, in the document's own steps", "m:\n   a: b\n", R"({"m":{"k":{"o":"p"}}})",
       "m:\n   a: b\n   k:\n      o: p\n"},
      {"behind a list without indentation", "m:\n  l:\n  - x\n  - y\nz: y\n", R"({"m":{"c":"d"}})",
       "m:\n  l:\n  - x\n  - y\n  c: d\nz: y\n"},
      {"behind a block", "m:\n  t: |\n    text\n\n\nz: y\n", R"({"m":{"c":"d"}})",
       "m:\n  t: |\n    text\n  c: d\n\n\nz: y\n"},
      {"in two maps that end together", "m:\n  k:\n    a: b\n", R"({"m":{"k":{"c":"d"},"e":"f"}})",
       "m:\n  k:\n    a: b\n    c: d\n  e: f\n"},
      {"without a line feed at the end", "a: b", R"({"c":"d"})", "a: b\nc: d"},
      {"behind a block without a line feed at the end", "a: |\n  b", R"({"c":"d"})",
       "a: |\n  b\nc: d"},
      {"in front of one", "m:\n  k: v\na: |\n  b", R"({"m":{"c":"d"}})",
       "m:\n  k: v\n  c: d\na: |\n  b"},
      {"behind byte order marks", "\xEF\xBB\xBF---\n\xEF\xBB\xBF# c\nm: {k: v}\n",
       R"({"m":{"k":"w"},"c":"d"})", "\xEF\xBB\xBF---\n\xEF\xBB\xBF# c\nm: {k: w}\nc: d\n"},
      {"with CRLF", "m:\r\n  a: b\r\nz: y\r\n", R"({"m":{"c":"d"}})",
       "m:\r\n  a: b\r\n  c: d\r\nz: y\r\n"},
      {"an empty map", "m: {}  # none yet\nz: y\n", R"({"m":{"c":"d"}})",
       "m:  # none yet\n  c: d\nz: y\n"},
      {"a map that is nothing", "m:\nz: y\n", R"({"m":{"c":"d"}})", "m:\n  c: d\nz: y\n"},
      {"a map that is null", "m: null\nz: y\n", R"({"m":{"c":"d"}})", "m:\n  c: d\nz: y\n"},
      {"names and texts that YAML would take for something else", "a: b\n",
       R"({"yes":"no","<<":"2001-01-01","k k":"a: b #c","l":"l1\nl2\t","e":""})",
       "a: b\n\"yes\": \"no\"\n\"<<\": \"2001-01-01\"\n\"k k\": \"a: b #c\"\nl: \"l1\\nl2\\t\"\ne: "
       "\"\"\n"},
      {"characters that can't be seen", "a: b\n",
       "{\"c\":\"\xC2\x85\xE2\x80\xA8\\u0001\xEF\xBB\xBF\"}",
       "a: b\nc: \"\\u0085\\u2028\\u0001\\ufeff\"\n"},
      {"behind a merge key", "d: &d\n  x: y\nm:\n  <<: *d\n", R"({"m":{"x":"z"}})",
       "d: &d\n  x: y\nm:\n  <<: *d\n  x: z\n"},
      {"after a directive and a marker", "%YAML 1.1\n---\na: b\n...\n", R"({"c":"d"})",
       "%YAML 1.1\n---\na: b\nc: d\n...\n"},
  };
  check(cases);
}

TEST_CASE("brackets stay brackets") {
  const Case cases[] = {
      {"one line", "m: {a: b} # c\n", R"({"m":{"a":"x","c":"d"}})", "m: {a: x, c: d} # c\n"},
      {"several lines", "{\"m\": {\n  \"a\": \"b\" # c\n}}\n", R"({"m":{"c":"y"}})",
       "{\"m\": {\n  \"a\": \"b\", c: \"y\" # c\n}}\n"},
      {"a comma at the end", "m: {a: b,}\n", R"({"m":{"c":"d"}})", "m: {a: b, c: d,}\n"},
      {"an empty one over two lines", "m: { # none\n  }\n", R"({"m":{"c":"d"}})",
       "m: { # none\n  c: d}\n"},
      {"an empty one inside", "{m: {}}\n", R"({"m":{"c":"d"}})", "{m: {c: d}}\n"},
      {"maps inside", "m: {a: b}\n", R"({"m":{"k":{"o":"p"}}})", "m: {a: b, k: {o: p}}\n"},
      {"no value", "{m: }\n", R"({"m":{"c":"d"}})", "{m: {c: d}}\n"},
  };
  check(cases);
}

TEST_CASE("what can't be edited without changing more is refused, with its line") {
  const Case cases[] = {
      {"a map that is an alias", "d: &d\n  x: y\nm: *d\n", R"({"m":{"c":"d"}})",
       "error: line 3: can't be edited in place: the map to add to is an alias"},
      {"a map that is used elsewhere", "d: &d\n  x: y\nm: *d\n", R"({"d":{"c":"d"}})",
       "error: line 1: can't be edited in place: a change here would also change something else in "
       "the document"},
      {"an empty map with a tag", "a: b\nm: !t {}\n", R"({"m":{"c":"d"}})",
       "error: line 2: can't be edited in place: the map to fill has an anchor or a tag"},
      {"an empty map with an anchor", "a: b\nm: &m\n", R"({"m":{"c":"d"}})",
       "error: line 2: can't be edited in place: the map to fill has an anchor or a tag"},
      {"a value that is used elsewhere", "d: &d x\nm: *d\n", R"({"d":"y"})",
       "error: line 1: can't be edited in place: a change here would also change something else in "
       "the document"},
      {"a key that is an alias", "d: &d x\nm:\n  *d : y\n", R"({"m":{"c":"d"}})",
       "error: line 3: can't be edited in place: the map here has a key that is not plain or "
       "quoted"},
      {"an entry that a merge key overrides", "d: &d\n  x: y\nm:\n  x: z\n  <<: *d\n",
       R"({"m":{"x":"w"}})",
       "error: line 1: can't be edited in place: a change here would also change something else in "
       "the document"},
      {"a block that keeps its line feeds", "m:\n  t: |+\n    text\n\nz: y\n", R"({"m":{"c":"d"}})",
       "error: line 1: can't be edited in place: a change here would also change something else in "
       "the document"},
      {"text where a map is wanted", "m: x\n", R"({"m":{"c":"d"}})",
       "error: line 1: can't be edited in place: it is not a map"},
      {"two documents", "a: b\n---\nc: d\n", R"({"a":"x"})",
       "error: not one YAML document with a map at its root"},
      {"a list", "- a\n", R"({"a":"x"})", "error: not one YAML document with a map at its root"},
      {"broken YAML", "a: [\n", R"({"a":"x"})",
       "error: line 2: did not find expected node content while parsing a flow node"},
  };
  check(cases);
}

TEST_CASE("a key is written as far as YAML reads it") {
  const std::string longest(1000, 'k');
  CHECK(patched("a: b\n", "{\"" + longest + "\":\"v\"}") == "a: b\n" + longest + ": v\n");
  CHECK(patched("a: b\n", "{\"k" + longest + "\":\"v\"}") ==
        "error: line 1: can't be edited in place: a key is too long for one line");
}

}  // namespace bulla::test
