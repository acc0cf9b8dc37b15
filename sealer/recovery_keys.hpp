// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "crypto/keyring.hpp"
#include "resource/objects.hpp"

namespace bulla::sealer {

struct RecoveryKeys {
  Keyring ring;
  /// Why a file or a Secret added no key: "old.pem: the private key is encrypted: ...".
  std::vector<std::string> remarks;
};

/// The private keys in the files of --recovery-private-key: PEM, or Secrets with `tls.key` (as the
/// controller keeps them) in JSON or YAML, one, several documents, or a List.
/// Errors: a file that can't be read; a Secret without a key. A file with no key in it at all
/// adds none, and a remark.
[[nodiscard]] Result<RecoveryKeys> read_recovery_keys(const std::vector<std::string>& files);

/// `error`, and when no key fitted: the keys that were tried, by fingerprint, and the remarks.
[[nodiscard]] Error with_tried_keys(Error error, const RecoveryKeys& keys);

/// `error` of `sealed`, which did not open, for the person who holds the keys: where it is
/// (`where`: "db.yaml, line 7"), which keys were tried, and why none fitted.
[[nodiscard]] Error with_reasons(Error error, const std::string& where, const SealedSecret& sealed,
                                 const RecoveryKeys& keys);

}  // namespace bulla::sealer
