// SPDX-License-Identifier: Apache-2.0
#include "template/go/words.hpp"

#include <doctest/doctest.h>

#include "unit/template/go/texts.hpp"

// Expected values: the documentation of goutils and xstrings, and runs of sprig.
namespace bulla::test {

using namespace tmpl;

TEST_CASE("abbreviations count bytes") {
  CHECK(plain(go::abbreviate("abcdefgh", 0, 5)) == "ab...");
  CHECK(plain(go::abbreviate("abcdefg", 0, 7)) == "abcdefg");
  CHECK(plain(go::abbreviate("ééééééé", 0, 6)) == "é\xC3...");
  CHECK(plain(go::abbreviate("The quick brown fox jumps over the lazy dog", 20, 12)) ==
        "...jumps ...");
  CHECK(plain(go::abbreviate("1234 5678 9123", 5, 7)) == "...5...");
  CHECK(plain(go::abbreviate("abcdefghijklmno", 100, 10)) == "...ijklmno");
  CHECK(plain(go::abbreviate("abcdefghijklmno", -1, 10)) == "abcdefg...");
}

TEST_CASE("some functions take each byte for a character of Latin-1") {
  CHECK(plain(go::initials("foo-bar_baz  qux")) == "fq");
  CHECK(plain(go::initials("é ü")) == "\u00C3\u00C3");
  CHECK(plain(go::delete_white_space(" a b\tc\n")) == "abc");
  CHECK(plain(go::delete_white_space("é")) == "é");  // nothing to delete: as it was
  CHECK(plain(go::delete_white_space("é ")) == "\u00C3\u00A9");
}

TEST_CASE("case of words") {
  CHECK(plain(go::uncapitalize("Ét Où")) == "ét où");
  CHECK(plain(go::swap_case("the Quick bROWN ǆ ǅx")) == "THE qUICK Brown ǅ ǆX");
}

TEST_CASE("lines break at spaces, and long words only where asked for") {
  const auto wrap = [](std::string_view text, std::int64_t width) {
    return plain(go::wrap(text, {width, "\n", false}));
  };
  const auto wrap_with = [](std::string_view text, std::int64_t width,
                            std::string_view line_break) {
    return plain(go::wrap(text, {width, line_break, true}));
  };
  CHECK(wrap("The quick brown fox jumps", 11) == "The quick\nbrown fox\njumps");
  CHECK(wrap("aaaaaaaaaa bbb", 5) == "aaaaaaaaaa\nbbb");
  CHECK(wrap("a b c", -5) == "a\nb\nc");
  CHECK(wrap("   a", 2) == " a");
  CHECK(wrap_with("aaaaaaaaaa bbb", 5, "|") == "aaaaa|aaaaa|bbb");
  CHECK(wrap_with("abcd efgh", 4, "") == "abcd\nefgh");
  CHECK(wrap_with("", 4, "|") == "");
}

TEST_CASE("camel case") {
  for (const auto& c : {Mapped{"FirstName", "FirstName"},
                        {"HTTPServer", "Httpserver"},
                        {"GO_PATH", "GoPath"},
                        {"user_ID", "UserId"},
                        {"_foo_", "_Foo_"},
                        {" complex__case ", " Complex_Case "},
                        {"-", "--"},
                        {"x", "X"},
                        {"", ""},
                        {"foo_1", "Foo1"},
                        {"éCole", "ÉCole"}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    CHECK(plain(go::pascal_case(in)) == out);
  }
}

TEST_CASE("snake and kebab case") {
  for (const auto& c : {Mapped{"FirstName", "first_name"},
                        {"HTTPServer", "http_server"},
                        {"NoHTTPS", "no_https"},
                        {"GO PATH", "go_path"},
                        {"GO-PATH", "go_path"},
                        {"http2xx", "http_2xx"},
                        {"HTTP20xOK", "http_20x_ok"},
                        {"Duration2m3s", "duration_2m3s"},
                        {"Bld4Floor3rd", "bld4_floor_3rd"},
                        {"__foo__bar", "__foo__bar"},
                        {"a1B2c3", "a1_b_2c3"},
                        {"foo.bar/baz", "foo.bar/baz"},
                        {"HTTPServer2XX v1.2", "http_server2_xx_v1.2"},
                        {"ABC_def", "abc_def"},
                        {"", ""}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    CHECK(plain(go::separated_words(in, '_')) == out);
  }
  CHECK(plain(go::separated_words("  foo  bar ", '-')) == "--foo--bar-");
}

}  // namespace bulla::test
