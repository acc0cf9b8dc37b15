// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "base/error.hpp"
#include "crypto/key.hpp"
#include "crypto/keyring.hpp"
#include "resource/objects.hpp"

namespace bulla {

// What may be done with a SealedSecret for anybody who asks: the caller may hold other people's
// SealedSecrets, which are public, and sends any variation of them. So no template is ever run,
// nothing is explained, the plaintext goes nowhere, and the same work is done whichever item fails
// and however: every key is tried on every item that does not open.

struct StrangerOptions {
  bool accept_deprecated_data = true;  ///< the V1 form, spec.data
  /// Asked before each item; false ends the work with `unavailable`. May be empty.
  std::function<bool()> may_go_on = {};
  /// Told of each private-key operation, just before it. May be empty.
  std::function<void()> on_operation = {};
};

/// Whether all of `sealed` opens with the keys of `order`, under its own name, namespace and scope.
/// Errors: cannot_decrypt, with no word about which item or why; unavailable.
[[nodiscard]] Result<void> check_opens(const SealedSecret& sealed,
                                       std::span<const Keyring::Entry> order,
                                       const StrangerOptions& options = {});

/// `sealed` encrypted anew, as seal_again() does for one who owns it, for the holder of `to`: each
/// item under the very label that opened it, so that the result may become what `sealed` may, and
/// nothing else. The template is carried over as text. Of the metadata, name, namespace, labels and
/// annotations stay; the scope's annotation is that of the label, on the object and in the
/// template, whatever the template asked for (CVE-2026-22728: it widened the scope). The V1 form
/// stays one envelope: what is in it, down to the items' names, was never public. Errors: as
/// check_opens, and those of encrypt_envelope.
[[nodiscard]] Result<SealedSecret> rotate(const SealedSecret& sealed,
                                          std::span<const Keyring::Entry> order,
                                          const PublicKey& to, const StrangerOptions& options = {});

}  // namespace bulla
