// SPDX-License-Identifier: Apache-2.0
#include "template/go/path.hpp"

#include <doctest/doctest.h>

#include "template/go/base32.hpp"
#include "unit/template/go/texts.hpp"

// Expected values: the tests of Go's packages path and encoding/base32, and RFC 4648 section 10.
namespace bulla::test {

using namespace tmpl;

TEST_CASE("paths are cleaned by their text alone") {
  for (const auto& c : {Mapped{"", "."},
                        {"abc/", "abc"},
                        {"abc//./../def", "def"},
                        {"/../a", "/a"},
                        {"//", "/"},
                        {"../../abc", "../../abc"},
                        {"a/../..", ".."},
                        {"/a/b/../../..", "/"},
                        {"abc/def/..", "abc"}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    CHECK(plain(go::path_clean(in)) == out);
  }
  CHECK(go::path_base("a/b/") == "b");
  CHECK(go::path_base("//") == "/");
  CHECK(go::path_base("") == ".");
  CHECK(plain(go::path_dir("a//b/../c")) == "a");
  CHECK(plain(go::path_dir("a")) == ".");
  CHECK(go::path_ext("a.b/c") == "");
  CHECK(go::path_ext("a/b.tar.gz") == ".gz");
}

TEST_CASE("base32") {
  for (const auto& c : {Mapped{"", ""},
                        {"f", "MY======"},
                        {"fo", "MZXQ===="},
                        {"foo", "MZXW6==="},
                        {"foob", "MZXW6YQ="},
                        {"fooba", "MZXW6YTB"},
                        {"foobar", "MZXW6YTBOI======"}}) {
    const auto text = c.in;
    const auto code = c.out;

    CAPTURE(text);
    CHECK(plain(go::encode_base32(text)) == code);
    CHECK(plain(*go::decode_base32(code)) == text);
  }
  CHECK(plain(*go::decode_base32("MZXW\r\n6===\n")) == "foo");
  for (const auto& c : {Mapped{"!!!!", "0"},
                        {"x===", "0"},
                        {"AA=A====", "2"},
                        {"AAA=AAAA", "3"},
                        {"MMMMMMMMM", "8"},
                        {"MMMMMM", "0"},
                        {"A=", "1"},
                        {"AA=", "3"},
                        {"AAAAA=", "6"},
                        {"AAA=====", "3"},
                        {"AAAAAA==", "6"}}) {
    const auto code = c.in;
    const auto at = c.out;

    CAPTURE(code);
    const auto decoded = go::decode_base32(code);
    REQUIRE(!decoded.has_value());
    CHECK(decoded.error().message == "illegal base32 data at input byte " + std::string(at));
  }
}

}  // namespace bulla::test
