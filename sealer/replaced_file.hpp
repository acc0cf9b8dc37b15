// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "resource/objects.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// The SealedSecrets of the file that -w is about to replace: sealing one changed item into it
/// loses the others, which nobody can bring back without the values.
class ReplacedFile {
 public:
  /// Reads --sealed-secret-file, if it is a file that holds SealedSecrets; anything else is none of
  /// our business.
  static ReplacedFile read(const Options& options);

  /// `sealed` goes into the file.
  void keeps(const SealedSecret& sealed);
  /// A sentence for each object that lost items, or that is not in the file any more.
  [[nodiscard]] std::vector<std::string> losses() const;

 private:
  struct Object {
    bool kept = false;
    std::set<std::string, std::less<>> items = {};  ///< those that are lost so far
  };

  std::string file_;
  std::map<std::string, Object> objects_;  ///< by "namespace/name"
};

}  // namespace bulla::sealer
