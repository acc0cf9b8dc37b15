// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/secret.hpp"

// For crypto/'s own sources: PEM text (RFC 7468, with the headers of RFC 1421). Not a public
// header.
namespace bulla {

/// One "-----BEGIN TYPE-----" ... "-----END TYPE-----".
struct PemBlock {
  std::string_view type;  ///< points into the text that was read
  bool has_headers = false;
  bool is_encrypted = false;  ///< by a header, "Proc-Type: 4,ENCRYPTED"
  SecretBuffer der;           ///< the decoded body; it may be a private key, so it wipes itself
};

/// Reads PEM as Go's encoding/pem does: text before, between and after blocks is passed over, and
/// so is a block that does not end, ends with another type, or is not base64. Time and memory are
/// linear in the text, however many BEGIN lines it has.
class PemReader {
 public:
  /// `text` must outlive the reader and the blocks.
  explicit PemReader(std::string_view text) noexcept : rest_(text) {}
  /// The next good block, or nothing at the end.
  [[nodiscard]] std::optional<PemBlock> next();

 private:
  std::string_view rest_;
};

/// One block: lines of 64 characters, each with a line feed, without headers.
[[nodiscard]] SecretBuffer write_pem(std::string_view type, std::span<const std::uint8_t> der);

}  // namespace bulla
