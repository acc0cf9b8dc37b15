// SPDX-License-Identifier: Apache-2.0
#include "kube/endpoint.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>

#include "base/base64.hpp"
#include "base/yaml_lines.hpp"
#include "kube/net_error.hpp"
#include "kube/proxy.hpp"
#include "kube/system_trust.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

Error tls_material_error(const char* what, const error_code& failure) {
  ERR_clear_error();
  const auto number = static_cast<unsigned long>(static_cast<unsigned>(failure.value()));
  const int reason = ERR_GET_REASON(number);
  const bool no_pem = reason == ERR_R_PEM_LIB || reason == PEM_R_NO_START_LINE;
  return {Errc::invalid_input, std::string(what) + " is not usable: " +
                                   (no_pem ? "it holds no PEM text" : words_of(failure))};
}

Result<void> load_identity(asio::ssl::context& tls, const ClientIdentity& identity) {
  if (identity.certificate_pem.empty()) return {};
  error_code failure;
  const auto chain = without_byte_order_mark(identity.certificate_pem);
  tls.use_certificate_chain(asio::buffer(chain.data(), chain.size()), failure);
  if (failure) return tls_material_error("the client certificate", failure);
  // OpenSSL would otherwise ask at the terminal for the password of an encrypted key.
  tls.set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
  const auto key = without_byte_order_mark(identity.key_pem);
  tls.use_private_key(asio::buffer(key.data(), key.size()), asio::ssl::context::pem, failure);
  if (failure) return tls_material_error("the client key", failure);
  return {};
}

/// The system's certificates, the configured ones, or both.
enum class Trust { system, configured, both };

Result<TlsContext> make_tls(const ClientConfig& config, Trust trust) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  auto* native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // Otherwise the last record stays deciphered in OpenSSL's buffer, for as long as a watch is
  // quiet.
  SSL_CTX_set_options(native, SSL_OP_CLEANSE_PLAINTEXT);
  // A cluster's CA file may hold an intermediate: what it holds is trusted, as in Go.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
  static constexpr unsigned char http_1_1[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(native, http_1_1, sizeof http_1_1 - 1);
  tls->set_verify_mode(config.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
  error_code failure;
  if (trust != Trust::configured) trust_system(*tls, failure);
  if (!failure && trust != Trust::system) {
    const auto ca = without_byte_order_mark(config.ca_pem);
    tls->add_certificate_authority(asio::buffer(ca.data(), ca.size()), failure);
  }
  if (failure) return tls_material_error("the certificate authority", failure);
  return tls;
}

Result<ProxyHop> make_proxy(const ClientConfig& config) {
  auto url = parse_proxy_url(config.proxy_url);
  if (!url) return url.error().during("the proxy " + quoted(without_credentials(config.proxy_url)));
  ProxyHop proxy;
  proxy.url = std::move(*url);
  const std::string_view user = proxy.url.credentials;
  const auto colon = user.find(':');
  proxy.user = percent_decode(user.substr(0, colon));
  if (colon != user.npos) {
    proxy.password = SecretBuffer::copy_of(percent_decode(user.substr(colon + 1)));
  }
  if (proxy.url.scheme != "https") return proxy;
  // A company's proxy is seldom known to the cluster's CA, nor always to the system's.
  auto tls = make_tls(config, config.ca_pem.empty() ? Trust::system : Trust::both);
  if (!tls) return tls.error();
  proxy.tls = std::move(*tls);
  return proxy;
}

Result<void> check_server(const ClientConfig& config, const Url& url) {
  if (url.scheme != "https" && url.scheme != "http") {
    return Error{Errc::invalid_input, "the server " + quoted(without_credentials(config.server)) +
                                          " must begin with https:// or http://"};
  }
  if (url.host.empty()) {
    return Error{Errc::invalid_input,
                 "the server " + quoted(without_credentials(config.server)) + " names no host"};
  }
  return {};
}

}  // namespace

Result<Endpoint> make_endpoint(const ClientConfig& config, const ClientIdentity& identity) {
  auto url = parse_url(config.server);
  if (!url) return url.error();
  if (auto fine = check_server(config, *url); !fine) return fine.error();
  Endpoint endpoint;
  endpoint.url = std::move(*url);
  endpoint.base_path = endpoint.url.target.substr(0, endpoint.url.target.find('?'));
  while (endpoint.base_path.ends_with('/')) endpoint.base_path.pop_back();
  endpoint.insecure = config.insecure;
  endpoint.verify_name =
      config.tls_server_name.empty() ? endpoint.url.host : config.tls_server_name;
  if (!config.proxy_url.empty()) {
    auto proxy = make_proxy(config);
    if (!proxy) return proxy.error();
    endpoint.proxy = std::move(*proxy);
  }
  if (endpoint.url.scheme != "https") return endpoint;
  auto tls = make_tls(config, config.ca_pem.empty() ? Trust::system : Trust::configured);
  if (!tls) return tls.error();
  const ClientIdentity configured = {config.client_certificate_pem,
                                     config.client_key_pem.expose_secret_text()};
  const bool replaced = !identity.certificate_pem.empty();
  auto loaded = load_identity(**tls, replaced ? identity : configured);
  if (!loaded) return loaded.error();
  endpoint.tls = std::move(*tls);
  return endpoint;
}

void append_proxy_authorization(SecretBuffer& head, const ProxyHop& proxy) {
  if (proxy.user.empty() && proxy.password.empty()) return;
  auto pair = SecretBuffer::copy_of(proxy.user + ":");
  pair.append(proxy.password.expose_secret_text());
  head.append("Proxy-Authorization: Basic ");
  head.append(encode_base64_secret(pair.expose_secret()).expose_secret_text());
  head.append("\r\n");
}

}  // namespace bulla::kube
