// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "controller/options.hpp"
#include "controller/tasks.hpp"
#include "crypto/keyring.hpp"
#include "kube/client.hpp"
#include "kube/events.hpp"
#include "kube/informer.hpp"

namespace bulla {

/// Sealing keys that are gone from the cluster: their Secret was deleted, holds another key now, or
/// went with a restore of etcd. This process may hold the last copy.
///
/// A lost key is never sealed with, and opens only what it has opened before. The leader says what
/// became of it (log, Event), and stores it in a Secret of the own namespace with the label `lost`
/// (see lost_keys_selector), if objects depend on it, or may before long: it was the newest key, or
/// went unseen (with a restore of etcd). To label that Secret `active` puts the key back; to
/// delete it gives the key up, also here. A retired key is not lost: its Secret holds it.
///
/// Threads: that of the client's executor. What the constructor takes must outlive it. Lifetime:
/// until run() has returned.
class LostKeys {
 public:
  struct Parts {
    kube::Client client;
    const Options& options;
    kube::EventRecorder& events;
    Random& random;
    /// How many SealedSecrets depend on a key, as far as is known.
    std::function<std::size_t(const Fingerprint&)> dependents;
    std::function<bool(const Fingerprint&)> in_use;  ///< an active key Secret holds it
    std::function<void()> on_change;                 ///< after Secrets brought keys or took them
  };
  explicit LostKeys(Parts parts);
  LostKeys(const LostKeys&) = delete;
  LostKeys& operator=(const LostKeys&) = delete;

  /// Runs until stop().
  [[nodiscard]] kube::Awaitable<void> run();
  void stop() noexcept;
  /// This replica stores, and tells, from now on.
  void lead() noexcept;
  /// The API server's store went back in time: what it kept may be gone, too.
  void list_again() noexcept;

  struct Departed {
    Keyring::Entry key;
    std::string secret;  ///< the name of the Secret that held it
    bool keep;           ///< whether or not anything depends on it
  };
  /// A key that was in use is not any more, for whatever reason.
  void departed(Departed gone);

  /// Null when it is not lost.
  [[nodiscard]] Keyring::Entry find(const Fingerprint& fingerprint) const;
  /// Those that are not in use again.
  [[nodiscard]] std::vector<Fingerprint> fingerprints() const;

 private:
  struct Lost {
    Keyring::Entry key;
    std::string secret;   ///< that held it
    std::string kept_in;  ///< the Secret that has the label `lost`; empty: none yet
    bool keep = false;
  };

  void on_event(kube::ObjectEvent event);
  void take(const boost::json::value& secret);
  void forget(const std::string& name);
  void listed();
  [[nodiscard]] std::vector<Fingerprint> unsettled() const;
  [[nodiscard]] bool is_unsettled(const Fingerprint& fingerprint) const;
  [[nodiscard]] kube::Awaitable<void> settle_all();
  [[nodiscard]] kube::Awaitable<Result<void>> settle(Fingerprint fingerprint);
  [[nodiscard]] kube::Awaitable<Result<boost::json::value>> secret_named(std::string name);
  [[nodiscard]] kube::Awaitable<Result<boost::json::value>> store(Lost lost);
  void tell_out_of_use(const Fingerprint& fingerprint, const boost::json::value& secret);
  void tell_lost(const Lost& lost, const boost::json::value& there, const boost::json::value& kept);

  Parts parts_;
  kube::Informer informer_;
  TaskGroup tasks_;
  boost::asio::steady_timer bell_;  ///< rings for settle_all()
  std::map<Fingerprint, Lost> lost_;
  std::set<std::string> seen_;  ///< names in the list that is coming in
  bool listed_ = false;
  bool went_back_ = false;  ///< until everything is listed again
  bool leading_ = false;
  bool stopped_ = false;
};

}  // namespace bulla
