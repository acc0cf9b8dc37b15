// SPDX-License-Identifier: Apache-2.0
// Errors hold no values, and memory that held one is zeroed before it is given back.
#include <doctest/doctest.h>

#include <string>

#include "template/function.hpp"

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
  const auto output = parsed->run(items_with_secret(), {.errors = tmpl::RunErrors::full});
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

/// What is said to those who may not read the items.
std::string guarded_error_of(const std::string& program) {
  const auto parsed = tmpl::Template::parse("t", program);
  REQUIRE(parsed.has_value());
  tmpl::RunOptions options;
  options.limits.steps_max = 20'000;
  const auto output = parsed->run(items_with_secret(), options);
  return output ? "no error" : output.error().message;
}

constexpr std::string_view hidden =
    "the template failed; why depends on sealed values, so it is not said here: kubeseal "
    "--recovery-unseal says it";

TEST_CASE("which error it is says nothing of a value: programs can't spell one with their errors") {
  const char* const programs[] = {
      // branches
      "{{if eq (trunc 1 .s) \"c\"}}{{fail \"c\"}}{{end}}",
      "{{if hasPrefix \"c\" .s}}{{index 1 1}}{{end}}",
      "{{with .s}}{{fail \"c\"}}{{end}}",
      "{{range splitList \"-\" .s}}{{fail \"c\"}}{{end}}",
      "{{range $i, $c := .}}{{fail \"c\"}}{{end}}",
      "{{and (eq .s \"x\") 1}}{{fail \"c\"}}",
      "{{or (hasPrefix \"x\" .s) (fail \"c\")}}",
      "{{$x := \"a\"}}{{if hasPrefix \"c\" .s}}{{$x = \"c\"}}{{end}}{{fail $x}}",
      "{{define \"f\"}}{{if hasPrefix \"c\" .}}{{fail \"c\"}}{{end}}{{end}}{{template \"f\" .s}}",
      // a choice by a look-up, then one of many places
      "{{$x := index (dict \"correct\" 1) (trunc 7 .s)}}{{fail \"c\"}}",
      // which kind of value it is, and which key there is
      "{{$x := ternary \"a\" 1 (hasPrefix \"c\" .s)}}{{upper $x}}{{fail \"c\"}}",
      "{{$x := ternary \"a\" 1 (hasPrefix \"x\" .s)}}{{$x.y}}",
      "{{$x := .s | default 1}}{{fail \"c\"}}",
      "{{$x := coalesce .s 1}}{{fail \"c\"}}",
      "{{$d := dict (trunc 1 .s) 1}}{{$d.c.x}}",
      "{{$d := split \"-\" .s}}{{$x := $d._3}}{{fail \"c\"}}",
      // that an earlier function didn't fail
      "{{$x := mustRegexFind \"c\" .s}}{{$y := atoi .number}}{{$z := index (list 1 2) $y}}",
      "{{$x := mustFromJson .json}}{{fail \"c\"}}",
      // where a bound is met
      "{{$x := repeat (len .s) \"a\"}}{{range 1000000}}{{end}}",
      "{{$x := regexReplaceAll \"c\" .s \"$0$0\"}}{{range 1000000}}{{end}}",
      "{{$x := replace \"c\" (repeat 1000 \"x\") .s}}{{range 1000000}}{{end}}",
  };
  for (const auto* program : programs) {
    CAPTURE(std::string(program));
    CHECK(guarded_error_of(program) == hidden);
  }
}

TEST_CASE("an error that no value has chosen is told in full") {
  CHECK(guarded_error_of("{{.s | upper | nindent}}").ends_with("want 2 got 1"));
  CHECK(guarded_error_of("{{.s}}{{fail \"not yet\"}}").ends_with("not yet"));
  CHECK(guarded_error_of("{{if true}}{{fail \"x\"}}{{end}}").ends_with("error calling fail: x"));
}

TEST_CASE("of the first function that a value made fail, the place is told and not the reason") {
  for (const char* failing : {R"({{mustToDate "2006" .s}})", R"({{mustFromJson .s}})",
                              R"({{mustRegexFind "(" .s}})", R"({{repeat 1000000000 .s}})"}) {
    CAPTURE(std::string(failing));
    const auto error = guarded_error_of(failing);
    CHECK(error.starts_with("template: t:1:2: executing \"t\" at <"));
    CHECK(error.ends_with(": why depends on sealed values"));
  }
}

TEST_CASE("after one template failed, another tells nothing once a value was looked at") {
  const std::string first = "{{upper .s}}{{fail \"first\"}}";
  const std::string second = "{{fail \"second\"}}";
  tmpl::Session session(items_with_secret());
  const auto error = [&](const std::string& text) {
    const auto program = session.parse("t", text);
    REQUIRE(program.has_value());
    return session.run(*program).error().message;
  };
  CHECK(error(first).ends_with("error calling fail: first"));
  CHECK(error(second) == hidden);
}

TEST_CASE("what is said to fail for no reason but a bound does so, whatever it is given") {
  const char* const values[] = {".s",
                                "nil",
                                "1",
                                "-1",
                                "1.5",
                                "true",
                                "\"\"",
                                "(list)",
                                "(list 1 nil)",
                                "(dict)",
                                "(dict \"a\" .s)",
                                ".",
                                "\"\\xff\"",
                                "(now)",
                                "9223372036854775807"};
  for (const auto& [name, function] : tmpl::functions()) {
    if (!tmpl::never_fails(*function)) continue;
    for (const char* a : values) {
      for (const char* b : {".s", "(list 1 nil)", "-1"}) {
        for (const auto& text :
             {std::string(a), std::string(a) + " " + b, std::string(a) + " " + b + " " + a}) {
          const auto error = error_of("{{" + std::string(name) + " " + text + "}}");
          CAPTURE(error);
          CHECK(error.find("error calling ") == std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("twenty-four templates of sixty-four branches give back nothing") {
  tmpl::Session session(items_with_secret());
  for (int at = 0; at < 24; ++at) {
    std::string text =
        "{{$c := substr " + std::to_string(at) + " " + std::to_string(at + 1) + " .s}}";
    for (char c = ' '; c < '`'; ++c) {
      const auto one = std::to_string(static_cast<int>(c));
      text += "{{if eq $c (printf \"%c\" " + one + ")}}{{fail \"" + one + "\"}}{{end}}";
    }
    const auto program = session.parse("t" + std::to_string(at), text + "{{fail \"none\"}}");
    REQUIRE(program.has_value());
    const auto output = session.run(*program);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().message == hidden);
    CHECK(session.hid_last_error());
  }
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
