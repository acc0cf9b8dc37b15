// SPDX-License-Identifier: Apache-2.0
// No program can stall or exhaust who runs it: each bound is an error that names it.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "template/template.hpp"

namespace {

using namespace bulla;

/// So small that programs which reach them do so at once, with sanitizers, too.
tmpl::Limits small_limits() {
  tmpl::Limits limits;
  limits.steps_max = 20'000;
  limits.time_max = std::chrono::hours(1);  // steps count the same on any machine
  limits.memory_bytes_max = 1'000'000;
  limits.output_bytes_max = 50'000;
  limits.value_bytes_max = 200'000;
  limits.list_items_max = 2'000;
  return limits;
}

/// The error of running `program`, or what it printed.
std::string outcome(const std::string& program, const tmpl::Limits& limits = small_limits()) {
  const auto parsed = tmpl::Template::parse("t", program);
  if (!parsed) return parsed.error().message;
  tmpl::Items items;
  items["text"] = SecretBuffer::copy_of(std::string_view("some text, 123"));
  const auto output = parsed->run(items, {.limits = limits, .errors = tmpl::RunErrors::full});
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
      {"a long loop", "{{range 1000000000}}{{end}}", "too many steps (at most 20000)"},
      {"loops in loops", "{{range 10000}}{{range 10000}}{{end}}{{end}}", "too many steps"},
      {"a long list", "{{until 1000000000}}", "a list grows too long"},
      {"a long list by steps", "{{untilStep 0 1000000000 1}}", "a list grows too long"},
      {"a long sequence", "{{seq 1000000000}}", "too long"},
      {"a repeated text", "{{repeat 1000000000 .text}}", "a text grows too long"},
      {"an indented text", "{{indent 1000000000 .text}}", "a text grows too long"},
      {"a padded number", "{{range 1000}}{{printf \"%1000d\" 1}}{{end}}",
       "the output grows too long (at most 50000 bytes)"},
      {"a text that doubles", "{{$s := .text}}{{range 100}}{{$s = print $s $s}}{{end}}",
       "a text grows too long"},
      {"a replacement that multiplies",
       "{{$s := repeat 1000 \"a\"}}{{$s = replace \"a\" $s $s}}{{len $s}}",
       "a text grows too long"},
      {"a join that multiplies", "{{$s := repeat 10000 \"a\"}}{{len (join $s (until 1000))}}",
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
      {"work over long texts", "{{range 100}}{{$s := repeat 200000 \"a\"}}{{end}}",
       "too many steps"},
      {"a search over a long text",
       "{{$s := repeat 200000 \"a\"}}{{range 1000}}{{$x := contains \"b\" $s}}{{end}}",
       "too many steps"},
      {"sums of a long text",
       "{{$s := repeat 200000 \"a\"}}{{range 1000}}{{$x := sha512sum $s}}{{end}}",
       "too many steps"},
      {"comparisons of long texts",
       "{{$s := repeat 200000 \"a\"}}{{range 1000}}{{$x := eq $s $s}}{{end}}", "too many steps"},
      {"a list in which one long text stands often, compared",
       "{{$s := repeat 200000 \"a\"}}{{$l := list}}{{range 20}}{{$l = append $l $s}}{{end}}"
       "{{deepEqual $l $l}}",
       "too many steps"},
      {"a long constant in a loop",
       "{{range 1000}}{{$x := \"" + repeated("a", 10'000) + "\"}}{{end}}", "too many steps"},
      {"a walk over a long map",
       "{{$d := dict}}{{range until 1000}}{{$_ := set $d (toString .) .}}{{end}}"
       "{{range 1000}}{{range $d}}{{break}}{{end}}{{end}}",
       "too many steps"},
      {"patterns that are none",
       "{{$p := repeat 4000 \"(\"}}{{range 1000}}{{$x := regexMatch $p \"a\"}}{{end}}",
       "too many steps"},
      {"a long pattern", "{{regexMatch (repeat 5000 \"a\") \"a\"}}",
       "the regular expression is too long (at most 4096 bytes)"},
      {"texts in a map",
       "{{$b := repeat 200000 \"a\"}}{{range until 1000}}{{$x := splitn \"a\" 1 $b}}{{end}}",
       "take too much memory, in bytes (at most 1000000)"},
      {"texts in a list",
       "{{$b := repeat 100000 \"a\"}}{{$l := list}}{{range 20}}{{$l = append $l (splitList \"b\" "
       "$b)}}{{end}}",
       "at most"},
      {"many small values",
       repeated("{{$x := splitList \"\" (repeat 1900 \"a\")}}", 9) +
           "{{$l := list}}{{range 9}}{{$l = append $l (splitList \"\" (repeat 1900 "
           "\"a\"))}}{{end}}",
       "take too much memory, in bytes (at most 1000000)"},
      {"many maps", "{{range 9000}}{{$d := dict 1 2}}{{end}}",
       "take too much memory, in bytes (at most 1000000)"},
      {"memory that a library takes", "{{derivePassword 1 \"long\" \"p\" \"u\" \"s\"}}",
       "too many steps"},
      {"more words than any template has", repeated("{{1}}", 100000),
       "the template is too long (at most 100000 words and signs)"},
      {"more words in one action", "{{print" + repeated(" 1", 100000) + "}}",
       "the template is too long (at most 100000 words and signs)"},
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
  CHECK(outcome("{{regexMatch \"^(a+)+$\" (print (repeat 20000 \"a\") \"b\")}}") ==
        "printed: false");
}

TEST_CASE("a program within the bounds is not disturbed by them") {
  const tmpl::Limits limits;
  CHECK(outcome("{{range until 1000}}{{end}}{{len (repeat 1000000 \"a\")}}", limits) ==
        "printed: 1000000");
  CHECK(
      outcome("{{define \"down\"}}{{if .}}{{template \"down\" (sub . 1)}}{{else}}end{{end}}{{end}}"
              "{{template \"down\" 100}}",
              limits) == "printed: end");
}

TEST_CASE("the bounds are the documented ones") {  // docs/templates.md
  const tmpl::Limits limits;
  CHECK(limits.steps_max == 3'000'000);
  CHECK(limits.time_max == std::chrono::seconds(5));
  CHECK(limits.memory_bytes_max == 40 * 1024 * 1024);
  CHECK(limits.output_bytes_max == 1024 * 1024);
  CHECK(limits.value_bytes_max == 4 * 1024 * 1024);
  CHECK(limits.list_items_max == 100'000);
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

/// A processor that takes half a second each time that one looks.
std::chrono::nanoseconds slow_processor() noexcept {
  static std::chrono::nanoseconds used{0};
  return used += std::chrono::milliseconds(500);
}

TEST_CASE("a run ends when its time is over, whatever its steps") {
  const auto program = tmpl::Template::parse("t", "{{range 100000}}{{end}}");
  REQUIRE(program.has_value());
  const auto output = program->run({}, {.time = slow_processor});
  REQUIRE_FALSE(output.has_value());
  CHECK(says(output.error().message, "takes too long, in milliseconds (at most 5000)"));
}

TEST_CASE("making a key stops when the time is over") {
  const auto program = tmpl::Template::parse("t", "{{genPrivateKey \"rsa\"}}");
  REQUIRE(program.has_value());
  const auto output = program->run({}, {.time = slow_processor});
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().message.ends_with(
      "the template takes too long, in milliseconds (at most 5000)"));
}

TEST_CASE("the programs of one object share one budget") {
  tmpl::RunOptions options;
  options.limits = small_limits();
  const auto failure_of_last = [&](const std::string& text, int programs) {
    tmpl::Session session({}, options);
    std::string message;
    for (int i = 0; i < programs; ++i) {
      auto program = session.parse("t", text);
      if (!program) return program.error().message;
      const auto output = session.run(std::move(*program));
      message = output ? "" : output.error().message;
    }
    return message;
  };
  SUBCASE("outputs: together they must fit into a Secret") {
    const std::string text = "{{repeat 12500 \"a\"}}";
    CHECK(failure_of_last(text, 4).empty());
    CHECK(says(failure_of_last(text, 5), "the output grows too long (at most 50000 bytes)"));
  }
  SUBCASE("steps") {
    const std::string text = "{{range 8000}}{{end}}";
    CHECK(failure_of_last(text, 1).empty());
    CHECK(says(failure_of_last(text, 2), "too many steps (at most 20000)"));
  }
  SUBCASE("once there are no steps left, the other programs get none") {
    tmpl::Session session({}, options);
    const auto greedy = session.parse("t", "{{range 30000}}{{end}}");
    REQUIRE(greedy.has_value());
    CHECK_FALSE(session.run(*greedy).has_value());
    CHECK_FALSE(session.parse("u", "{{1}}").has_value());
  }
  SUBCASE("what is parsed") {
    CHECK(says(failure_of_last(repeated("{{1}}", 400), 30), "too many steps"));
  }
}

}  // namespace
