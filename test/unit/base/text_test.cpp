// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

namespace bulla::test {

TEST_CASE("text is quoted as Go's %q does for what could mislead") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
  CHECK(quoted(std::string_view("\0\x1b\x7f", 3)) == R"("\x00\x1b\x7f")");
  CHECK(quoted("\xFF"
               "a\xC3") == R"("\xffa\xc3")");
  CHECK(quoted("\xC2\x85") == R"("\u0085")");
  CHECK(quoted("\xE2\x80\xAE") == R"("\u202e")");
  CHECK(quoted("\xC3\xA4") == "\"\xC3\xA4\"");
  CHECK(quoted(std::string(201, 'x')) == "\"" + std::string(200, 'x') + "...\"");
}

TEST_CASE("what is printed can't steer a terminal") {
  CHECK(printable("a \"b\" c\\d \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x8C\x8D") ==
        "a \"b\" c\\d \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x8C\x8D");
  CHECK(printable("\x1b]0;title\x07\x1b[2J") == R"(\x1b]0;title\x07\x1b[2J)");
  CHECK(printable(std::string_view("\0\b\r\t\x7f", 5)) == R"(\x00\x08\r\t\x7f)");
  CHECK(printable("\xC2\x9B"
                  "31m") == R"(\u009b31m)");  // CSI of C1
  CHECK(printable("\x9B"
                  "31m\xC3") == R"(\x9b31m\xc3)");
  // U+202E, U+2066, U+2069, U+200F, U+061C, U+2028
  CHECK(printable("\xE2\x80\xAE"
                  "a\xE2\x81\xA6"
                  "b\xE2\x81\xA9\xE2\x80\x8F\xD8\x9C\xE2\x80\xA8") ==
        R"(\u202ea\u2066b\u2069\u200f\u061c\u2028)");
  CHECK(printable("a\r\nb") == R"(a\r\nb)");
  CHECK(printable("a\r\nb\n", LineEnds::kept) == "a\\r\nb\n");
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    for (const char shown : printable(std::string(1, static_cast<char>(c))))
      CHECK((shown >= ' ' && shown <= '~'));
  }
}

TEST_CASE("UTF-8 is what RFC 3629 says") {
  for (const auto* good :
       {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x8C\x8D", "\xEF\xBF\xBF"}) {
    CAPTURE(good);
    CHECK(is_valid_utf8(good));
  }
  for (const auto* bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xE2\x82"}) {
    CAPTURE(bad);
    CHECK(!is_valid_utf8(bad));
  }
  for (const char32_t code_point : {U'a', U'\u00e4', U'\u20ac', U'\U0001F30D', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, code_point);
    std::size_t size = 0;
    CHECK(decode_utf8(text, size) == code_point);
    CHECK(size == text.size());
  }
}

TEST_CASE("splitting and trimming keep what is between") {
  using Pieces = std::vector<std::string_view>;
  CHECK(split("", ',') == Pieces{""});
  CHECK(split("a,,b,", ',') == Pieces{"a", "", "b", ""});
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim(" \n") == "");
  CHECK(to_lower("AbZ\xC3\x84") == "abz\xC3\x84");
}

}  // namespace bulla::test
