// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bulla {

/// Gives each fingerprint a short name for as long as somebody uses it: ten thousand objects depend
/// on a few keys. Not thread-safe.
class FingerprintTable {
 public:
  using ShortName = std::uint16_t;

  /// The short names of what is in the table or has room, each once, in that order; each counts as
  /// one more use. What has no room is left out, and `has_room_for` (entries) says how many there
  /// may be: what strangers name must not crowd out what is known to be a key.
  [[nodiscard]] std::vector<ShortName> use(const std::vector<std::string>& fingerprints,
                                           std::size_t has_room_for);
  /// Ends one use of each; a fingerprint without any is forgotten.
  void release(const std::vector<ShortName>& names);
  [[nodiscard]] const std::string& text(ShortName name) const { return entries_.at(name).text; }
  /// How many there are now.
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

 private:
  struct Entry {
    std::string text;
    std::size_t uses = 0;
  };
  std::vector<Entry> entries_;
  std::vector<ShortName> free_;
  std::unordered_map<std::string, ShortName> names_;
};

}  // namespace bulla
