// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api_server.hpp"
#include "cluster.hpp"
#include "faults.hpp"
#include "tls_identity.hpp"

namespace bulla::test {

struct Backend {
  std::string host;
  std::uint16_t port = 0;
};

/// What outlives a restart of the listener: objects, faults, log, users. Shared by the API
/// server's owner and its I/O thread. Threads: safe for concurrent use.
class ServerState {
 public:
  explicit ServerState(ApiServer::Options options);

  const ApiServer::Options options;
  const TlsIdentity identity;
  Cluster cluster;
  Faults faults;

  /// The user behind an Authorization header; nothing when there is none.
  [[nodiscard]] std::optional<std::string> authenticate(std::string_view authorization) const;
  [[nodiscard]] std::string token() const;
  void change_token(std::string token);

  void log(const RequestInfo& info);
  [[nodiscard]] std::vector<LoggedRequest> requests() const;
  [[nodiscard]] std::size_t count_requests(const FaultMatch& match) const;
  void forget_requests();

  void watch_began(const std::string& resource);
  void watch_ended(const std::string& resource);
  [[nodiscard]] std::size_t open_watches(std::string_view resource) const;

  void set_backend(const std::string& ns_and_name, Backend backend);
  /// Where the service proxy leads; from the table, or else from the Endpoints object.
  [[nodiscard]] std::optional<Backend> backend(const std::string& ns,
                                               const std::string& service) const;

  /// Makes wait_for() look again.
  void something_happened();
  [[nodiscard]] bool wait_for(const std::function<bool()>& predicate,
                              std::chrono::milliseconds patience) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable happened_;
  // All below is guarded by mutex_.
  std::uint64_t happenings_ = 0;
  std::string token_;
  std::vector<RequestInfo> log_;
  std::map<std::string, std::size_t> watches_;
  std::map<std::string, Backend> backends_;
};

}  // namespace bulla::test
