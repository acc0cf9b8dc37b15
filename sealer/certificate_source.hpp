// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.hpp"
#include "crypto/key.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// The text that --cert names (a path, file://, http://, https://), or else the certificate that
/// the controller serves, fetched through the API server. A file's text is not checked in any way.
/// Errors: in the operating system's or the server's words, with the path or URL; invalid_input
/// when what a server sent holds no certificate.
[[nodiscard]] Result<std::string> fetch_certificate(const Options& options);

/// The same, for printing: of a server's answer the certificates alone, whatever stands around
/// them; of a file too if anything in it could steer a terminal, else its text as it is. Errors:
/// those; and invalid_input: there is no certificate in it.
[[nodiscard]] Result<std::string> certificate_to_print(const Options& options);

/// The key to seal for: the first certificate of fetch_certificate().
/// Errors: also invalid_input when there is none, when it is no RSA key, or when it has expired.
[[nodiscard]] Result<PublicKey> sealing_key(const Options& options);

}  // namespace bulla::sealer
