// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "controller/http_types.hpp"
#include "controller/rate_limit.hpp"
#include "crypto/keyring.hpp"

namespace bulla {

inline constexpr std::string_view verify_path = "/v1/verify";
inline constexpr std::string_view rotate_path = "/v1/rotate";

/// Private-key operations that count as one request against the rate: at two requests a second they
/// take a quarter of one core under 4096 bits (4 ms each), and 300 files of one item are done in
/// four seconds.
inline constexpr int operations_per_request = 32;

/// POST /v1/verify and POST /v1/rotate, which are open to everyone in the cluster: to those who
/// hold other people's SealedSecrets and send any variation of them. What is done with one is in
/// resource/rotate.hpp; here it is decided who may ask, and how the answer reads.
///
///   200  it opens; rotate: the same SealedSecret, encrypted anew
///   409  it does not. Nothing else is told, whatever failed
///   400  not one SealedSecret, with one sentence
///   429  too often, too many at once; 503: no key yet, or no time. Ask again later
///
/// Rates are those of a client by its address, and all clients' together. They count work, so that
/// many small requests get through where few large ones do: private-key operations, and bytes to
/// read. How many operations a request took says no more than how long it took. Private keys work
/// for requests on one thread of lowered priority, so that reconciling goes first.
///
/// Threads: that of the executor that serves, but for the private keys' work.
class SealedRequests {
 public:
  struct Parts {
    std::function<std::shared_ptr<const Keyring>()> ring;
    std::function<Keyring::Entry()> newest;  ///< the key to encrypt with; null: none yet
    bool accept_deprecated_data = true;
    RateLimiter::Rate rate = {};  ///< of one client, for each of the two
    /// Bytes of a body that count as one operation: reading them as YAML takes about as long.
    std::size_t bytes_per_operation = 64 * limits::kib;
    std::function<RateLimiter::Time()> now = &std::chrono::steady_clock::now;
    std::chrono::nanoseconds time_max = std::chrono::seconds(30);  ///< of work on one request
  };
  explicit SealedRequests(Parts parts);
  SealedRequests(const SealedRequests&) = delete;
  SealedRequests& operator=(const SealedRequests&) = delete;
  ~SealedRequests();

  /// For a head whose path is one of the two.
  [[nodiscard]] Admission admit(const HttpHead& head);
  [[nodiscard]] boost::asio::awaitable<HttpReply> answer(HttpRequest request);
  /// Work under way ends at its next item.
  void stop() noexcept { stopped_ = true; }

 private:
  struct Slots;

  void charge(const HttpRequest& request, std::size_t operations);

  Parts parts_;
  RateLimiter per_client_;
  RateLimiter all_;
  std::shared_ptr<Slots> slots_;
  boost::asio::thread_pool pool_{1};
  std::atomic<bool> stopped_ = false;
};

}  // namespace bulla
