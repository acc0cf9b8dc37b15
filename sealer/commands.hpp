// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "resource/objects.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

// One function a thing that kubeseal does, each in a file of its own. They read their input,
// print their output, and return the error to show.

/// Seals every Secret of the input.
[[nodiscard]] Result<void> seal_secrets(const Options& options);
/// --raw: seals one bare value.
[[nodiscard]] Result<void> seal_raw_value(const Options& options);
/// --merge-into: adds the items of the input to an existing SealedSecret.
[[nodiscard]] Result<void> merge_into_sealed_secret(const Options& options);
/// --fetch-cert
[[nodiscard]] Result<void> print_certificate(const Options& options);
/// --recovery-unseal
[[nodiscard]] Result<void> recovery_unseal(const Options& options);
/// --validate: asks the controller whether it can open every SealedSecret of the input.
[[nodiscard]] Result<void> validate_sealed_secrets(const Options& options);
/// --re-encrypt: seals every SealedSecret of the input anew; by the controller, or, with
/// --recovery-private-key, here.
[[nodiscard]] Result<void> re_encrypt_sealed_secrets(const Options& options);

/// Chooses among them.
[[nodiscard]] Result<void> run(const Options& options);

}  // namespace bulla::sealer
