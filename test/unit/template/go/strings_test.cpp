// SPDX-License-Identifier: Apache-2.0
#include "template/go/strings.hpp"

#include <doctest/doctest.h>

#include "template/go/unicode.hpp"
#include "unit/template/go/texts.hpp"

// Expected values: the documentation and tests of Go's packages strings and unicode.
namespace bulla::test {
namespace {

using namespace tmpl;

std::vector<std::string> pieces(std::string_view text, std::string_view separator,
                                std::int64_t limit) {
  std::vector<std::string> out;
  const auto split = go::split_n(text, separator, limit);
  if (!split) return {"nil"};
  for (const auto piece : *split) out.emplace_back(piece);
  return out;
}
using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("case changes code point by code point") {
  CHECK(plain(go::upper("éàü straße ǆ İı")) == "ÉÀÜ STRAßE Ǆ İI");
  CHECK(plain(go::lower("ΌΣΟΣ ǅ İI")) == "όσοσ ǆ ii");
  CHECK(plain(go::upper("a\xFF"
                        "b")) == "A\uFFFDB");
}

TEST_CASE("a title begins after anything but letters, digits and underscores") {
  for (const auto& c : {Mapped{"hello-world foo_bar", "Hello-World Foo_bar"},
                        {"a.b/c it's", "A.B/C It'S"},
                        {"ß straße", "ß Straße"},
                        {"ǆ 2x", "ǅ 2x"},
                        {"\u00abq\u00bb", "\u00abq\u00bb"}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    CHECK(plain(go::title(in)) == out);
  }
}

TEST_CASE("white space is Unicode's, and broken UTF-8 stops a trim") {
  CHECK(go::trim_space(" \t\u2003 a b \u00a0\n") == "a b");
  CHECK(go::trim_space("\u200bx") == "\u200bx");
  CHECK(go::trim_space(" \x80 ") == "\x80");
  CHECK(go::trim_any("éaé", "é") == "a");
  CHECK(go::trim_any("\x80test\xff", "\xff") == "test");  // both are U+FFFD to Go
  CHECK(go::trim_any("☺\xC0", "☺") == "\xC0");
  CHECK(go::trim_prefix("v1", "v") == "1");
  CHECK(go::trim_suffix("a--", "-") == "a-");
}

TEST_CASE("an empty separator stands around each character") {
  CHECK(pieces("a,b,c", ",", -1) == Pieces{"a", "b", "c"});
  CHECK(pieces("a,b,c", ",", 2) == Pieces{"a", "b,c"});
  CHECK(pieces("a,b,c", ",", 0) == Pieces{"nil"});
  CHECK(pieces("", ",", -1) == Pieces{""});
  CHECK(pieces("", "", -1) == Pieces{});
  CHECK(pieces("☺☻☹", "", -1) == Pieces{"☺", "☻", "☹"});
  CHECK(pieces("☺☻☹", "", 2) == Pieces{"☺", "☻☹"});
  CHECK(pieces("a\xFF", "", -1) == Pieces{"a", "\xFF"});
  CHECK(plain(go::replace_all("banana", "", "<>")) == "<>b<>a<>n<>a<>n<>a<>");
  CHECK(plain(go::replace_all("☺☻", "", "-")) == "-☺-☻-");
  CHECK(plain(go::replace_all("aaaaa", "aa", "b")) == "bba");
  CHECK(go::count("cheese", "e") == 3);
  CHECK(go::count("five", "") == 5);
}

TEST_CASE("the last code point is found from the end") {
  std::string_view text = "a\xE2\x82\xAC\x82";
  CHECK(go::take_last_rune(text) == 0xFFFD);
  CHECK(go::take_last_rune(text) == 0x20AC);
  CHECK(go::take_last_rune(text) == 'a');
  CHECK(text.empty());
}

}  // namespace bulla::test
