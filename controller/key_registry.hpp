// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "controller/lost_keys.hpp"
#include "controller/metrics.hpp"
#include "controller/options.hpp"
#include "controller/tasks.hpp"
#include "crypto/certificate.hpp"
#include "crypto/keyring.hpp"
#include "kube/client.hpp"
#include "kube/events.hpp"
#include "kube/informer.hpp"

namespace bulla {

/// The keys of this controller, in step with the key Secrets of its namespace: those with the label
/// `active`, and the one named exactly like the prefix, from before there was a label. Keys that
/// are added, relabelled or deleted take effect at once: see LostKeys for those that go. A
/// malformed key Secret is reported (log, Event, metric) and passed over.
///
/// Once it leads, adds a key when there is none, when the newest is too old, and when asked to; not
/// with --generate-key=false. A key is stored in the cluster before it is used and before its
/// certificate is served. A stand-by waits for the keys that the leader stores. Replicas that each
/// believe to be the only one and add a key at the same moment end with one key more, by its name
/// (see key_secret_name()), which takes no permission but to create and to list. A name that a key
/// Secret had in the life of this process is not given to another one: a lost key is put back under
/// it.
///
/// Threads: that of the client's executor; keys are generated on the pool. What the constructor
/// takes must outlive it. Lifetime: until run() has returned.
class KeyRegistry {
 public:
  struct Parts {
    kube::Client client;
    const Options& options;
    kube::EventRecorder& events;
    boost::asio::thread_pool& pool;
    const Clock& clock;
    Random& random;
    /// How many SealedSecrets depend on a key, as far as is known.
    std::function<std::size_t(const Fingerprint&)> dependents;
  };
  /// `on_change` is called after each change of the ring.
  KeyRegistry(Parts parts, std::function<void()> on_change);
  KeyRegistry(const KeyRegistry&) = delete;
  KeyRegistry& operator=(const KeyRegistry&) = delete;
  ~KeyRegistry();

  /// Runs until stop(). Never gives up: an API server that does not answer is asked again.
  [[nodiscard]] kube::Awaitable<void> run();
  void stop();
  /// How a new key Secret gets its name.
  enum class Names {
    random,  ///< by chance: a Lease says that nobody else adds keys
    agreed,  ///< by what all replicas see: nothing says so
  };
  /// This replica is the one that writes, from now on.
  void lead(Names names);
  /// Lists all keys again: the API server's store went back in time.
  void list_again() noexcept;
  /// Adds a key now, whatever the age of the newest. Leaders only.
  void renew_now();

  /// Waits for the first key, or until it is known that it has to come from outside; false when
  /// stopped before.
  [[nodiscard]] kube::Awaitable<bool> wait_for_key();
  /// Why nothing opens while keys have to come from outside and none is there: a clause that says
  /// what to do. Empty when that is not so.
  [[nodiscard]] std::string what_is_missing() const;
  /// The ring as it is now; later changes make a new one. Never null.
  [[nodiscard]] std::shared_ptr<const Keyring> ring() const noexcept { return ring_; }
  /// The key to seal with now; null before the first one.
  [[nodiscard]] Keyring::Entry newest() const;
  [[nodiscard]] std::optional<Certificate> newest_certificate() const;
  /// Of these keys those that are lost, to open what they have opened before: see LostKeys.
  [[nodiscard]] std::vector<Keyring::Entry> lost(
      const std::vector<Fingerprint>& fingerprints) const;
  [[nodiscard]] std::vector<Fingerprint> all_lost() const { return lost_.fingerprints(); }
  [[nodiscard]] Metrics::Keys counts() const;
  /// The name of the Secret that holds a key; empty when it is none of ours.
  [[nodiscard]] std::string secret_name(const Fingerprint& fingerprint) const;

 private:
  enum class Source { label, legacy_name };
  struct Watching;  // one informer and the names that it shows
  struct Retired;   // the same for what is labelled otherwise

  using Held = std::pair<Source, std::string>;  // a Secret by name

  // key_registry.cpp: the ring follows the Secrets.
  void on_event(Watching& watching, kube::ObjectEvent event);
  void take(Source source, const boost::json::value& secret);
  [[nodiscard]] Result<void> check_origin(const Held& held, const boost::json::value& secret);
  void pass_over(const Held& held, const boost::json::value& secret, const Error& error);
  struct Malformed {
    kube::EventSubject secret;
    std::string why;
  };
  void record(const Malformed& malformed);
  void drop(const Held& held);
  void forget(const Held& held);
  void ring_changed(Keyring ring);
  [[nodiscard]] bool is_known_to_lack_keys() const noexcept;
  void tell_what_is_missing();

  // key_renewal.cpp: there always is a key that is new enough.
  [[nodiscard]] bool listed() const noexcept;
  [[nodiscard]] bool due() const;
  [[nodiscard]] std::chrono::milliseconds until_due() const;
  [[nodiscard]] kube::Awaitable<void> keep_a_key();
  [[nodiscard]] kube::Awaitable<Result<void>> make_key();
  [[nodiscard]] kube::Awaitable<Result<std::string>> cluster_id();
  [[nodiscard]] kube::Awaitable<Result<std::string>> next_name(const Keyring& before,
                                                               unsigned attempt, WallTime now);
  [[nodiscard]] kube::Awaitable<Result<bool>> store(boost::json::value secret, std::string name,
                                                    std::shared_ptr<const Keyring> before);
  [[nodiscard]] kube::Awaitable<Result<bool>> take_from_another(
      std::string name, std::shared_ptr<const Keyring> before);
  void added(const boost::json::value& secret);

  Parts parts_;
  std::function<void()> on_change_;
  std::unique_ptr<Watching> labelled_;
  std::unique_ptr<Watching> legacy_;
  std::unique_ptr<Retired> retired_;
  LostKeys lost_;
  TaskGroup tasks_;
  boost::asio::steady_timer bell_;       ///< rings for keep_a_key()
  boost::asio::steady_timer first_key_;  ///< rings when there is a key
  std::shared_ptr<const Keyring> ring_ = std::make_shared<Keyring>();
  std::map<Held, Fingerprint> held_;
  std::map<Held, Malformed> malformed_;
  std::map<Held, std::string> made_from_sealed_;  ///< uids of Secrets that are never keys
  std::set<std::string> names_seen_;              ///< of key Secrets, gone ones too
  /// Of the key Secret that was sent last, while nobody knows whether it was stored.
  std::string unanswered_name_;
  std::optional<std::string> cluster_id_;
  bool leading_ = false;
  Names names_ = Names::agreed;
  bool cutoff_met_ = false;
  bool renew_asked_ = false;
  bool told_missing_ = false;
  /// The ring when a key was asked for: one that was not in it is the answer, whoever made it.
  std::shared_ptr<const Keyring> renew_from_;
  bool stopped_ = false;
};

}  // namespace bulla
