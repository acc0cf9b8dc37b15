// SPDX-License-Identifier: Apache-2.0
#include "kube/proxy.hpp"

#include <doctest/doctest.h>

#include <map>

namespace bulla::kube {
namespace {

using Variables = std::map<std::string, std::string>;

std::string proxy_for(const std::string& target, const Variables& variables) {
  Environment environment;
  environment.variable = [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  auto proxy = proxy_from_environment(*parse_url(target), environment);
  return proxy ? *proxy : "error: " + proxy.error().message;
}

}  // namespace

TEST_CASE("the environment's proxy depends on the target's scheme") {
  const Variables both = {{"HTTPS_PROXY", "http://s:1"}, {"http_proxy", "p:2"}};
  CHECK(proxy_for("https://example.com/x", both) == "http://s:1");
  CHECK(proxy_for("http://example.com/x", both) == "http://p:2");  // no scheme: http
  CHECK(proxy_for("https://example.com", {{"HTTP_PROXY", "http://p:2"}}).empty());
  CHECK(proxy_for("https://example.com", {{"HTTPS_PROXY", "http://up"}, {"https_proxy", "low"}}) ==
        "http://up");
  CHECK(proxy_for("https://example.com", {{"HTTPS_PROXY", "socks5://s"}}) == "socks5://s");
  CHECK(proxy_for("https://example.com", {{"HTTPS_PROXY", ""}}).empty());
  CHECK(proxy_for("http://example.com", {{"HTTP_PROXY", "p"}, {"REQUEST_METHOD", "GET"}}) ==
        "error: refusing to use HTTP_PROXY value in CGI environment; see "
        "golang.org/s/cgihttpproxy");
}

// The rules are those of golang.org/x/net/http/httpproxy, as its documentation has them.
TEST_CASE("NO_PROXY") {
  struct Case {
    const char* no_proxy;
    const char* host;
    bool proxied;
  };
  const Case cases[] = {
      {"", "example.com", true},
      {"", "localhost", false},
      {"", "127.0.0.1", false},
      {"", "127.9.9.9", false},
      {"", "[::1]", false},
      {"", "10.0.0.1", true},
      {"*", "example.com", false},
      {"example.com", "example.com", false},
      {"example.com", "EXAMPLE.com", false},
      {"example.com", "www.example.com", false},
      {"example.com", "notexample.com", true},
      {".example.com", "www.example.com", false},
      {".example.com", "example.com", true},
      {"*.example.com", "www.example.com", false},
      {"*.example.com", "example.com", true},
      {"example.com:8443", "example.com:8443", false},
      {"example.com:8443", "example.com", true},
      {"example.com:443", "example.com", false},
      {"other.org , Example.com", "example.com", false},
      {"10.0.0.1", "10.0.0.1", false},
      {"10.0.0.1:6443", "10.0.0.1:6443", false},
      {"10.0.0.1:6443", "10.0.0.1:443", true},
      {"10.0.0.0/8", "10.1.2.3", false},
      {"10.0.0.0/8", "11.1.2.3", true},
      {"10.0.0.0/9", "10.128.0.1", true},
      {"0.0.0.0/0", "10.1.2.3", false},
      {"0.0.0.0/0", "[fd00::1]", true},
      {"10.0.0.0/99", "10.1.2.3", true},
      {"fd00::/8", "[fd12::1]", false},
      {"fd00::/8", "[fe80::1]", true},
      {"fd00::1", "[fd00::1]", false},
      {"[fd00::1]:443", "[fd00::1]", false},
      {"10.0.0.0/8", "10.example.com", true},
      {":443,,", "example.com", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.no_proxy);
    CAPTURE(c.host);
    const auto proxy = proxy_for(std::string("https://") + c.host,
                                 {{"HTTPS_PROXY", "http://p"}, {"NO_PROXY", c.no_proxy}});
    CHECK(!proxy.empty() == c.proxied);
  }
}

TEST_CASE("a proxy-url is http, https or socks5, and its password is not told") {
  CHECK(parse_proxy_url("http://p")->port == 80);
  CHECK(parse_proxy_url("https://u:p@h:8443")->credentials == "u:p");
  CHECK(parse_proxy_url("socks5://p")->port == 1080);
  CHECK(parse_proxy_url("ftp://p").error().message ==
        "unsupported scheme \"ftp\", must be http, https, or socks5");
  CHECK(parse_proxy_url("http://").error().message == "it names no host");
  CHECK(parse_proxy_url("http://u:s3cret@h:bad").error().message ==
        "could not parse: http://xxxxx@h:bad");
  CHECK(without_credentials("https://u:s3cret@h/a@b") == "https://xxxxx@h/a@b");
  CHECK(without_credentials("https://h/a@b") == "https://h/a@b");
  CHECK(without_credentials("https://u:s3/cret@h/") == "https://xxxxx@h/");
  CHECK(without_credentials("https://u:%zz@h/") == "https://xxxxx@h/");
}

}  // namespace bulla::kube
