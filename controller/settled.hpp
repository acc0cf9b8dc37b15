// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/ledger.hpp"
#include "crypto/keyring.hpp"
#include "kube/object.hpp"

namespace bulla {

/// How passes ended that did not leave the object in sync, and what they ended so for: as long as
/// that is the same, another pass needs no private key. So a status that somebody else wrote over
/// can be put right, and what the API server refused is not opened again before it is tried again.
///
/// Remembers no plaintext: messages are those of statuses, and may take
/// limits::remembered_messages_bytes_max in all; what has no room is forgotten, and is opened
/// again. Pure: time comes in as `now`. Not thread-safe.
class Settled {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// What a pass looked at.
  struct From {
    std::uint64_t object = 0;  ///< digest_of_object()
    SecretVersion secret = 0;  ///< as it was read, or as the pass wrote it; 0: there was none
    std::shared_ptr<const Keyring> ring = {};
  };
  struct End {
    State state = State::unknown;
    std::string_view reason = {};  ///< one of outcome_reason
    std::string message = {};
    std::string_view status_prefix = {};
    std::vector<Fingerprint> keys = {};
    Time until = Time::max();  ///< then it is tried again
  };

  void ended(const kube::ObjectKey& key, const From& from, End end);
  /// How a pass that looks at `from` ends without opening; nothing if that has to be found out.
  [[nodiscard]] std::optional<End> end_for(const kube::ObjectKey& key, const From& from,
                                           Time now) const;
  void forget(const kube::ObjectKey& key);

 private:
  struct Entry {
    std::uint64_t object;
    SecretVersion secret;
    std::weak_ptr<const Keyring> ring;  ///< weak: old keys are not kept
    End end;
  };
  std::unordered_map<kube::ObjectKey, Entry> entries_;
  std::size_t messages_bytes_ = 0;
};

}  // namespace bulla
