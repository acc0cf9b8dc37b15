// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/functions/openssl.hpp"

// Certificates as sprig has Go's crypto/x509 make them.
namespace bulla::tmpl {

/// An IPv4 address has 4 bytes, an IPv6 address 16.
using IpAddress = std::vector<std::uint8_t>;

/// net.ParseIP: an IPv4 address mapped to IPv6 is an IPv4 address. Nothing if it is none.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

struct CertificateRequest {
  std::string_view common_name;
  std::vector<IpAddress> ips;
  std::vector<std::string_view> dns_names;
  std::int64_t days_valid = 0;
  WallTime now;
  std::span<const std::uint8_t> serial;  ///< 16 random bytes
  bool is_authority = false;
};

/// Who signs: the certificate, or null for one that signs itself, and its key.
struct Signer {
  const X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

/// A certificate for `key`. Errors: invalid_input (a name that isn't ASCII, a key that can't sign,
/// or isn't that of the signer).
[[nodiscard]] Result<openssl::Certificate> make_certificate(const CertificateRequest& request,
                                                            EVP_PKEY& key, const Signer& signer);

/// Null if the bytes are no certificate.
[[nodiscard]] openssl::Certificate parse_certificate(std::span<const std::uint8_t> der);
[[nodiscard]] SecretBuffer print_certificate(const X509& certificate);

}  // namespace bulla::tmpl
