// SPDX-License-Identifier: Apache-2.0
// Errors hold no values, and memory that held one is zeroed before it is given back.
#include <doctest/doctest.h>

#include <string>

#include "unit/memory_watch.hpp"
#include "unit/template/cases.hpp"

namespace {

using namespace bulla;

constexpr std::string_view secret = "correct-horse-battery-staple-4711";

tmpl::Items items_with_secret() {
  tmpl::Items items;
  items["s"] = SecretBuffer::copy_of(secret);
  items["number"] = SecretBuffer::copy_of(std::string_view("47114711"));
  items["json"] = SecretBuffer::copy_of(
      std::string_view("{\"a\":\"correct-horse-battery-staple-4711\",\"n\":[47114711,{}]}"));
  return items;
}

std::string error_of(const std::string& program) {
  const auto parsed = tmpl::Template::parse("t", program);
  REQUIRE(parsed.has_value());
  const auto output = parsed->run(items_with_secret());
  return output ? "no error" : output.error().message;
}

TEST_CASE("no error shows a value of the items, or one made of them") {
  const char* const programs[] = {
      "{{fail .s}}",
      "{{fail (printf \"bad: %s\" .s)}}",
      "{{$x := .s}}{{fail $x}}",
      "{{range .}}{{fail .}}{{end}}",
      "{{range $k, $v := fromJson .json}}{{fail (toString $v)}}{{end}}",
      "{{with .s}}{{fail (upper .)}}{{end}}",
      "{{fail (index (splitList \"-\" .s) 1)}}",
      "{{range splitList \"-\" .s}}{{fail .}}{{end}}",
      "{{fail (fromJson .json).a}}",
      "{{fail (toJson (dict \"k\" (list .s)))}}",
      "{{$d := dict}}{{$l := list $d}}{{$_ := set $d \"k\" .s}}{{fail (toJson $l)}}",
      "{{$d := dict \"in\" (dict)}}{{$_ := set (get $d \"in\") \"k\" .s}}{{fail (toJson $d)}}",
      "{{define \"f\"}}{{fail .}}{{end}}{{template \"f\" .s}}",
      "{{define \"f\"}}{{fail .x}}{{end}}{{template \"f\" (dict \"x\" .s)}}",
      "{{.s | fail}}",
      "{{fail (or .missing .s)}}",
      "{{fail (ternary .s \"x\" true)}}",
      "{{range .s}}{{end}}",
      "{{range atoi .number | float64}}{{end}}",
      "{{range $a, $b := atoi .number}}{{end}}",
      "{{index (list 1) (atoi .number)}}",
      "{{index .s 47114711}}",
      "{{eq . .}}",
      "{{eq (fromJson .json) 1}}",
      "{{lt .s 1}}",
      "{{.s.field}}",
      "{{upper (fromJson .json)}}",
      "{{mustFromJson .s}}",
      "{{mustToDate \"2006\" .s}}",
      "{{mustRegexMatch (print .s \"(\") \"x\"}}",
      "{{mustDateModify .s now}}",
      "{{semver .s}}",
      "{{semverCompare .s \"1.0.0\"}}",
      "{{genPrivateKey .s | fail}}",
      "{{buildCustomCert .s .s}}",
      "{{decryptAES .s .s}}",
      "{{urlParse (print \"http://[\" .s)}}",
      "{{mustSlice .s 1}}",
      "{{dig .s .s}}",
      "{{repeat (atoi .number) \"ab\"}}",
      "{{until (atoi .number)}}",
  };
  for (const auto* program : programs) {
    CAPTURE(std::string(program));
    const auto error = error_of(program);
    CAPTURE(error);
    for (const auto* part : {"correct", "CORRECT", "horse", "battery", "4711"}) {
      // What the program says itself may be shown.
      if (std::string_view(program).find(part) != std::string_view::npos) continue;
      CHECK(error.find(part) == std::string::npos);
    }
  }
}

TEST_CASE("what the template says itself is shown, so that fail can name the key") {
  CHECK(
      error_of("{{range list \"user\" \"host\"}}{{if not (index $ .)}}{{fail (print . \" is "
               "missing\")}}{{end}}{{end}}") ==
      "template: t:1:52: executing \"t\" at <fail (print . \" is missing\")>: error calling fail: "
      "user is missing");
}

TEST_CASE("passwords made by a function don't show in errors either") {
  for (const char* program : {"{{randAlphaNum 20 | fail}}",
                              "{{fail (derivePassword 1 \"long\" "
                              "\"p\" \"u\" \"s\")}}"}) {
    CAPTURE(std::string(program));
    CHECK(error_of(program).ends_with("error calling fail: the template says to fail"));
  }
}

TEST_CASE("no error of a recorded case holds a value of its items") {
  int failing = 0;
  for (const auto& wanted : test::load_template_cases()) {
    if (wanted.output) continue;
    const auto got = test::run_template_case(wanted);
    CAPTURE(wanted.id);
    CAPTURE(got.error);
    ++failing;
    for (const auto& [item, value] : wanted.items) {
      const auto text = value.expose_secret_text();
      // Short values, and those that the program names itself, stand there for other reasons.
      if (text.size() < 4 || wanted.program.find(text) != std::string::npos) continue;
      CHECK(got.error.find(text) == std::string::npos);
    }
  }
  CHECK(failing > 100);
}

TEST_CASE("memory that held a value is zeroed before it is given back") {
  const char* const programs[] = {
      "{{.s}}",
      "user={{.s}};{{.s | upper}};{{.s | quote}};{{printf \"%s-%q\" .s .s}}",
      "{{$x := .s}}{{range until 50}}{{$x = print $x \".\" $.s}}{{end}}{{$x}}",
      "{{list .s .s | join \"/\"}}{{dict \"k\" .s | toJson}}{{(fromJson .json).a}}",
      "{{.s | b64enc | b64dec}}{{.s | indent 4}}{{replace \"-\" \"+\" .s}}{{trim .s}}",
      "{{regexReplaceAll \"horse\" .s \"$0$0\"}}{{range splitList \"-\" .s}}{{.}}{{end}}",
      "{{$d := dict}}{{$_ := set $d .s .s}}{{$_ := set $d \"d\" $d}}{{fail .s}}",
  };
  for (const auto* program : programs) {
    CAPTURE(std::string(program));
    const auto parsed = tmpl::Template::parse("t", program);
    REQUIRE(parsed.has_value());
    const auto items = items_with_secret();
    const test::MemoryWatch watch(secret);
    static_cast<void>(parsed->run(items));
    CHECK(watch.leaks() == 0);
  }
}

}  // namespace
