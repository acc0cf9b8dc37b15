// SPDX-License-Identifier: Apache-2.0
#include "resource/document.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "base/limits.hpp"

namespace bulla::test {

namespace {

namespace json = boost::json;

/// "LINE yaml|json VALUE" for each document, or the error.
std::vector<std::string> read(std::string_view text) {
  const auto documents = read_documents(text);
  if (!documents) return {"error: " + documents.error().message};
  std::vector<std::string> out;
  for (const auto& document : *documents) {
    const bool yaml = document.scalars == Scalars::become_text;
    out.push_back(std::to_string(document.line) + (yaml ? " yaml " : " json ") +
                  json::serialize(document.value));
  }
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("one document or many, YAML or JSON, each with its line") {
  CHECK(read("a: 1\n") == Lines{R"(1 yaml {"a":1})"});
  CHECK(read(R"({"a":1})") == Lines{R"(1 json {"a":1})"});
  CHECK(read("a: 1\n---\nb: 2\n") == Lines{R"(1 yaml {"a":1})", R"(2 yaml {"b":2})"});
  CHECK(read("{\"a\":1}\n\n{\"b\":2}") == Lines{R"(1 json {"a":1})", R"(3 json {"b":2})"});
  CHECK(read("{\"a\":1}\n---\nb: 2\n") == Lines{R"(1 json {"a":1})", R"(2 yaml {"b":2})"});
  CHECK(read("{a: 1}") == Lines{R"(1 yaml {"a":1})"});  // YAML's flow style, not JSON
}

TEST_CASE("what holds nothing is no document") {
  for (const auto* text : {"", "\n \n", "# only a comment\n", "---\n---\n", "null\n", "---\n~\n"}) {
    CAPTURE(text);
    CHECK(read(text).empty());
  }
}

TEST_CASE("byte order marks, CRLF and directives are no obstacle") {
  CHECK(read("\xEF\xBB\xBF"
             "a: 1\r\n---\r\nb: 2\r\n") == Lines{R"(1 yaml {"a":1})", R"(2 yaml {"b":2})"});
  CHECK(read("%YAML 1.1\n# c\n---\na: 1\n") == Lines{R"(1 yaml {"a":1})"});
}

// Windows PowerShell puts a mark in front of each file; joined, they stand in the middle.
TEST_CASE("each document may bring its byte order mark") {
  const std::string mark = "\xEF\xBB\xBF";
  const Lines both{R"(1 yaml {"a":1})", R"(2 yaml {"b":2})"};
  CHECK(read(mark + "a: 1\n---\n" + mark + "b: 2\n") == both);
  CHECK(read("a: 1\r\n---\r\n" + mark + "b: 2\r\n") == both);
  CHECK(read("a: 1\n" + mark + "---\nb: 2\n") == both);
  CHECK(read("a: 1\n--- # why\n" + mark + "b: 2\n") == both);
  CHECK(read("a: 1\n---\n" + mark + "---\nb: 2\n") == Lines{both[0], R"(3 yaml {"b":2})"});
  CHECK(read("a: 1\n" + mark + "# the next file\n---\nb: 2\n") ==
        Lines{both[0], R"(3 yaml {"b":2})"});
  CHECK(read(mark + "---\n" + mark + "a: 1\n") == Lines{both[0]});
  CHECK(read("{\"a\":1}\n---\n" + mark + "{\"b\":2}\n") ==
        Lines{R"(1 json {"a":1})", R"(3 json {"b":2})"});
}

TEST_CASE("a byte order mark that is part of a value stays") {
  CHECK(read("a: |\n  \xEF\xBB\xBF# x\n") == Lines{"1 yaml {\"a\":\"\xEF\xBB\xBF# x\\n\"}"});
  CHECK(read("a: \"x\n\xEF\xBB\xBFy\"\n") == Lines{"1 yaml {\"a\":\"x \xEF\xBB\xBFy\"}"});
}

// Go's encoding/json: "invalid UTF-16 surrogate pairs are [...] replaced by the Unicode replacement
// character U+FFFD".
TEST_CASE("half of a surrogate pair in JSON is U+FFFD, and other escapes are what they are") {
  struct Case {
    const char *in, *out;
  };
  const Case cases[] = {
      {R"(\ud800)", "\xEF\xBF\xBD"},
      {R"(\uDC00)", "\xEF\xBF\xBD"},
      {R"(x\ud800y\udfffz)", "x\xEF\xBF\xBDy\xEF\xBF\xBDz"},
      {R"(\ud800\ud83d\ude00)", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
      {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
      {R"(\ud800\n)", "\xEF\xBF\xBD\\n"},
      {R"(\\ud800)", "\\\\ud800"},  // an escaped backslash
      {R"(\\\ud800)", "\\\\\xEF\xBF\xBD"},
      {R"(\u0000)", "\\u0000"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.in);
    CHECK(read("{\"a\":\"" + std::string(c.in) + "\"}") ==
          Lines{"1 json {\"a\":\"" + std::string(c.out) + "\"}"});
  }
  // Lines and places in the text stay what they were.
  const auto two = read_documents("{\"a\":\"\\ud800\"}\n{\"b\":1}");
  REQUIRE(two.has_value());
  CHECK(two->at(1).line == 2);
  CHECK(two->at(1).offset == 15);
  CHECK(two->at(1).size == 7);
}

// kubectl and the reference read manifests a line at a time, and put a line feed behind each
// (apimachinery's LineReader).
TEST_CASE("a block at the end of a text without a final line feed keeps its line break") {
  CHECK(read("k: |\n  x") == Lines{R"(1 yaml {"k":"x\n"})"});
  CHECK(read("k: >\n  x\n  y") == Lines{R"(1 yaml {"k":"x y\n"})"});
  CHECK(read("k: |+\n  x") == Lines{R"(1 yaml {"k":"x\n"})"});
  CHECK(read("k: |-\n  x") == Lines{R"(1 yaml {"k":"x"})"});
  CHECK(read("k: |\r\n  x\r\n  y") == Lines{R"(1 yaml {"k":"x\ny\n"})"});
  CHECK(read("k: |\n  x\r") == Lines{R"(1 yaml {"k":"x\n"})"});
  CHECK(read("a: 1\n---\nk: |\n  x") == Lines{R"(1 yaml {"a":1})", R"(2 yaml {"k":"x\n"})"});
  CHECK(read("k: x") == Lines{R"(1 yaml {"k":"x"})"});
  CHECK(read("k: \"x") ==
        Lines{"error: line 2: found unexpected end of stream while scanning a quoted scalar"});
}

TEST_CASE("an error says in which line of the whole input") {
  CHECK(read("a: 1\n---\nb: 2\n---\n\nc: *x\n") == Lines{"error: line 6: unknown anchor \"x\""});
  CHECK(read("a: 1\nb: \xFF\n") == Lines{"error: line 2: not valid UTF-8"});
}

TEST_CASE("what is read lies in memory that is wiped") {
  for (const auto* text : {R"({"data":{"a":"b"}})", "data: {a: b}"}) {
    CAPTURE(text);
    const auto documents = read_documents(text);
    REQUIRE(documents.has_value());
    const auto& value = documents->front().value;
    CHECK(value.storage().get() == wiping_memory());
    CHECK(value.at("data").at("a").storage().get() == wiping_memory());
  }
}

TEST_CASE("JSON is bounded like YAML") {
  const auto nested = [](std::size_t levels) {
    std::string text = "1";
    for (std::size_t i = 0; i < levels; ++i) text = "{\"a\":" + text + "}";
    return text;
  };
  CHECK(read(nested(limits::depth_max)).at(0).starts_with("1 json"));
  CHECK(read(nested(limits::depth_max + 1)) ==
        Lines{"error: line 1: nested more than 100 levels deep"});
}

TEST_CASE("what an input makes is bounded by its size, however it is written") {
  const auto refused = [](const std::string& text) {
    const auto documents = read_documents(text);
    REQUIRE_FALSE(documents.has_value());
    CHECK(documents.error().message.find("bytes of memory, which is too much for its size") !=
          std::string::npos);
  };
  const std::string long_text(60'000, 'x');
  const auto times = [](std::size_t count, const std::string& what) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += what;
    return out;
  };

  SUBCASE("one long text, many aliases") {
    refused("a: &a \"" + long_text + "\"\nb: [" + times(1000, "*a, ") + "*a]\n");
  }
  SUBCASE("the same as keys of maps, and merged") {
    refused("a: &a {k: \"" + long_text + "\"}\nb:\n" + times(500, "- {<<: [*a, *a]}\n"));
  }
  SUBCASE("a little in each of many documents") {
    refused(times(
        20, "a: &a \"" + std::string(2000, 'x') + "\"\nb: [" + times(1000, "*a, ") + "*a]\n---\n"));
  }
  SUBCASE("anchors around anchors") {
    std::string text;
    for (int i = 0; i < 95; ++i) text += "&a" + std::to_string(i) + " [";
    refused(text + times(10'000, "x, ") + times(95, "]"));
  }
  SUBCASE("many anchors of the same long text") {
    refused("- &a \"" + long_text + "\"\n" + times(1000, "- &b [*a]\n"));
  }
  SUBCASE("small values of JSON, and JSON maps in a row") {
    refused("{\"a\":[" + times(2'000'000, "0,") + "0]}");
    // A place for each document comes to less than the number of them that is taken.
    const auto maps = read_documents(times(2'000'000, "{}"));
    REQUIRE_FALSE(maps.has_value());
    CHECK(maps.error().message == "more than 100000 documents");
  }
  SUBCASE("an ordinary file of many small documents is read") {
    const auto documents =
        read_documents(times(20'000,
                             "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
                             "  namespace: b\nstringData:\n  c: d\n---\n"));
    REQUIRE(documents.has_value());
    CHECK(documents->size() == 20'000);
  }
}

TEST_CASE("where aliases have no use, anchors and aliases are refused, and documents are counted") {
  const DocumentRules strict{.documents_max = 2, .aliases = Aliases::refused};
  const auto answer = [&](std::string_view text) {
    const auto documents = read_documents(text, strict);
    return documents ? std::to_string(documents->size()) : documents.error().message;
  };
  CHECK(answer("a: {b: c}") == "1");
  CHECK(answer("a: 1\n---\nb: 1\n") == "2");
  CHECK(answer("a: &x 1\n") == "line 1: anchors and aliases are not taken here");
  CHECK(answer("a: &x {b: c}\n") == "line 1: anchors and aliases are not taken here");
  CHECK(answer("a:\n- &x [c]\n") == "line 2: anchors and aliases are not taken here");
  CHECK(answer("a: *x\n") == "line 1: anchors and aliases are not taken here");
  CHECK(answer("&x a: 1\n") == "line 1: anchors and aliases are not taken here");
  CHECK(answer("a: 1\n---\nb: 1\n---\nc: 1\n") == "more than 2 documents");
  CHECK(answer("{}{}{}") == "more than 2 documents");
}

TEST_CASE("printed JSON escapes as Go does") {
  const auto text = print_json(json::parse(R"({"b":"<a href='x'>&\u2028","a":[],"c":{"d":1}})"));
  CHECK(text.expose_secret_text() ==
        "{\n  \"b\": \"\\u003ca href='x'\\u003e\\u0026\\u2028\",\n  \"a\": [],\n"
        "  \"c\": {\n    \"d\": 1\n  }\n}\n");
}

TEST_CASE("nothing in what is printed steers a terminal") {
  const auto object =
      json::parse("{\"a\\u009b\":\"\x7F \xC2\x80 \xC2\x85 \xC2\x9B \xC2\x9F \xC2\xA0\"}");
  const auto text = print_json(object);
  CHECK(text.expose_secret_text() ==
        "{\n  \"a\\u009b\": \"\\u007f \\u0080 \\u0085 \\u009b \\u009f \xC2\xA0\"\n}\n");
  CHECK(json::parse(text.expose_secret_text()) == object);
  CHECK(print_yaml(object).expose_secret_text() ==
        "---\n\"a\\x9B\": \"\\x7F \\x80 \\N \\x9B \\x9F \xC2\xA0\"\n");
}

TEST_CASE("printed YAML is a document of its own") {
  CHECK(print_yaml(json::parse(R"({"b":1,"a":2})")).expose_secret_text() == "---\na: 2\nb: 1\n");
}

}  // namespace bulla::test
