// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "kube/config.hpp"
#include "kube/request.hpp"

namespace bulla::kube {

/// How a command line waits for a server that has too much to do, or is not ready yet: an answer
/// that says so and says when to ask again (429 or 5xx with Retry-After) is waited out and asked
/// again. client-go's rules, but for the bound in all.
struct Patience {
  using Time = std::chrono::steady_clock::time_point;

  int waits_max = 10;  ///< for one request
  /// For one request, all of its waits together: what a person may still take for work going on.
  std::chrono::milliseconds time_max = std::chrono::minutes(5);
  std::function<Time()> now = &std::chrono::steady_clock::now;
  std::function<void(std::chrono::seconds)> wait = {};  ///< empty: sleeps
};

/// An API client for a command line: each call waits for its answer. Needs no coroutines, no
/// thread and no Asio in the caller.
///
/// Ownership: move-only. Threads: one at a time.
class BlockingClient {
 public:
  /// `user_agent` is "name/version". Connects with the first send().
  /// Errors: invalid_input (a bad URL, CA, certificate or key, each named).
  [[nodiscard]] static Result<BlockingClient> create(ClientConfig config, std::string user_agent,
                                                     Patience patience = {});
  BlockingClient(BlockingClient&&) noexcept;
  BlockingClient& operator=(BlockingClient&&) noexcept;
  ~BlockingClient();

  /// As Client::send() (kube/client.hpp), and asks again as `patience` says; consecutive calls
  /// share a connection. The error that remains has a hint how long was waited.
  [[nodiscard]] Result<Response> send(const Request& request);

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
