// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "controller/attempts.hpp"
#include "controller/crash_marks.hpp"
#include "controller/drift_guard.hpp"
#include "controller/going_namespaces.hpp"
#include "controller/ledger.hpp"
#include "controller/metrics.hpp"
#include "controller/options.hpp"
#include "controller/rivals.hpp"
#include "controller/settled.hpp"
#include "controller/tasks.hpp"
#include "kube/client.hpp"
#include "kube/events.hpp"
#include "kube/informer.hpp"
#include "kube/work_queue.hpp"

namespace bulla {

/// Watches the SealedSecrets of one namespace (or of all), and the metadata of its Secrets, and
/// queues the names of the SealedSecrets that need a pass.
///
/// At start the SealedSecrets are listed first. Those whose status records that all was well wait
/// for the list of Secrets, which shows whether it still is; nothing is done for those that are.
///
/// Threads: that of the client's executor. What the constructor takes must outlive it.
/// Lifetime: until run() has returned.
class NamespaceWatch {
 public:
  struct Parts {
    kube::Client client;
    const Options& options;
    kube::InformerOptions informer;  ///< times; what to list is filled in here
    Ledger& ledger;
    Attempts& attempts;
    kube::WorkQueue& queue;
    kube::EventRecorder& events;
    Metrics& metrics;
    Settled& settled;
    GoingNamespaces& going;
    CrashMarks& marks;
    DriftGuard& drift;  ///< of Secrets
    Rivals& rivals;
    Random& random;
    kube::WorkQueue::Now now;
    std::function<void()> on_looked_at;  ///< called when looked_at() becomes true
  };
  /// An empty `watched` means all namespaces.
  NamespaceWatch(Parts parts, std::string watched);
  NamespaceWatch(const NamespaceWatch&) = delete;
  NamespaceWatch& operator=(const NamespaceWatch&) = delete;

  /// Runs until cancel().
  [[nodiscard]] kube::Awaitable<void> run();
  void cancel() noexcept;
  /// Lists everything again: the API server's store went back in time.
  void list_again() noexcept;
  /// The Ledger leads from now on: queues what another replica may have left undone.
  void take_over();

  /// The first list of SealedSecrets is complete.
  [[nodiscard]] bool listed() const noexcept { return listed_; }
  /// The first lists are complete, of Secrets too, and what they need is queued; or they can't be
  /// had.
  [[nodiscard]] bool looked_at() const noexcept {
    return (listed_ && (secrets_settled_ || !secrets_)) || in_trouble_;
  }
  /// They could not be listed so far; it goes on trying.
  [[nodiscard]] bool in_trouble() const noexcept { return in_trouble_; }

 private:
  void on_sealed_secret(kube::ObjectEvent event);
  void on_secret(kube::ObjectEvent event);
  void secret_came(const kube::ObjectKey& key, const boost::json::value& metadata,
                   kube::Priority priority);
  void changed(const kube::ObjectKey& key, kube::Priority priority);
  void gone(const kube::ObjectKey& key);
  void look_at_mark(const kube::ObjectKey& key, const boost::json::value& object);
  void show_condition(const kube::ObjectKey& key, const boost::json::value& object);
  void repair(const kube::ObjectKey& key);
  void look_at_status(const kube::ObjectKey& key, const boost::json::value& object);
  void queue_repair(const kube::ObjectKey& key, std::chrono::milliseconds wait);
  void warn(const kube::ObjectKey& key, std::string_view message);
  void stop_trusting();
  void sealed_secrets_listed();

  Parts parts_;
  std::string namespace_;
  kube::Informer sealed_secrets_;
  std::unique_ptr<kube::Informer> secrets_;  ///< null with --skip-recreate
  Roll sealed_roll_;
  Roll secret_roll_;
  bool listed_ = false;
  bool secrets_settled_ = false;  ///< they are listed, or could not be
  bool in_trouble_ = false;
  bool cancelled_ = false;
  TaskGroup tasks_;
};

}  // namespace bulla
