// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "controller/drift_guard.hpp"
#include "kube/object.hpp"

namespace bulla {

/// Who else writes the statuses of the objects that we look after, such as a second controller in
/// the cluster. Two that put right what the other wrote would never rest: so this is done less and
/// less often, and the other one is named. Pure: time comes in as `now`. Not thread-safe.
class Rivals {
 public:
  /// `first_wait`: see DriftGuard.
  explicit Rivals(std::chrono::milliseconds first_wait = std::chrono::seconds(1))
      : guard_(first_wait) {}

  struct Answer {
    std::chrono::milliseconds wait{0};  ///< before the status is put right: none at first
    bool tell_owner = false;     ///< of the object: somebody does so again and again; true once
    bool tell_operator = false;  ///< the same, of whoever runs the controller: once for a writer
  };
  /// `writer` wrote the status of `key`; empty if that can't be told.
  [[nodiscard]] Answer wrote(const kube::ObjectKey& key, std::string_view writer,
                             DriftGuard::Time now);

 private:
  DriftGuard guard_;
  std::set<std::string, std::less<>> told_;  ///< about these; whoever may write statuses names them
};

}  // namespace bulla
