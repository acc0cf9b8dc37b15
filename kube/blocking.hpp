// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "kube/config.hpp"
#include "kube/request.hpp"

namespace bulla::kube {

/// An API client for a command line: each call waits for its answer. Needs no coroutines, no
/// thread and no Asio in the caller.
///
/// Ownership: move-only. Threads: one at a time.
class BlockingClient {
 public:
  /// `user_agent` is "name/version". Connects with the first send().
  /// Errors: invalid_input (a bad URL, CA, certificate or key, each named).
  [[nodiscard]] static Result<BlockingClient> create(ClientConfig config, std::string user_agent);
  BlockingClient(BlockingClient&&) noexcept;
  BlockingClient& operator=(BlockingClient&&) noexcept;
  ~BlockingClient();

  /// As Client::send() (kube/client.hpp); consecutive calls share a connection.
  [[nodiscard]] Result<Response> send(Request request);

  /// The name of the first port of a Service, possibly empty: what service_proxy_path() needs.
  /// Errors: as send(); not_found if the Service has no ports.
  [[nodiscard]] Result<std::string> service_port_name(const std::string& namespace_,
                                                      const std::string& service);

 private:
  struct Impl;
  explicit BlockingClient(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla::kube
