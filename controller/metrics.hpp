// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object.hpp"

namespace bulla {

/// What the controller counts, with the reference's names, labels and help texts, so that people's
/// dashboards and alerts go on working. What is ours besides appears once it is set.
///
/// Threads: any; the library locks. Labels come from objects' names and from our own paths, never
/// from what an HTTP client sends.
class Metrics {
 public:
  /// With `omits_conditions`, set_condition() has no effect: no series names an object.
  explicit Metrics(bool omits_conditions = false);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void unseal_requested();
  /// `reason`: fetch, status, unseal, update or unmanaged.
  void unseal_failed(std::string_view reason, std::string_view namespace_);

  /// The Synced condition of an object: 1 or -1. `instance` is its label
  /// app.kubernetes.io/instance, possibly empty.
  void set_condition(const kube::ObjectKey& key, std::string_view instance, bool synced);
  void forget_condition(const kube::ObjectKey& key);

  /// Sealing keys by state, in this controller's namespace.
  struct Keys {
    std::size_t active = 0;
    std::size_t retired = 0;    ///< labelled otherwise
    std::size_t malformed = 0;  ///< passed over
    std::size_t lost = 0;       ///< gone from the cluster, and kept: see LostKeys
  };
  void set_keys(const Keys& keys);
  /// Of the key that is sealed with, in seconds.
  void set_newest_key_age(double seconds);
  /// Whether this replica is the one that writes.
  void set_leader(bool leads);
  /// Objects that wait because the process ended while it worked on them.
  void set_set_aside(std::size_t count);
  /// A sealing key, and how many SealedSecrets depend on it. Without a name: on keys that are not
  /// here (any more); "unknown": those that were not opened as they are now.
  struct Dependents {
    std::string fingerprint;
    std::string secret;  ///< name of the key's Secret
    std::size_t count = 0;
  };
  void set_dependents(const std::vector<Dependents>& keys);
  /// Since the process started: grows from call to call.
  void set_private_key_operations(std::uint64_t total);

  struct HttpRequest {
    std::string_view path;    ///< one of our endpoints
    std::string_view method;  ///< lower case
    unsigned code;
    double seconds;
  };
  void http_answered(const HttpRequest& request);

  /// Everything, in Prometheus' text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla
