// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "controller/attempts.hpp"
#include "controller/crash_marks.hpp"
#include "controller/decide.hpp"
#include "controller/fair_pool.hpp"
#include "controller/going_namespaces.hpp"
#include "controller/key_registry.hpp"
#include "controller/ledger.hpp"
#include "controller/metrics.hpp"
#include "controller/options.hpp"
#include "controller/settled.hpp"
#include "controller/status.hpp"
#include "kube/client.hpp"
#include "kube/events.hpp"
#include "kube/object.hpp"
#include "kube/work_queue.hpp"

namespace bulla {

/// When to come back to an object after a pass.
struct Next {
  enum class When {
    done,        ///< when something about it changes
    again,       ///< at once: something changed during the pass
    retry,       ///< after the back-off: time can cure it
    thoroughly,  ///< behind what is new: it takes longer than a quick look
    later,       ///< after `at_least`; that is no failure
  };
  When when = When::done;
  std::chrono::milliseconds at_least{0};  ///< of retry: not before
};

/// Makes one Secret what its SealedSecret says.
///
/// What time can cure (no answer, conflicts) is retried without end, and told to the object's owner
/// only when it lasts; what a person has to cure is told at once and left alone until something
/// changes (see Ledger). Between the two is what the API server refuses as invalid: a policy or a
/// webhook may be put right unseen by us, so it is told at once, and retried some times.
///
/// Threads: that of the client's executor; private keys work on the pool. What the constructor
/// takes must outlive it.
class Reconciler {
 public:
  struct Parts {
    kube::Client client;
    const Options& options;
    const KeyRegistry& keys;
    Ledger& ledger;
    Attempts& attempts;
    Settled& settled;
    GoingNamespaces& going;
    CrashMarks& marks;
    kube::EventRecorder& events;
    Metrics& metrics;
    FairPool& pool;
    FairTurns& large;                              ///< places for passes over large objects
    std::function<std::size_t()> namespaces_busy;  ///< as of WorkQueue
    const Clock& clock;
    std::chrono::milliseconds refused_retry;  ///< before the first retry; twice that for each more
    kube::WorkQueue::Now now;                 ///< of back-offs
  };
  explicit Reconciler(Parts parts)
      : parts_(std::move(parts)),
        additional_metadata_(parts_.options.additional_metadata.digest()) {}

  /// One pass for one SealedSecret. Level-triggered: look, decide, act, report. Safe to run twice;
  /// never run it twice at a time for one key. `failures` counts the passes before it that ended in
  /// `retry`.
  ///
  /// A pass is quick: it costs at most limits::quick_operations_max private-key operations, and
  /// fewer where many namespaces wait (see QuickLook). What
  /// needs more, and what needs an explanation why it does not open, ends in `thoroughly`; as a
  /// Turn of that priority it gets it.
  [[nodiscard]] kube::Awaitable<Next> reconcile(kube::Turn turn, std::size_t failures);

 private:
  struct Seen;     // what a pass looked at
  struct Opened;   // what came out of the SealedSecret
  struct Verdict;  // how it ended
  struct StatusWrite {
    bool is_news;  ///< the conditions did not say so yet
    std::optional<Error> failed = {};
  };

  // reconciler.cpp: look, open, write.
  [[nodiscard]] kube::Awaitable<Next> pass(kube::Turn turn, Attempts::Attempt attempt,
                                           std::size_t failures);
  [[nodiscard]] kube::Awaitable<std::optional<Next>> left_alone(const kube::ObjectKey& key);
  [[nodiscard]] Next namespace_goes(const kube::ObjectKey& key);
  [[nodiscard]] kube::Awaitable<Result<boost::json::value>> get(std::string path, Seen& seen);
  [[nodiscard]] kube::Awaitable<Result<Seen>> look(kube::Turn turn, Attempts::Attempt attempt);
  [[nodiscard]] std::optional<Verdict> known_verdict(const Seen& seen) const;
  [[nodiscard]] kube::Awaitable<std::optional<Verdict>> write_metadata(const Seen& seen,
                                                                       Action action);
  [[nodiscard]] Next not_seen(const kube::ObjectKey& key, const Error& error);
  [[nodiscard]] kube::Awaitable<Result<Opened>> open(const Seen& seen, const Keyring& ring);
  [[nodiscard]] kube::Awaitable<Verdict> write(const Seen& seen, Action action, Opened opened);
  [[nodiscard]] kube::Awaitable<Result<void>> collect(kube::ObjectKey key, std::string owner_uid);

  // report.cpp: tell.
  [[nodiscard]] kube::Awaitable<Next> report(Seen& seen, Verdict verdict);
  [[nodiscard]] kube::Awaitable<Next> report_failed_write(Seen& seen, Verdict verdict,
                                                          std::size_t failures);
  [[nodiscard]] kube::Awaitable<StatusWrite> write_status(Seen& seen, Outcome outcome);
  [[nodiscard]] Next end_pass(const Seen& seen, Verdict verdict);
  [[nodiscard]] Next after(const Verdict& verdict, const kube::ObjectKey& key) const;
  void settle(const Seen& seen, Verdict verdict, const Next& next);
  [[nodiscard]] Next after_refusal(const kube::ObjectKey& key) const;
  void count_unwritten_status(const kube::ObjectKey& key, const Error& error);
  void log_failure(const kube::ObjectKey& key, const Verdict& verdict);
  void record(const Seen& seen, const Verdict& verdict);
  void record_repair(const Seen& seen, const kube::EventSubject& subject);

  Parts parts_;
  const std::string additional_metadata_;  ///< AdditionalMetadata::digest()
  std::string last_key_;                   ///< the one that opened the last object
  bool status_is_pruned_ = false;          ///< the CRD keeps no SyncRecord: it is not ours
};

}  // namespace bulla
