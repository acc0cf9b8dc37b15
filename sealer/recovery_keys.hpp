// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "crypto/keyring.hpp"

namespace bulla::sealer {

/// The private keys in the files of --recovery-private-key: PEM, or Secrets with `tls.key` (as the
/// controller keeps them) in JSON or YAML, one, several documents, or a List.
/// Errors: a file that can't be read; a Secret without a key. A file with no key in it at all
/// adds none.
[[nodiscard]] Result<Keyring> read_recovery_keys(const std::vector<std::string>& files);

}  // namespace bulla::sealer
