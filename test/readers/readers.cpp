// SPDX-License-Identifier: Apache-2.0
#include "readers/readers.hpp"

#include <boost/json/object.hpp>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/reading_budget.hpp"
#include "base/yaml_edit.hpp"
#include "base/yaml_lines.hpp"
#include "base/yaml_source.hpp"
#include "crypto/certificate.hpp"
#include "crypto/key.hpp"
#include "kube/endpoint.hpp"
#include "kube/exec_credential.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/object.hpp"
#include "kube/status.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"

namespace bulla::test {

namespace {

void read_file_of_documents(std::string_view text) {
  const auto documents = read_documents(text);
  if (!documents) return;
  for (const auto& document : *documents) {
    static_cast<void>(Secret::from_json(document.value, document.scalars));
    static_cast<void>(SealedSecret::from_json(document.value, document.scalars));
  }
}

void read_request_body(std::string_view text) {
  static_cast<void>(read_documents(text, {.documents_max = 2,
                                          .aliases = Aliases::refused,
                                          .reading_bytes_max = limits::request_reading_bytes_max}));
}

void read_plain_yaml(std::string_view text) { static_cast<void>(read_yaml_as_it_is(text)); }

void edit_yaml(std::string_view text) {
  static_cast<void>(patch_yaml(text, {{"spec", {{"encryptedData", {{"a", "b"}}}}}}));
}

/// sealer/explain_input.cpp looks at texts that could be read.
void map_places(std::string_view text) {
  if (read_yaml(text)) static_cast<void>(map_yaml(text));
}

void read_answer(std::string_view text) { static_cast<void>(kube::parse_json(text)); }

void read_error_answer(std::string_view text) {
  static_cast<void>(kube::status_error(kube::FailedAnswer{.status = 500, .body = text}));
}

void read_kubeconfig(std::string_view text) {
  static_cast<void>(kube::parse_kubeconfig(text, "/home/me/.kube/config"));
}

void read_plugin(std::string_view text) {
  static_cast<void>(kube::parse_exec_credential(text, kube::exec_api_v1));
}

void read_certificate(std::string_view text) { static_cast<void>(Certificate::from_pem(text)); }

void read_private_keys(std::string_view text) { static_cast<void>(parse_private_keys(text)); }

void read_authorities(std::string_view text) {
  kube::ClientConfig config;
  config.server = "https://localhost:1";
  config.ca_pem = text;
  static_cast<void>(kube::make_endpoint(config));
}

/// The system's would count too.
const std::string& authority() {
  static const std::string pem = [] {
    const auto text = read_file(std::string(BULLA_TEST_DATA) + "/keys/ec.crt", limits::mib);
    return std::string(text.value().expose_secret_text());
  }();
  return pem;
}

void read_client_certificate(std::string_view text) {
  kube::ClientConfig config;
  config.server = "https://localhost:1";
  config.ca_pem = authority();
  static_cast<void>(kube::make_endpoint(config, {.certificate_pem = text, .key_pem = text}));
}

}  // namespace

const std::vector<Reader>& all_readers() {
  static const std::vector<Reader> readers = {
      {"files of documents", read_file_of_documents, limits::input_bytes_max},
      {"bodies of requests", read_request_body, limits::request_body_bytes_max},
      {"YAML", read_plain_yaml, limits::input_bytes_max},
      {"YAML that is edited", edit_yaml, limits::input_bytes_max},
      {"places in YAML", map_places, limits::input_bytes_max},
      {"an API server's answers", read_answer, limits::response_body_bytes_max},
      {"its errors", read_error_answer, limits::response_body_bytes_max},
      {"kubeconfigs", read_kubeconfig, kube::kubeconfig_bytes_max},
      {"what a credential plug-in prints", read_plugin, limits::mib},
      {"certificates", read_certificate, limits::certificate_bytes_max},
      {"private keys", read_private_keys, 64 * limits::mib},
      {"certificate authorities", read_authorities, limits::certificate_bytes_max},
      {"client certificates", read_client_certificate, limits::certificate_bytes_max},
  };
  return readers;
}

std::size_t reader_bytes_max(std::size_t text_bytes) {
  return reading_bytes_max(std::max(text_bytes, limits::object_bytes_max));
}

}  // namespace bulla::test
