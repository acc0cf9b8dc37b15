// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_credential.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "base/yaml_lines.hpp"
#include "kube/object.hpp"

namespace bulla::kube {

namespace json = boost::json;

namespace {

Error invalid(std::string message) { return {Errc::invalid_input, std::move(message)}; }

/// JSON is what plugins print; the reference reads YAML too.
Result<json::value> read_output(std::string_view output) {
  if (trim(output).starts_with('{')) return parse_json(output);
  auto documents = read_yaml_as_it_is(output);
  if (!documents) return documents.error();
  if (documents->size() != 1) return invalid("it is not one document");
  return std::move(documents->front());
}

Result<void> check_kind(const json::value& answer, std::string_view api_version) {
  if (!answer.is_object()) return invalid("exec plugin didn't print an ExecCredential");
  const auto kind = text_at(answer, {"kind"});
  if (kind != "ExecCredential") {
    return invalid("exec plugin printed an object of kind " + quoted(kind) +
                   ", not an ExecCredential");
  }
  const auto version = text_at(answer, {"apiVersion"});
  if (version == api_version) return {};
  return invalid("exec plugin is configured to use API version " + std::string(api_version) +
                 ", plugin returned version " +
                 (version.empty() ? "none" : std::string(version.substr(0, 100))));
}

/// Text of the status; what is there must be text.
Result<std::string_view> status_text(const json::object& status, std::string_view name) {
  const auto* value = status.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string_view();
  if (const auto* text = value->if_string()) return std::string_view(*text);
  return invalid("exec plugin returned a " + std::string(name) + " that is not a text");
}

bool is_header_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

Result<void> check_complete(const ExecCredential& credential) {
  const bool certificate = !credential.client_certificate_pem.empty();
  const bool key = !credential.client_key_pem.empty();
  if (credential.token.empty() && !certificate && !key) {
    return invalid("exec plugin didn't return a token or cert/key pair");
  }
  if (certificate != key) {
    return invalid("exec plugin returned only certificate or key, not both");
  }
  if (!is_header_value(credential.token.expose_secret_text())) {
    return invalid("exec plugin returned a token with white space or a control character in it");
  }
  return {};
}

Result<ExecCredential> read_status(const json::object& status) {
  ExecCredential credential;
  const auto token = status_text(status, "token");
  if (!token) return token.error();
  credential.token = SecretBuffer::copy_of(*token);
  const auto certificate = status_text(status, "clientCertificateData");
  if (!certificate) return certificate.error();
  credential.client_certificate_pem = *certificate;
  const auto key = status_text(status, "clientKeyData");
  if (!key) return key.error();
  credential.client_key_pem = SecretBuffer::copy_of(*key);
  const auto expiry = status_text(status, "expirationTimestamp");
  if (!expiry) return expiry.error();
  if (!expiry->empty()) {
    const auto time = parse_rfc3339(*expiry);
    if (!time) return invalid("exec plugin returned an expirationTimestamp that is no time");
    credential.expires_at = *time;
  }
  if (auto complete = check_complete(credential); !complete) return complete.error();
  return credential;
}

}  // namespace

std::string exec_cluster_info(const ExecCluster& cluster) {
  json::object info;
  info["server"] = cluster.server;
  if (!cluster.tls_server_name.empty()) info["tls-server-name"] = cluster.tls_server_name;
  if (cluster.insecure) info["insecure-skip-tls-verify"] = true;
  if (!cluster.ca_pem.empty()) {
    info["certificate-authority-data"] = encode_base64(as_bytes(cluster.ca_pem));
  }
  if (!cluster.proxy_url.empty()) info["proxy-url"] = cluster.proxy_url;
  if (cluster.disable_compression) info["disable-compression"] = true;
  auto text = json::serialize(info);
  if (cluster.extension.empty()) return text;
  text.pop_back();  // the brace; the extension is JSON already
  return text + R"(,"config":)" + std::string(cluster.extension) + "}";
}

std::string exec_info(const ExecPlugin& plugin, bool interactive) {
  std::string text = R"({"kind":"ExecCredential","apiVersion":)";
  text += json::serialize(json::value(plugin.api_version));
  text += R"(,"spec":{)";
  if (!plugin.cluster_info.empty()) text += R"("cluster":)" + plugin.cluster_info + ",";
  return text + R"("interactive":)" + (interactive ? "true}}" : "false}}");
}

Result<ExecCredential> parse_exec_credential(std::string_view output,
                                             std::string_view api_version) {
  const auto answer = read_output(output);
  if (!answer) {
    // The parser's words may quote what it found.
    return invalid("exec plugin printed something that is neither JSON nor YAML");
  }
  if (auto checked = check_kind(*answer, api_version); !checked) return checked.error();
  const auto* status = answer->get_object().if_contains("status");
  if (status == nullptr || !status->is_object()) {
    return invalid("exec plugin didn't return a status field");
  }
  return read_status(status->get_object());
}

}  // namespace bulla::kube
