// SPDX-License-Identifier: Apache-2.0
#include "kube/request.hpp"

#include <doctest/doctest.h>

#include "kube/object.hpp"
#include "kube/status.hpp"
#include "kube/url.hpp"

namespace bulla::kube {

TEST_CASE("every byte that is not unreserved is percent-encoded") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("app in (a,b),!c=d/e %") == "app%20in%20%28a%2Cb%29%2C%21c%3Dd%2Fe%20%25");
  CHECK(percent_encode("\xC3\xA9\n") == "%C3%A9%0A");
}

TEST_CASE("paths name a collection, an object or its subresource") {
  const ResourceType sealed{"bitnami.com", "v1alpha1", "sealedsecrets"};
  const ResourceType secrets{"", "v1", "secrets"};
  CHECK(resource_path(sealed) == "/apis/bitnami.com/v1alpha1/sealedsecrets");
  CHECK(resource_path(sealed, {"team", "db", "status"}) ==
        "/apis/bitnami.com/v1alpha1/namespaces/team/sealedsecrets/db/status");
  CHECK(resource_path(secrets, {"a/b", "..", ""}) == "/api/v1/namespaces/a%2Fb/secrets/..");
  CHECK(
      service_proxy_path({"kube-system", "sealed-secrets-controller", ""}, "v1/cert.pem") ==
      "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:/proxy/v1/cert.pem");
}

TEST_CASE("a failed answer is told by its Status, else by its number") {
  struct Case {
    const char* name;
    unsigned status;
    const char* body;
    Errc code;
    const char* message;
  };
  const char* path = "/api/v1/namespaces/ns/services/http:app:http/proxy/v1/verify";
  const Case cases[] = {
      {"forbidden", 403, R"({"kind":"Status","reason":"Forbidden","message":"no","code":403})",
       Errc::unavailable, "no"},
      {"the reason wins over the number", 500,
       R"({"kind":"Status","reason":"NotFound","message":"m"})", Errc::not_found, "m"},
      {"an unknown reason leaves it to the number", 409,
       R"({"kind":"Status","reason":"New","message":"m"})", Errc::conflict, "m"},
      {"a version from the future is listed again", 504,
       R"({"kind":"Status","reason":"Timeout","message":"m",)"
       R"("details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}})",
       Errc::gone, "m"},
      {"expired", 410, R"({"kind":"Status","reason":"Expired","message":"m"})", Errc::gone, "m"},
      {"invalid", 422, R"({"kind":"Status","reason":"Invalid","message":"m"})", Errc::rejected,
       "m"},
      {"a proxy's text", 503, "no endpoints", Errc::unavailable,
       "the server is currently unable to handle the request (post services http:app:http)"},
      {"an error in plain text", 500, "boom", Errc::unavailable,
       "an error on the server (\"boom\") has prevented the request from succeeding "
       "(post services http:app:http)"},
      {"a bad request in plain text", 400, "bad", Errc::rejected,
       "the server rejected our request for an unknown reason (post services http:app:http)"},
      {"too many requests", 429, "slow", Errc::unavailable,
       "the server has received too many requests and has asked us to try again later "
       "(post services http:app:http)"},
      {"unauthorized", 401, "", Errc::unavailable,
       "the server does not accept our credentials (post services http:app:http)"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    FailedAnswer answer;
    answer.method = Method::post;
    answer.path = path;
    answer.status = c.status;
    answer.body = c.body;
    const auto error = status_error(answer);
    CHECK(error.code == c.code);
    CHECK(error.message == c.message);
  }
}

TEST_CASE("how long to wait comes from the Status or the header") {
  FailedAnswer answer;
  answer.status = 429;
  answer.retry_after = "7";
  CHECK(status_error(answer).retry_after == std::chrono::seconds(7));
  answer.retry_after = "Wed, 21 Oct 2026 07:28:00 GMT";
  CHECK_FALSE(status_error(answer).retry_after.has_value());
  answer.body = R"({"kind":"Status","details":{"retryAfterSeconds":3}})";
  CHECK(status_error(answer).retry_after == std::chrono::seconds(3));
  answer.body = R"({"kind":"Status","reason":"Forbidden","code":403,"message":"being terminated",)"
                R"("details":{"causes":[{"reason":"NamespaceTerminating"}]}})";
  answer.status = 403;
  answer.retry_after = "";
  CHECK(status_error(answer).code == Errc::gone);
  CHECK(status_error(answer).retry_after == std::chrono::seconds(5));
}

TEST_CASE("metadata of the wrong type reads as absent") {
  const auto object = parse_json(R"({"metadata":{"name":"a","generation":"x","labels":[],
      "annotations":{"k":"","n":1},"ownerReferences":[{"kind":"A"},{"controller":true,"uid":"u"}]}})");
  REQUIRE(object.has_value());
  CHECK(key_of(*object) == ObjectKey{"", "a"});
  CHECK(generation_of(*object) == 0);
  CHECK(labels_of(*object) == nullptr);
  CHECK(annotation_of(*object, "k") == "");
  CHECK_FALSE(annotation_of(*object, "n").has_value());
  REQUIRE(controller_of(*object).has_value());
  CHECK(controller_of(*object)->uid == "u");
  CHECK_FALSE(parse_json("{\"a\":1} x").has_value());
}

TEST_CASE("URLs are taken apart as Go does it") {
  const auto url = parse_url("HTTPS://u:p@[::1]:8443/a?b#c");
  REQUIRE(url.has_value());
  CHECK(url->scheme == "https");
  CHECK(url->address() == "[::1]:8443");
  CHECK(url->target == "/a?b");
  CHECK(parse_url("cert.pem")->scheme.empty());
  CHECK(parse_url("c:nofile.pem")->scheme == "c");
  CHECK(parse_url("%zz").error().message == "parse \"%zz\": invalid URL escape \"%zz\"");
  CHECK(parse_url("http://h:x").error().message ==
        "parse \"http://h:x\": invalid port \":x\" after host");
  CHECK(parse_url(":x").error().message == "parse \":x\": missing protocol scheme");
  CHECK(resolve_url(*url, "/x")->target == "/x");
  CHECK(resolve_url(*url, "http://h/y")->host == "h");
}

TEST_CASE("no URL that can't be parsed shows its password") {
  for (const auto* text :
       {"http://u:s3cret@127.0.0.1:99999/x", "http://u:s3cret%zz@h/", "http://u:s3cret@[::1/",
        "http://u:s3cret\n@h/", ":u:s3cret@h", "http://u:s3cret@v@h:x/", "http://u:%s3cret@h/",
        "http://u:s#s3cret@h:x"}) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE(!url);
    CHECK(url.error().message.find("s3cret") == std::string::npos);
    CHECK(url.error().message.find("xxxxx@") != std::string::npos);
  }
}

TEST_CASE("what can't stand in a request's line is escaped, once") {
  CHECK(percent_encode_unsafe("/a b/\xC3\xA4?x=\"1\"") == "/a%20b/%C3%A4?x=%221%22");
  CHECK(percent_encode_unsafe("/a%20b/c.pem?x=1&y=2") == "/a%20b/c.pem?x=1&y=2");
}

}  // namespace bulla::kube
