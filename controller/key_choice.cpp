// SPDX-License-Identifier: Apache-2.0
#include "controller/key_choice.hpp"

#include <algorithm>

namespace bulla {

std::vector<Keyring::Entry> keys_to_try(const Keyring& ring, const KeyHints& hints) {
  const auto& newest_first = ring.newest_first();
  std::vector<Keyring::Entry> order;
  order.reserve(newest_first.size());
  const auto add = [&order](const Keyring::Entry& entry) {
    const bool there = std::find(order.begin(), order.end(), entry) != order.end();
    if (entry != nullptr && !there) order.push_back(entry);
  };
  for (const auto& fingerprint : hints.of_object) add(ring.find(fingerprint));
  for (const auto& entry : hints.lost) add(entry);
  add(ring.find(hints.last));
  const auto in_use =
      std::find_if(newest_first.begin(), newest_first.end(),
                   [&](const Keyring::Entry& entry) { return entry->ordered_by <= hints.created; });
  if (in_use != newest_first.end()) add(*in_use);
  for (const auto& entry : newest_first) add(entry);
  return order;
}

}  // namespace bulla
