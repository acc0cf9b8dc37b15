// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "crypto/key.hpp"

namespace bulla {

/// An X.509 certificate (RFC 5280) that carries an RSA key to seal for. Cheap to copy.
/// It is a container for the key and its dates: nothing signs or is verified with it.
class Certificate {
 public:
  /// The first CERTIFICATE block of PEM text; what stands before, between or after is passed over.
  /// Blocks that Go's PEM reader would skip (cut off, not base64, with headers) don't count, and
  /// neither does TRUSTED CERTIFICATE.
  /// Errors: not_found: "data does not contain any valid RSA or ECDSA certificates" (the
  /// reference's words) when there is none; otherwise invalid_input, what is wrong with the first
  /// one: "x509: malformed certificate", "the certificate holds an EC key, but sealing needs RSA";
  /// text longer than limits::certificate_bytes_max.
  [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);

  struct Subject {
    std::string common_name;  ///< UTF-8; may be empty: then the name has no parts at all
    WallTime not_before;      ///< whole seconds count
    std::chrono::nanoseconds valid_for;
  };
  /// A self-signed certificate as the controller makes: v3, random 128-bit serial, key usage
  /// encipherOnly (critical), CA true (critical), subject key identifier, SHA-256 with RSA.
  /// Errors: invalid_input (a common name that is not UTF-8, or above the 64 characters of RFC 5280
  /// appendix A.1), internal.
  [[nodiscard]] static Result<Certificate> self_signed(const PrivateKey& key,
                                                       const Subject& subject);

  [[nodiscard]] const std::string& pem() const noexcept { return pem_; }
  [[nodiscard]] const PublicKey& public_key() const noexcept { return key_; }
  /// The dates, to the second. One beyond what WallTime can hold (the years 1677 to 2262) is the
  /// nearest that it can: 9999 is a usual way to say "never".
  [[nodiscard]] WallTime not_before() const noexcept { return not_before_; }
  [[nodiscard]] WallTime not_after() const noexcept { return not_after_; }

 private:
  Certificate(PublicKey key, std::string pem, WallTime not_before, WallTime not_after)
      : key_(std::move(key)),
        pem_(std::move(pem)),
        not_before_(not_before),
        not_after_(not_after) {}
  friend struct CertificateReader;

  PublicKey key_;
  std::string pem_;  // one block, with its line feed
  WallTime not_before_;
  WallTime not_after_;
};

}  // namespace bulla
