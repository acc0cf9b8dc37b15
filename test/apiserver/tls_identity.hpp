// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bulla::test {

/// A certificate authority made for one run, and a server certificate from it for 127.0.0.1,
/// ::1 and localhost. ECDSA P-256; valid from an hour ago for ten years. All PEM.
struct TlsIdentity {
  std::string ca_certificate_pem;
  std::string certificate_pem;
  std::string private_key_pem;  ///< PKCS#8
};

/// Throws std::runtime_error when OpenSSL fails, which leaves a test nothing to do.
[[nodiscard]] TlsIdentity make_tls_identity();

}  // namespace bulla::test
