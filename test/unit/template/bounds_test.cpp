// SPDX-License-Identifier: Apache-2.0
// No program can stall or exhaust who runs it: each bound is an error that names it.
#include <doctest/doctest.h>

#include <string>

#include "template/template.hpp"

namespace {

using namespace bulla;

/// The error of running `program`, or what it printed.
std::string outcome(const std::string& program, const tmpl::Limits& limits = {}) {
  const auto parsed = tmpl::Template::parse("t", program);
  if (!parsed) return parsed.error().message;
  tmpl::Items items;
  items["text"] = SecretBuffer::copy_of(std::string_view("some text, 123"));
  const auto output =
      parsed->run(items, {.clock = system_clock(), .random = system_random(), .limits = limits});
  return output ? "printed: " + std::string(output->expose_secret_text()) : output.error().message;
}

bool says(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

std::string repeated(const std::string& piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

TEST_CASE("what would take too much is an error that names the bound") {
  struct Case {
    const char* name;
    std::string program;
    std::string_view expected;
  };
  const Case cases[] = {
      {"a long loop", "{{range 1000000000}}{{end}}", "too many steps (at most 1000000)"},
      {"loops in loops", "{{range 10000}}{{range 10000}}{{end}}{{end}}", "too many steps"},
      {"a long list", "{{until 1000000000}}", "a list grows too long"},
      {"a long list by steps", "{{untilStep 0 1000000000 1}}", "a list grows too long"},
      {"a long sequence", "{{seq 1000000000}}", "too long"},
      {"a repeated text", "{{repeat 1000000000 .text}}", "a text grows too long"},
      {"an indented text", "{{indent 1000000000 .text}}", "a text grows too long"},
      {"a padded number", "{{range 1000}}{{printf \"%1000000d\" 1}}{{end}}",
       "the output grows too long (at most 4194304 bytes)"},
      {"a text that doubles", "{{$s := .text}}{{range 100}}{{$s = print $s $s}}{{end}}",
       "a text grows too long"},
      {"a replacement that multiplies",
       "{{$s := repeat 100000 \"a\"}}{{$s = replace \"a\" $s $s}}{{len $s}}",
       "a text grows too long"},
      {"a join that multiplies", "{{$s := repeat 100000 \"a\"}}{{len (join $s (until 10000))}}",
       "a text grows too long"},
      {"a template that calls itself",
       "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
       "exceeded maximum template depth"},
      {"a list in a list in a list", "{{$l := list}}{{range 1000}}{{$l = list $l}}{{end}}",
       "lists are nested too deeply (at most 200)"},
      {"a dict in itself, printed", "{{$d := dict}}{{$_ := set $d \"d\" $d}}{{$d}}",
       "nested too deeply"},
      {"a dict in itself, as JSON", "{{$d := dict}}{{$_ := set $d \"d\" $d}}{{mustToJson $d}}",
       "nested too deeply"},
      {"memory in all", "{{range 100}}{{$s := repeat 4000000 \"a\"}}{{end}}",
       "take too much memory, in bytes (at most 67108864)"},
      {"parentheses", "{{" + repeated("(", 10000) + "1" + repeated(")", 10000) + "}}",
       "nested too deeply (at most 250 levels)"},
      {"blocks", repeated("{{if 1}}", 10000) + repeated("{{end}}", 10000),
       "nested too deeply (at most 250 levels)"},
      {"else after else", "{{if 0}}" + repeated("{{else if 0}}", 10000) + "{{end}}",
       "nested too deeply (at most 250 levels)"},
  };
  for (const auto& c : cases) {
    const std::string name = c.name;
    CAPTURE(name);
    const auto text = outcome(c.program);
    CAPTURE(text.substr(0, 200));
    CHECK(says(text, c.expected));
  }
}

TEST_CASE("a value in which few dicts stand in many places costs no more than the bounds") {
  const std::string value = "{{$d := dict}}{{range 60}}{{$d = dict \"a\" $d \"b\" $d}}{{end}}";
  for (const char* use :
       {"{{$d}}", "{{toJson $d}}", "{{deepCopy $d}}", "{{deepEqual $d (deepCopy $d)}}",
        "{{merge (dict) $d}}", "{{quote $d}}"}) {
    CAPTURE(std::string(use));
    CHECK(says(outcome(value + use), "at most"));
  }
}

TEST_CASE("regular expressions take linear time, whatever the pattern") {
  CHECK(outcome("{{regexMatch \"^(a+)+$\" (print (repeat 50000 \"a\") \"b\")}}") ==
        "printed: false");
}

TEST_CASE("a program within the bounds is not disturbed by them") {
  CHECK(outcome("{{range until 1000}}{{end}}{{len (repeat 1000000 \"a\")}}") == "printed: 1000000");
  CHECK(
      outcome("{{define \"down\"}}{{if .}}{{template \"down\" (sub . 1)}}{{else}}end{{end}}{{end}}"
              "{{template \"down\" 100}}") == "printed: end");
}

TEST_CASE("limits are the caller's to choose") {
  tmpl::Limits limits;
  limits.output_bytes_max = 3;
  CHECK(outcome("abc", limits) == "printed: abc");
  CHECK(outcome("abcd", limits) ==
        "template: t:1:0: executing \"t\" at <abcd>: the output grows "
        "too long (at most 3 bytes)");
  limits.steps_max = 10;
  CHECK(says(outcome("{{range 100}}{{end}}", limits), "too many steps (at most 10)"));
}

}  // namespace
