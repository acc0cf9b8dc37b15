// SPDX-License-Identifier: Apache-2.0
#include "template/go/url.hpp"

#include <doctest/doctest.h>

#include "unit/template/go/texts.hpp"

// Expected values: the tests of Go's package net/url, and runs of sprig.
namespace bulla::test {

using namespace tmpl;

TEST_CASE("URLs come out as they went in, or in the usual escapes") {
  for (const auto& c : {Mapped{"https://user:pa%20ss@example.com:8443/a/b%20c?q=1&r=a+b#frag",
                               "https://user:pa%20ss@example.com:8443/a/b%20c?q=1&r=a+b#frag"},
                        {"http://h", "http://h"},
                        {"HTTP://Host.COM/P", "http://Host.COM/P"},
                        {"mailto:a@b.c", "mailto:a@b.c"},
                        {"a:b:c", "a:b:c"},
                        {"//host/path", "//host/path"},
                        {"http://[::1]:80/x", "http://[::1]:80/x"},
                        {"http://[fe80::1%25en0]/", "http://[fe80::1%25en0]/"},
                        {"https://h#", "https://h"},
                        {"https://h/?", "https://h/?"},
                        {"http://:p@h", "http://:p@h"},
                        {"http://u:@h", "http://u:@h"},
                        {"http://u:p:q@h", "http://u:p%3Aq@h"},
                        {"http://é.com/世?k=é", "http://%C3%A9.com/%E4%B8%96?k=é"},
                        {"http://h/a?b?c#d#e", "http://h/a?b?c#d%23e"},
                        {"http://h/a%2Fb", "http://h/a%2Fb"},
                        {"file:///etc/hosts", "file:///etc/hosts"},
                        {"?q", "?q"},
                        {"#f", "#f"},
                        {"*", "*"},
                        {"", ""}}) {
    const auto in = c.in;
    const auto out = c.out;

    CAPTURE(in);
    const auto url = go::parse_url(in, go::Quoting::allowed);
    REQUIRE(url.has_value());
    CHECK(plain(url->to_text()) == out);
  }
}

TEST_CASE("the parts of a URL are decoded") {
  const auto url =
      go::parse_url("https://u%40x:p%2Fq@[::1]:80/a%20b?c%20d#e%20f", go::Quoting::allowed);
  REQUIRE(url.has_value());
  CHECK(plain(url->scheme) == "https");
  CHECK(plain(url->user->name) == "u@x");
  CHECK(plain(*url->user->password) == "p/q");
  CHECK(plain(url->user->to_text()) == "u%40x:p%2Fq");
  CHECK(plain(url->host) == "[::1]:80");
  CHECK(url->host_name() == "::1");
  CHECK(plain(url->path) == "/a b");
  CHECK(plain(url->query) == "c%20d");
  CHECK(plain(url->fragment) == "e f");
}

TEST_CASE("a relative path that looks like a scheme gets a dot in front") {
  go::Url url;
  url.path = SecretBuffer::copy_of("a:b");
  CHECK(plain(url.to_text()) == "./a:b");
  url.host = SecretBuffer::copy_of("h");
  CHECK(plain(url.to_text()) == "//h/a:b");
}

TEST_CASE("what is no URL is told in Go's words") {
  for (const auto& c :
       {Mapped{"http://h/%zz", R"(parse "http://h/%zz": invalid URL escape "%zz")"},
        {"http://a b/", R"(parse "http://a b/": invalid character " " in host name)"},
        {"1http://x", R"(parse "1http://x": first path segment in URL cannot contain colon)"},
        {"http://h\x01", R"(parse "http://h\x01": net/url: invalid control character in URL)"},
        {":x", R"(parse ":x": missing protocol scheme)"},
        {"http://h:x", R"(parse "http://h:x": invalid port ":x" after host)"},
        {"http://[::1", R"(parse "http://[::1": missing ']' in host)"},
        {"http://a%20b/", R"(parse "http://a%20b/": invalid URL escape "%20")"},
        {"http://u\\@h", R"(parse "http://u\\@h": net/url: invalid userinfo)"},
        {"h#%", R"(parse "h#%": invalid URL escape "%")"}}) {
    const auto in = c.in;
    const auto why = c.out;

    CAPTURE(in);
    const auto url = go::parse_url(in, go::Quoting::allowed);
    REQUIRE(!url.has_value());
    CHECK(url.error().message == why);
  }
}

}  // namespace bulla::test
