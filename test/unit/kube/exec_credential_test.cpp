// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_credential.hpp"

#include <doctest/doctest.h>

namespace bulla::kube {

TEST_CASE("a plugin hands out a token, a certificate, or both") {
  const auto token = parse_exec_credential(
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
          "status":{"token":"t","expirationTimestamp":"2018-03-05T17:30:20-08:00"}})",
      exec_api_v1);
  REQUIRE(token.has_value());
  CHECK(token->token.expose_secret_text() == "t");
  CHECK(format_rfc3339(*token->expires_at) == "2018-03-06T01:30:20Z");

  const auto certificate = parse_exec_credential(
      "apiVersion: client.authentication.k8s.io/v1beta1\nkind: ExecCredential\n"
      "status: {clientCertificateData: C, clientKeyData: K}\n",
      exec_api_v1beta1);
  REQUIRE(certificate.has_value());
  CHECK(certificate->client_certificate_pem == "C");
  CHECK(certificate->client_key_pem.expose_secret_text() == "K");
  CHECK(certificate->token.empty());
  CHECK_FALSE(certificate->expires_at.has_value());
}

TEST_CASE("what a plugin must not print is told without what it printed") {
  struct Case {
    const char* name;
    std::string rest;  // after kind and apiVersion
    const char* message;
  };
  const Case cases[] = {
      {"no status", "", "exec plugin didn't return a status field"},
      {"a null status", R"(,"status":null)", "exec plugin didn't return a status field"},
      {"an empty status", R"(,"status":{})", "exec plugin didn't return a token or cert/key pair"},
      {"a certificate alone", R"(,"status":{"clientCertificateData":"s3cret"})",
       "exec plugin returned only certificate or key, not both"},
      {"a key alone", R"(,"status":{"token":"t","clientKeyData":"s3cret"})",
       "exec plugin returned only certificate or key, not both"},
      {"a token that is a number", R"(,"status":{"token":5})",
       "exec plugin returned a token that is not a text"},
      {"a token with a line break", R"(,"status":{"token":"s3cret\n"})",
       "exec plugin returned a token with white space or a control character in it"},
      {"a time that is none", R"(,"status":{"token":"t","expirationTimestamp":"s3cret"})",
       "exec plugin returned an expirationTimestamp that is no time"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto text =
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential")" + c.rest + "}";
    const auto credential = parse_exec_credential(text, exec_api_v1);
    REQUIRE_FALSE(credential.has_value());
    CHECK(credential.error().message == c.message);
  }
}

TEST_CASE("another kind or version is refused by name") {
  const auto refusal = [](const char* text) {
    return parse_exec_credential(text, exec_api_v1).error().message;
  };
  CHECK(refusal("") == "exec plugin printed something that is neither JSON nor YAML");
  CHECK(refusal("{ s3cret") == "exec plugin printed something that is neither JSON nor YAML");
  CHECK(refusal("s3cret") == "exec plugin didn't print an ExecCredential");
  CHECK(refusal(R"({"kind":"Secret"})") ==
        "exec plugin printed an object of kind \"Secret\", not an ExecCredential");
  CHECK(
      refusal(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})") ==
      "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin "
      "returned version client.authentication.k8s.io/v1beta1");
}

TEST_CASE("a plugin is told the cluster only if it asks for it") {
  ExecPlugin plugin;
  plugin.api_version = exec_api_v1;
  CHECK(exec_info(plugin, true) ==
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
        R"("spec":{"interactive":true}})");
  plugin.cluster_info = exec_cluster_info({.server = "https://h:1",
                                           .tls_server_name = "n",
                                           .insecure = false,
                                           .ca_pem = "CA",
                                           .proxy_url = "http://p",
                                           .disable_compression = true,
                                           .extension = R"({"a":[1]})"});
  CHECK(exec_info(plugin, false) ==
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":)"
        R"({"cluster":{"server":"https://h:1","tls-server-name":"n",)"
        R"("certificate-authority-data":"Q0E=","proxy-url":"http://p",)"
        R"("disable-compression":true,"config":{"a":[1]}},"interactive":false}})");
}

}  // namespace bulla::kube
