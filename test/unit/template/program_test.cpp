// SPDX-License-Identifier: Apache-2.0
// What the recorded cases don't show of a Template: places, several runs, the printed program.
#include <doctest/doctest.h>

#include "template/template.hpp"
#include "unit/template/cases.hpp"

namespace {

using namespace bulla;

tmpl::Items one_item(std::string_view value) {
  tmpl::Items items;
  items["x"] = SecretBuffer::copy_of(value);
  return items;
}

TEST_CASE("a program is parsed once and runs many times") {
  const auto program = tmpl::Template::parse("greeting", "hello {{.x}}");
  REQUIRE(program.has_value());
  CHECK(program->run(one_item("a"))->expose_secret_text() == "hello a");
  CHECK(program->run(one_item("b"))->expose_secret_text() == "hello b");
}

TEST_CASE("errors name the template, the place and the source") {
  CHECK(tmpl::Template::parse("conf", "a\n{{if .x}}").error().message ==
        "template: conf:2: unexpected EOF");
  const auto program = tmpl::Template::parse("conf", "a\n  {{ .x | upper | nindent }}");
  REQUIRE(program.has_value());
  CHECK(program->run(one_item("a")).error().message ==
        "template: conf:2:18: executing \"conf\" at <nindent>: wrong number of args for nindent: "
        "want 2 got 1");
}

TEST_CASE("a failed run gives nothing, whatever was written before it failed") {
  const auto program = tmpl::Template::parse("t", "{{.x}}{{fail \"no\"}}");
  REQUIRE(program.has_value());
  CHECK_FALSE(program->run(one_item("a")).has_value());
}

TEST_CASE("every recorded program prints as one that is the same, and does the same") {
  for (const auto& wanted : test::load_template_cases()) {
    CAPTURE(wanted.id);
    const auto program = tmpl::Template::parse("t", wanted.program);
    if (!program) continue;
    const auto printed = program->source();
    const auto again = tmpl::Template::parse("t", printed);
    CAPTURE(printed);
    REQUIRE(again.has_value());
    CHECK(again->source() == printed);
    const auto output = again->run(wanted.items);
    CHECK(output.has_value() == wanted.output.has_value());
    if (output && wanted.output) CHECK(output->expose_secret_text() == *wanted.output);
  }
}

}  // namespace
