// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "crypto/certificate.hpp"
#include "crypto/key.hpp"

namespace bulla {

/// One key pair of a keyring. Immutable and shared: a worker may go on decrypting with a key that
/// has just been retired.
struct KeyringEntry {
  PrivateKey key;
  std::optional<Certificate> certificate;  ///< none for keys given to --recovery-private-key
  WallTime ordered_by;                     ///< newest is first: notBefore, or the Secret's creation
};

/// The private keys of a controller or of a recovery, newest first.
///
/// A value: the controller builds a new one when keys change and swaps it in, readers keep theirs.
/// Copies share the keys. Threads: share const, or lock.
class Keyring {
 public:
  using Entry = std::shared_ptr<const KeyringEntry>;

  /// Adds a key, before those that are older and behind those of the same time. A key that is in
  /// already (same fingerprint) stays where it is: false.
  /// Errors: invalid_input when limits::keys_max is reached.
  [[nodiscard]] Result<bool> add(KeyringEntry entry);
  /// Takes a key out. False when it is not in.
  bool retire(const Fingerprint& fingerprint);

  [[nodiscard]] Entry find(const Fingerprint& fingerprint) const;  ///< null when not in
  [[nodiscard]] const std::vector<Entry>& newest_first() const noexcept { return entries_; }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  struct Opened {
    SecretBuffer plaintext;
    Entry key;  ///< the one that fitted
  };
  /// Tries the keys of `order` one by one. A ring that holds none gives the same error.
  /// Errors: cannot_decrypt, as decrypt_envelope, which see for what is done about oracles. How
  /// many keys were tried is no secret: it depends on the ring and on which key fits.
  [[nodiscard]] static Result<Opened> decrypt(std::span<const Entry> order,
                                              std::span<const std::uint8_t> envelope,
                                              std::string_view label);

 private:
  std::vector<Entry> entries_;
};

}  // namespace bulla
