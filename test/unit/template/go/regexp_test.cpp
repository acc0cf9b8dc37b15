// SPDX-License-Identifier: Apache-2.0
#include "template/go/regexp.hpp"

#include <doctest/doctest.h>

#include "unit/template/go/texts.hpp"

// Expected values: the documentation and tests of Go's package regexp, and runs of sprig.
namespace bulla::test {
namespace {

using namespace tmpl;

/// Allows all there is, or so many steps, bytes and items.
class Allowance final : public go::Effort {
 public:
  explicit Allowance(std::size_t each = 1'000'000'000) : steps_(each), most_(each) {}
  Result<void> spend_steps(std::size_t steps) override {
    if (steps > steps_) return Error{Errc::invalid_input, "no more steps"};
    steps_ -= steps;
    return {};
  }
  Result<void> afford_text(std::size_t bytes) override { return within(bytes); }
  Result<void> afford_items(std::size_t items) override { return within(items); }

 private:
  Result<void> within(std::size_t size) const {
    if (size > most_) return Error{Errc::invalid_input, "too much"};
    return {};
  }
  std::size_t steps_;
  std::size_t most_;
};

go::Regexp compiled(std::string_view pattern) {
  auto regexp = go::Regexp::compile(pattern);
  REQUIRE(regexp.has_value());
  return std::move(*regexp);
}

std::string replaced(std::string_view pattern, std::string_view text, std::string_view by) {
  Allowance all;
  return plain(*compiled(pattern).replace_all(text, by, all));
}

using Pieces = std::vector<std::string>;
Pieces found(std::string_view pattern, std::string_view text, std::int64_t limit = -1) {
  Allowance all;
  const auto matches = *compiled(pattern).find_all(text, limit, all);
  return {matches.begin(), matches.end()};
}
Pieces split(std::string_view pattern, std::string_view text, std::int64_t limit = -1) {
  Allowance all;
  const auto pieces = *compiled(pattern).split(text, limit, all);
  return pieces ? Pieces(pieces->begin(), pieces->end()) : Pieces{"nil"};
}

}  // namespace

TEST_CASE("an empty match right after another match is none") {
  CHECK(found("a*", "baac") == Pieces{"", "aa", ""});
  CHECK(found("\\b", "a b") == Pieces{"", "", "", ""});
  CHECK(found("^a", "aaa") == Pieces{"a"});
  CHECK(found("a", "aaa", 2) == Pieces{"a", "a"});
  CHECK(found("", "é") == Pieces{"", ""});
  CHECK(replaced("x*", "abxc", "-") == "-a-b-c-");
  CHECK(replaced("b*", "", "x") == "x");
  CHECK(replaced("$", "abc", "<") == "abc<");
  CHECK(replaced("(?m)^", "a\nb", "> ") == "> a\n> b");
  CHECK(replaced("", "é", "-") == "-é-");
}

TEST_CASE("replacements refer to groups") {
  for (const auto& c : {Mapped{"${1}W", "-W-xxW-"},
                        {"$1W", "---"},  // a group named 1W
                        {"$0", "-ab-axxb-"},
                        {"$$", "-$-$-"},
                        {"$", "-$-$-"},
                        {"${1", "-${1-${1-"},
                        {"$9", "---"},
                        {"$01", "---"}}) {
    const auto by = c.in;
    const auto out = c.out;

    CAPTURE(by);
    CHECK(replaced("a(x*)b", "-ab-axxb-", by) == out);
  }
  CHECK(replaced("(?P<first>a)", "banana", "<${first}>") == "b<a>n<a>n<a>");
  CHECK(replaced("(?<first>a)", "banana", "<$first>") == "b<a>n<a>n<a>");
  CHECK(replaced("(a)(b)?", "aab", "[$2]") == "[][b]");
  Allowance all;
  CHECK(plain(*compiled("a(x*)b").replace_all_literally("-ab-", "${1}", all)) == "-${1}-");
}

TEST_CASE("splitting") {
  CHECK(split(",", "a,b,c") == Pieces{"a", "b", "c"});
  CHECK(split(",", "a,b,c", 2) == Pieces{"a", "b,c"});
  CHECK(split(",", "a,b,c", 1) == Pieces{"a,b,c"});
  CHECK(split(",", "a", 0) == Pieces{"nil"});
  CHECK(split("", "abc") == Pieces{"a", "b", "c"});
  CHECK(split("x", "") == Pieces{""});
  CHECK(split("b*", "abbc") == Pieces{"a", "c"});
  CHECK(split("^", "abc") == Pieces{"abc"});
}

TEST_CASE("bytes that are not UTF-8 are U+FFFD, and stay what they are") {
  CHECK(found(".", "a\xFF\xC3\xA9") == Pieces{"a", "\xFF", "\xC3\xA9"});
  CHECK(found("\\x{FFFD}+", "\xFF\xFE!") == Pieces{"\xFF\xFE"});
  CHECK(replaced("a",
                 "\xFF"
                 "a\xFE",
                 "b") ==
        "\xFF"
        "b\xFE");
}

TEST_CASE("patterns are refused in Go's words") {
  for (const auto& c : {Mapped{"[", "missing closing ]: `[`"},
                        {"a(b", "missing closing ): `a(b`"},
                        {"a)", "unexpected ): `a)`"},
                        {"*", "missing argument to repetition operator: `*`"},
                        {"a**", "invalid nested repetition operator: `**`"},
                        {"a{1001}", "invalid repeat count: `{1001}`"},
                        {"\\C", "invalid escape sequence: `\\C`"},
                        {"\\8", "invalid escape sequence: `\\8`"},
                        {"[z-a]", "invalid character class range: `z-a`"},
                        {"(?P<é>a)", "invalid named capture: `(?P<é>`"},
                        {"a\\", "trailing backslash at end of expression: ``"},
                        {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"}}) {
    const auto pattern = c.in;
    const auto why = c.out;

    CAPTURE(pattern);
    const auto regexp = go::Regexp::compile(pattern);
    REQUIRE(!regexp.has_value());
    CHECK(regexp.error().message == "error parsing regexp: " + std::string(why));
  }
  CHECK(!go::Regexp::compile("\xFF").has_value());
  // Where these aren't what they look like, they are left alone.
  Allowance all;
  CHECK(*compiled("[(?<]\\\\C").matches("<\\C", all) == true);
  CHECK(*compiled("\\Q(?<\\C\\E").matches("(?<\\C", all) == true);
}

TEST_CASE("work and results are bounded") {
  Allowance few(100);
  CHECK(!compiled(".*").replace_all(std::string(50, 'x'), "$0$0$0", few).has_value());
  Allowance fewer(10);
  CHECK(!compiled("x").find_all(std::string(50, 'x'), -1, fewer).has_value());
}

TEST_CASE("quoting") {
  CHECK(plain(go::quote_meta("a.b+[c]-d/#")) == "a\\.b\\+\\[c\\]-d/#");
  CHECK(go::backquoted("a\tb") == "`a\tb`");
  CHECK(go::backquoted("a`b\n") == "\"a`b\\n\"");
}

}  // namespace bulla::test
