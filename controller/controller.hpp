// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "controller/attempts.hpp"
#include "controller/crash_marks.hpp"
#include "controller/drift_guard.hpp"
#include "controller/fair_pool.hpp"
#include "controller/going_namespaces.hpp"
#include "controller/http_server.hpp"
#include "controller/key_registry.hpp"
#include "controller/leading.hpp"
#include "controller/ledger.hpp"
#include "controller/metrics.hpp"
#include "controller/namespace_watch.hpp"
#include "controller/options.hpp"
#include "controller/reconciler.hpp"
#include "controller/rivals.hpp"
#include "controller/sealed_requests.hpp"
#include "controller/settled.hpp"
#include "controller/tasks.hpp"
#include "kube/client.hpp"
#include "kube/events.hpp"
#include "kube/informer.hpp"
#include "kube/work_queue.hpp"

namespace bulla {

/// Times that a test shortens.
struct ControllerTiming {
  kube::InformerOptions informer = {};  ///< its list is not looked at
  kube::RetryOptions retry = {};
  std::chrono::milliseconds refused_retry = std::chrono::seconds(1);  ///< see Reconciler
  /// Without a Lease, whose versions tell: how often it is asked whether the API server's store
  /// went back in time.
  std::chrono::milliseconds store_look = std::chrono::seconds(10);
  std::chrono::milliseconds going_wait = std::chrono::seconds(5);  ///< see GoingNamespaces
  std::chrono::milliseconds drift_wait = std::chrono::seconds(1);  ///< see DriftGuard
  /// Of back-offs. The waits themselves are the machine's: a queue looks at it when something is
  /// added.
  kube::WorkQueue::Now now = &std::chrono::steady_clock::now;
  std::chrono::milliseconds workers_stop_max = std::chrono::seconds(20);
  std::chrono::milliseconds events_stop_max = std::chrono::seconds(2);
};

/// The controller, whole: keys, watches, workers, HTTP.
///
/// Of several replicas one leads: it alone runs workers, adds keys, writes. The others stand by:
/// they serve HTTP, follow the keys, and watch, so that one of them can take over at once.
///
/// Threads: everything runs on the client's executor, which must be that of a single-threaded
/// io_context; private-key work runs on a pool of its own, one thread a core, and two at least.
/// Lifetime: until run() has returned. The clock and the source of randomness must outlive it.
class Controller {
 public:
  struct Parts {
    Options options;
    kube::Client client;
    const Clock& clock;
    Random& random;
    ControllerTiming timing = {};
  };
  /// Opens both listening ports. Errors: invalid_input (an address that can't be listened on).
  [[nodiscard]] static Result<std::unique_ptr<Controller>> create(Parts parts);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Works until stop(), then ends cleanly: no new work, what is under way is finished (within
  /// limits), waiting Events are sent, and then the Lease is released. Call it once. HTTP is served
  /// before anything else, keys are looked for next, and SealedSecrets as soon as there is a key.
  /// Errors: unavailable when leadership was lost. What is under way has been broken off: the
  /// process is to end, and to start again as a stand-by.
  [[nodiscard]] kube::Awaitable<Result<void>> run();
  void stop();
  /// Adds a sealing key now. A stand-by says which replica to ask instead.
  void renew_key();

  [[nodiscard]] std::uint16_t http_port() const noexcept { return http_->port(); }
  [[nodiscard]] std::uint16_t metrics_port() const noexcept { return metrics_http_->port(); }

 private:
  explicit Controller(Parts parts);
  [[nodiscard]] Result<void> listen();
  [[nodiscard]] kube::Awaitable<void> elect();
  [[nodiscard]] kube::Awaitable<void> tell_namespaces();
  void lead();
  [[nodiscard]] kube::Awaitable<void> work();
  void tell_once_all_was_looked_at();
  void open_marks();
  [[nodiscard]] std::optional<std::chrono::milliseconds> set_aside_for(const kube::ObjectKey& key);
  [[nodiscard]] kube::Awaitable<void> until_stopped();
  [[nodiscard]] kube::Awaitable<void> wind_down();
  void list_again();
  [[nodiscard]] kube::Awaitable<void> look_at_the_store();
  void keys_changed();
  void refresh_metrics();
  [[nodiscard]] bool ready() const;

  const Options options_;
  const ControllerTiming timing_;
  Leading leading_;
  kube::Client client_;  ///< for all work: Leading's, at the rate that was asked for
  const Clock& clock_;
  Random& random_;
  boost::asio::thread_pool pool_;
  FairPool fair_pool_;
  FairTurns large_;  ///< objects that take much memory
  Metrics metrics_;
  Ledger ledger_;
  Attempts attempts_;
  Settled settled_;
  GoingNamespaces going_;
  CrashMarks marks_;
  DriftGuard drift_;
  Rivals rivals_;
  kube::WorkQueue queue_;
  kube::EventRecorder events_;
  KeyRegistry keys_;
  Reconciler reconciler_;
  SealedRequests sealed_requests_;
  std::vector<std::unique_ptr<NamespaceWatch>> watches_;
  bool told_of_all_ = false;  ///< see tell_once_all_was_looked_at()
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<HttpServer> metrics_http_;
  TaskGroup workers_;
  TaskGroup reports_;  ///< of Events
  TaskGroup election_;
  TaskGroup background_;
  boost::asio::steady_timer stop_bell_;
  boost::asio::steady_timer store_bell_;  ///< of look_at_the_store()
  bool stopped_ = false;
  Result<void> end_ = {};  ///< what run() returns
};

}  // namespace bulla
