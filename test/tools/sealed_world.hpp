// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "api_server.hpp"
#include "crypto/key.hpp"

namespace bulla::test {

/// An API server with our CRD, sealing keys and any number of SealedSecrets.
class SealedWorld {
 public:
  SealedWorld();
  ApiServer server;

  /// Stores a key as the controller would have, so long ago.
  void put_key(const PrivateKey& key, const std::string& name,
               std::chrono::hours age = std::chrono::hours(1));

  struct Object {
    std::string namespace_;
    std::string name;
    std::size_t items = 1;
    PublicKey key;
    std::string value = "value";  ///< of each item
    int generation = 1;
  };
  /// Seals them, on all cores, and puts them.
  void put(const std::vector<Object>& objects);
  /// `count` objects of ten namespaces, sealed with the keys in turn.
  void fill(std::size_t count, std::size_t items, const std::vector<PublicKey>& keys);
  /// As many Secrets that are nobody's.
  void put_other_secrets(std::size_t count);

  /// Statuses that were written since forget_requests(): one a SealedSecret that was opened.
  [[nodiscard]] std::size_t reported() const;
  /// SealedSecrets that say Synced without being so would be seen here: those of fill() that have
  /// no Secret.
  [[nodiscard]] std::size_t without_secret() const;
};

}  // namespace bulla::test
