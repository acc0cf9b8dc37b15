// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/keyring.hpp"

namespace bulla {

/// What is known of an object before its items are tried.
struct KeyHints {
  std::vector<std::string> of_object = {};  ///< fingerprints that opened it before
  std::string last = {};                    ///< the one that opened the last object of all
  WallTime created = {};                    ///< when the object was
  std::vector<Keyring::Entry> lost = {};    ///< not in the ring; they opened it before
};

/// Every key of the ring, and those lost ones that this object may be opened with, the likely ones
/// first: those that opened this object before, the one that
/// opened the last object, the one in use when the object was created, and then from the newest on.
/// A private-key operation costs milliseconds: the order is what 36 keys cost.
[[nodiscard]] std::vector<Keyring::Entry> keys_to_try(const Keyring& ring, const KeyHints& hints);

}  // namespace bulla
