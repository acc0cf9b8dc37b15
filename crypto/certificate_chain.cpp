// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate_chain.hpp"

#include <openssl/x509.h>

#include <span>

#include "base/limits.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pem.hpp"

namespace bulla {

namespace {

constexpr std::string_view pem_type = "CERTIFICATE";

bool is_certificate(std::span<const std::uint8_t> der) {
  const std::uint8_t* position = der.data();
  const openssl::X509Handle x509(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  return x509 && position == der.data() + der.size();
}

}  // namespace

Result<std::string> certificates_alone(std::string_view pem) {
  const openssl::DrainsErrorQueue drains;
  if (pem.size() > limits::certificate_bytes_max) {
    return Error{Errc::invalid_input, "certificates of more than " +
                                          std::to_string(limits::certificate_bytes_max) + " bytes"};
  }
  std::string out;
  PemReader blocks(pem);
  while (const auto block = blocks.next()) {
    const auto der = block->der.expose_secret();
    if (block->type != pem_type || block->has_headers || !is_certificate(der)) continue;
    out += write_pem(pem_type, der).expose_secret_text();
  }
  if (!out.empty()) return out;
  return Error{Errc::not_found, "data does not contain any valid RSA or ECDSA certificates"};
}

}  // namespace bulla
