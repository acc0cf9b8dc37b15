// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "crypto/key.hpp"
#include "crypto/keyring.hpp"
#include "resource/objects.hpp"

namespace bulla {

/// For whoever holds the keys; what is done for anybody who asks is in resource/rotate.hpp.
///
/// `sealed` with every item (and the V1 form, spec.data) sealed anew for `key`, under the label
/// that opened it: that of the object's scope or else, the object being annotated wrongly, that of
/// another scope under the same name and namespace. What is sealed for `key` already, and all else,
/// stays as it is; the template is carried over as text and is not run. No plaintext outlives the
/// call.
///
/// Errors: as unseal(); an item that does not open fails the whole object.
[[nodiscard]] Result<SealedSecret> seal_again(const SealedSecret& sealed,
                                              std::span<const Keyring::Entry> order,
                                              const PublicKey& key, Cores cores = Cores::one);

}  // namespace bulla
