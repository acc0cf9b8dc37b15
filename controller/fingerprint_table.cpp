// SPDX-License-Identifier: Apache-2.0
#include "controller/fingerprint_table.hpp"

#include <algorithm>

namespace bulla {

std::vector<FingerprintTable::ShortName> FingerprintTable::use(
    const std::vector<std::string>& fingerprints, std::size_t has_room_for) {
  std::vector<ShortName> names;
  for (const auto& fingerprint : fingerprints) {
    auto found = names_.find(fingerprint);
    if (found == names_.end()) {
      if (names_.size() >= has_room_for) continue;
      if (free_.empty()) {
        free_.push_back(static_cast<ShortName>(entries_.size()));
        entries_.emplace_back();
      }
      found = names_.emplace(fingerprint, free_.back()).first;
      free_.pop_back();
      entries_.at(found->second).text = fingerprint;
    }
    if (std::ranges::find(names, found->second) != names.end()) continue;
    names.push_back(found->second);
    ++entries_.at(found->second).uses;
  }
  return names;
}

void FingerprintTable::release(const std::vector<ShortName>& names) {
  for (const auto name : names) {
    Entry& entry = entries_.at(name);
    if (--entry.uses > 0) continue;
    names_.erase(entry.text);
    entry.text = {};
    free_.push_back(name);
  }
}

}  // namespace bulla
