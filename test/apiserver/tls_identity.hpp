// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bulla::test {

/// A certificate authority made for one run, and a server certificate from it. ECDSA P-256; valid
/// from an hour ago for ten years. All PEM.
struct TlsIdentity {
  std::string ca_certificate_pem;
  std::string certificate_pem;
  std::string private_key_pem;  ///< PKCS#8
};

/// Throws std::runtime_error when OpenSSL fails, which leaves a test nothing to do.
/// `alternative_names`: as in openssl's x509v3_config(5), or "" for a certificate without any.
[[nodiscard]] TlsIdentity make_tls_identity(
    const std::string& alternative_names = "IP:127.0.0.1,IP:::1,DNS:localhost",
    const std::string& common_name = "test-apiserver");

}  // namespace bulla::test
