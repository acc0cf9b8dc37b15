// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "kube/object.hpp"

namespace bulla {

/// The attempts to open objects that are under way, so that one which has lost its point can be
/// ended: opening takes seconds where there are many items.
///
/// Threads: one, that of the executor; only pointless() may be asked from any.
class Attempts {
 public:
  /// One attempt. Lifetime: any; it is forgotten when the last copy is gone.
  class Attempt {
   public:
    [[nodiscard]] bool pointless() const noexcept { return *pointless_; }

   private:
    friend class Attempts;
    std::shared_ptr<std::atomic<bool>> pointless_ = std::make_shared<std::atomic<bool>>(false);
  };

  /// At most one at a time for each object.
  [[nodiscard]] Attempt begin(const kube::ObjectKey& key);
  void end(const kube::ObjectKey& key) { under_way_.erase(key); }
  /// The object has changed, or is gone: what is made of it now would be of no use.
  void outdate(const kube::ObjectKey& key);
  /// Nothing can be made of the objects of this namespace.
  void outdate_all_in(std::string_view namespace_);
  /// The process ends: no attempt has a point any more, nor has one that begins.
  void stop();

 private:
  std::unordered_map<kube::ObjectKey, Attempt> under_way_;
  bool stopped_ = false;
};

}  // namespace bulla
