// SPDX-License-Identifier: Apache-2.0
#include "crypto/keyring.hpp"

#include <algorithm>
#include <string>

#include "base/limits.hpp"
#include "crypto/envelope.hpp"

namespace bulla {

Result<bool> Keyring::add(KeyringEntry entry) {
  if (find(entry.key.fingerprint())) return false;
  if (entries_.size() >= limits::keys_max) {
    return Error{Errc::invalid_input,
                 "the keyring is full: " + std::to_string(limits::keys_max) + " keys"};
  }
  const auto place = std::ranges::find_if(
      entries_, [&](const Entry& other) { return other->ordered_by < entry.ordered_by; });
  entries_.insert(place, std::make_shared<const KeyringEntry>(std::move(entry)));
  return true;
}

bool Keyring::retire(const Fingerprint& fingerprint) {
  // First found, then erased: `fingerprint` may be that of the very entry that goes.
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry->key.fingerprint() == fingerprint; });
  if (found == entries_.end()) return false;
  entries_.erase(found);
  return true;
}

Keyring::Entry Keyring::find(const Fingerprint& fingerprint) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry->key.fingerprint() == fingerprint; });
  return found == entries_.end() ? nullptr : *found;
}

Result<Keyring::Opened> Keyring::decrypt(std::span<const Entry> order,
                                         std::span<const std::uint8_t> envelope,
                                         std::string_view label) {
  for (const auto& entry : order) {
    auto plaintext = decrypt_envelope(entry->key, envelope, label);
    if (plaintext) return Opened{std::move(*plaintext), entry};
  }
  return cannot_decrypt();
}

}  // namespace bulla
