// SPDX-License-Identifier: Apache-2.0
// What the templates of an object hold at a time, measured at malloc: what a library or a container
// allocates by itself, and nobody counted, shows here.
#include <doctest/doctest.h>

#include <string>

#include "readers/allocation_meter.hpp"
#include "template/template.hpp"

namespace {

using namespace bulla;

/// Beside what is counted: the code's own, RE2's compiled pattern, the text and its errors.
constexpr std::size_t uncounted_bytes_max = std::size_t{12} * 1024 * 1024;

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

std::size_t peak_of(const std::string& program, const tmpl::RunOptions& options) {
  const test::AllocationMeter meter;
  tmpl::Session session({}, options);
  if (auto parsed = session.parse("t", program)) static_cast<void>(session.run(std::move(*parsed)));
  return meter.peak_bytes();
}

TEST_CASE("templates hold no more than is documented, whatever they do") {
  const struct {
    const char* name;
    std::string program;
  } cases[] = {
      {"a set to trim", R"({{trimAll (repeat 4194304 "a") "x"}})"},
      {"a wide set to trim", R"({{trimAll (repeat 1398101 "\u20ac") "x"}})"},
      {"a pad", R"({{indent 4194000 "x"}})"},
      {"a pad for each line", R"({{indent 100000 (repeat 40 "\n")}})"},
      {"bytes that are no UTF-8, for a pattern",
       R"({{regexFind "b" (repeat 4194304 (b64dec "/w=="))}})"},
      {"bytes that are no UTF-8, replaced",
       R"({{regexReplaceAll "b" (repeat 4194304 (b64dec "/w==")) "x"}})"},
      {"a pattern that grows", R"({{regexMatch "((a{100}){10}){10}" (repeat 1000000 "a")}})"},
      {"a pattern of many states", R"({{regexMatch "[ab]*a[ab]{900}" (repeat 1000000 "ab")}})"},
      {"matches", R"({{len (regexFindAll "a" (repeat 1000000 "a") -1)}})"},
      {"pieces", R"({{len (splitList "" (repeat 1000000 "a"))}})"},
      {"texts in lists",
       "{{$b := repeat 4000000 \"a\"}}{{range until 1000}}"
       "{{$x := splitn \"a\" 1 $b}}{{end}}"},
      {"lists", "{{$l := list}}{{range until 100000}}{{$l = append $l (until 1000)}}{{end}}"},
      {"JSON", R"({{$x := fromJson (print "[" (repeat 1000000 "0,") "0]")}}{{toJson $x}})"},
      {"JSON of lists",
       R"({{$x := fromJson (print "[" (repeat 1000000 "[],") "0]")}}{{toJson $x}})"},
      {"a program of numbers", repeated("{{1}}", 33'000)},
      {"a program of fields", repeated("{{.a.b}}", 20'000)},
      {"a program of words", "{{print" + repeated(" a", 49'000) + "}}"},
      {"a program of conditions", repeated("{{if 1}}{{end}}", 14'000)},
      {"a program of texts", "{{print" + repeated(" \"\"", 49'000) + "}}"},
  };
  const tmpl::RunOptions options;
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(peak_of(c.program, options) <= options.limits.memory_bytes_max + uncounted_bytes_max);
  }
}

TEST_CASE("a program counts like the values that it makes, and is given back") {
  tmpl::RunOptions options;
  options.limits.memory_bytes_max = std::size_t{4} * 1024 * 1024;
  tmpl::Session session({}, options);
  const auto large = session.parse("t", repeated("{{1}}", 10'000));
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().message.find("take too much memory") != std::string::npos);
  for (int i = 0; i < 20; ++i) {
    auto program = session.parse("t", repeated("{{1}}", 1'000));
    REQUIRE(program.has_value());
    CHECK(session.run(std::move(*program)).has_value());
  }
}

}  // namespace
