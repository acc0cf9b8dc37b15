// SPDX-License-Identifier: Apache-2.0
#include "controller/reconciler.hpp"

#include <boost/json/object.hpp>
#include <utility>

#include "base/log.hpp"
#include "controller/paths.hpp"
#include "controller/secret_update.hpp"
#include "controller/tasks.hpp"
#include "resource/objects.hpp"
#include "resource/seal.hpp"

namespace bulla {

namespace json = boost::json;
using kube::Awaitable;

namespace {

/// Passes that end in `retry` before the object's owner is told: with the queue's back-off, about
/// five seconds.
constexpr std::size_t failures_before_told = 10;

/// What time can cure. A namespace that is not there (yet, or any more) is such a thing.
bool passes_with_time(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::conflict ||
         error.code == Errc::not_found || error.code == Errc::gone;
}

Next retry_after(const Error& error) {
  return {Next::When::retry, error.retry_after.value_or(std::chrono::seconds(0))};
}

Next retry_unless_gone(const Error& error) {
  return error.code == Errc::not_found ? Next{} : retry_after(error);
}

std::string not_managed_message(std::string_view name, Action action) {
  std::string message =
      "Resource \"" + std::string(name) + "\" already exists and is not managed by SealedSecret";
  if (action == Action::compare)
    message +=
        ": skip-set-owner-references leaves it without an owner, so that updates of it need "
        "the annotation " +
        std::string(annotation::managed);
  return message;
}

std::string immutable_message(const kube::ObjectKey& key) {
  return "Error updating " + kube::to_text(key) +
         ": the target Secret is immutable. Once a Secret is marked as immutable, it is not "
         "possible to revert this change nor to mutate the contents of the data field. You can "
         "only delete and recreate the Secret.";
}

/// The Secret that `sealed` stands for, as JSON in wiping memory.
Result<json::value> unseal_object(const json::value& object, const Keyring& ring,
                                  const UnsealOptions& options) {
  auto sealed = SealedSecret::from_json(object);
  if (!sealed) return sealed.error();
  auto unsealed = unseal(*sealed, ring.newest_first(), options);
  if (unsealed) return unsealed->secret.to_json();

  Error error = unsealed.error();
  if (error.code == Errc::cannot_decrypt) {
    // Only the owner of the object reads this: status and Event.
    const std::string why = explain_failure(*sealed, ring.newest_first());
    if (!why.empty()) error.message += ": " + why;
  }
  return error;
}

}  // namespace

struct Reconciler::Seen {
  kube::ObjectKey key;
  json::value sealed;
  std::optional<json::value> secret;
};

struct Reconciler::Verdict {
  State state = State::synced;
  bool wrote = false;
  std::string_view reason = outcome_reason::unsealed;
  std::string message = {};                     ///< for the Event; empty when synced
  std::string_view status_prefix = {};          ///< what the status says before it
  std::string_view counted_as = {};             ///< the metric's reason; empty when synced
  std::optional<Error> passing = std::nullopt;  ///< what time can cure: nothing is told yet

  static Verdict unseal_failed(const Error& error) {
    const bool no_key = error.code == Errc::cannot_decrypt;
    return {no_key ? State::no_key : State::broken,
            false,
            outcome_reason::unseal_failed,
            error.message,
            {},
            "unseal"};
  }
  static Verdict update_failed(const Error& error) {
    Verdict verdict{State::rejected, false, outcome_reason::update_failed,
                    error.message,   {},    "update"};
    if (passes_with_time(error)) verdict.passing = error;
    return verdict;
  }
  static Verdict immutable(const kube::ObjectKey& key) {
    return {State::rejected,        false, outcome_reason::immutable,
            immutable_message(key), {},    "update"};
  }
  static Verdict not_managed(std::string_view name, Action action) {
    return {State::not_ours,
            false,
            outcome_reason::not_managed,
            not_managed_message(name, action),
            "failed update: ",
            "unmanaged"};
  }
};

Awaitable<Next> Reconciler::reconcile(kube::ObjectKey key, std::size_t failures) {
  auto seen = co_await look(key);
  if (!seen) co_return not_seen(key, seen.error());

  const Action action = decide(seen->sealed, seen->secret.has_value() ? &*seen->secret : nullptr);
  if (action == Action::nothing) co_return Next{};
  log_info("Updating", {{"key", kube::to_text(key)}});
  if (action == Action::refuse)
    co_return co_await report(*seen, Verdict::not_managed(key.name, action));

  const auto ring = parts_.keys.ring();
  auto desired = co_await open(*seen, *ring);
  if (!desired) {
    const bool no_key = desired.error().code == Errc::cannot_decrypt;
    const auto outdated = [&] { return no_key && ring != parts_.keys.ring(); };
    if (outdated()) co_return Next{Next::When::again};
    const Next next = co_await report(*seen, Verdict::unseal_failed(desired.error()));
    // A key that came while the status was written found nobody waiting for it.
    co_return outdated() ? Next{Next::When::again} : next;
  }

  auto verdict = co_await write(*seen, action, std::move(*desired));
  if (verdict.passing) co_return co_await report_failed_write(*seen, std::move(verdict), failures);
  co_return co_await report(*seen, std::move(verdict));
}

Awaitable<Result<Reconciler::Seen>> Reconciler::look(kube::ObjectKey key) {
  auto sealed = co_await parts_.client.get(sealed_secrets_path(key.namespace_, key.name));
  if (!sealed) co_return sealed.error();
  parts_.ledger.pass_begins(*sealed);

  Seen seen{key, std::move(*sealed), std::nullopt};
  auto secret = co_await parts_.client.get(secrets_path(key.namespace_, key.name));
  if (secret) {
    seen.secret = std::move(*secret);
  } else if (secret.error().code != Errc::not_found) {
    // Not `not_found`: that would mean that the SealedSecret is gone.
    co_return std::move(secret).error();
  }
  co_return seen;
}

Next Reconciler::not_seen(const kube::ObjectKey& key, const Error& error) {
  if (error.code == Errc::not_found) {
    parts_.ledger.sealed_secret_gone(key);
    parts_.metrics.forget_condition(key);
    return {};
  }
  parts_.metrics.unseal_failed("fetch", key.namespace_);
  log_error("Error updating, will retry", {{"key", kube::to_text(key)}, {"error", error.message}});
  return retry_after(error);
}

Awaitable<Result<json::value>> Reconciler::open(const Seen& seen, const Keyring& ring) {
  parts_.metrics.unseal_requested();
  const UnsealOptions options{parts_.options.accept_deprecated_v1_data};
  auto work = [&seen, &ring, options] { return unseal_object(seen.sealed, ring, options); };
  co_return co_await run_on(parts_.pool, std::move(work));
}

Awaitable<Reconciler::Verdict> Reconciler::write(const Seen& seen, Action action,
                                                 json::value desired) {
  Verdict wrote;
  wrote.wrote = true;
  if (action == Action::create) {
    auto path = secrets_path(seen.key.namespace_);
    const auto created = co_await parts_.client.create_object(std::move(path), std::move(desired));
    co_return created ? std::move(wrote) : Verdict::update_failed(created.error());
  }

  // What is not ours is not written; it may hold everything already.
  const Action how = action == Action::compare ? Action::merge : action;
  SecretWrite plan = plan_update(how, *seen.secret, desired);
  if (plan.kind == SecretWrite::Kind::none) co_return Verdict{};
  if (action == Action::compare) co_return Verdict::not_managed(seen.key.name, action);
  if (plan.kind == SecretWrite::Kind::immutable) co_return Verdict::immutable(seen.key);
  auto path = secrets_path(seen.key.namespace_, seen.key.name);
  const auto updated = co_await parts_.client.update(std::move(path), std::move(plan.object));
  co_return updated ? std::move(wrote) : Verdict::update_failed(updated.error());
}

Awaitable<Next> Reconciler::report_failed_write(Seen& seen, Verdict verdict, std::size_t failures) {
  const Error error = *verdict.passing;
  // A conflict is traffic, not failure: nobody is told.
  if (error.code == Errc::conflict) co_return retry_after(error);
  if (failures >= failures_before_told) {
    verdict.state = State::unknown;
    (void)co_await report(seen, std::move(verdict));
    co_return retry_after(error);
  }
  parts_.metrics.unseal_failed("update", seen.key.namespace_);
  log_error("Error updating, will retry",
            {{"key", kube::to_text(seen.key)}, {"error", error.message}});
  co_return retry_after(error);
}

Awaitable<Next> Reconciler::report(Seen& seen, Verdict verdict) {
  const bool synced = verdict.state == State::synced;
  if (!synced) {
    parts_.metrics.unseal_failed(verdict.counted_as, seen.key.namespace_);
    log_error("Error updating", {{"key", kube::to_text(seen.key)}, {"error", verdict.message}});
  }
  const Outcome outcome{synced, verdict.reason,
                        std::string(verdict.status_prefix) + verdict.message};
  const auto changed = co_await write_status(seen, outcome);
  // An object that its CRD calls invalid can hold no status: only the Event tells.
  const bool refused = !changed && changed.error().code == Errc::rejected;
  if (!changed) count_unwritten_status(seen.key, changed.error());
  if (!changed && !refused) co_return retry_unless_gone(changed.error());
  if (verdict.wrote || refused || *changed) record(seen, verdict);
  if (parts_.ledger.knows(seen.key)) {
    const auto instance = kube::label_of(seen.sealed, "app.kubernetes.io/instance");
    parts_.metrics.set_condition(seen.key, instance.value_or(""), synced);
  }
  if (parts_.ledger.pass_ended(seen.key, verdict.state)) co_return Next{Next::When::again};
  co_return Next{};
}

void Reconciler::count_unwritten_status(const kube::ObjectKey& key, const Error& error) {
  if (error.code == Errc::not_found || error.code == Errc::conflict) return;
  parts_.metrics.unseal_failed("status", key.namespace_);
  log_error("Error updating the status", {{"key", kube::to_text(key)}, {"error", error.message}});
}

/// True when the status did not say so yet.
Awaitable<Result<bool>> Reconciler::write_status(Seen& seen, const Outcome& outcome) {
  auto status = next_status(kube::find_member(seen.sealed, {"status"}), outcome,
                            kube::generation_of(seen.sealed), parts_.clock.now());
  if (!status) co_return false;
  if (!parts_.options.update_status) co_return true;

  json::value object = seen.sealed;
  object.as_object()["status"] = std::move(*status);
  parts_.ledger.expect(object);
  auto path = sealed_secrets_path(seen.key.namespace_, seen.key.name, "status");
  auto written = co_await parts_.client.update(std::move(path), std::move(object));
  if (!written) co_return written.error();
  // A server whose CRD knows fewer fields keeps fewer.
  parts_.ledger.expect(*written);
  co_return true;
}

void Reconciler::record(const Seen& seen, const Verdict& verdict) {
  const kube::EventSubject subject{
      std::string(SealedSecret::api_version), std::string(SealedSecret::kind), seen.key,
      std::string(kube::uid_of(seen.sealed)), std::string(kube::resource_version_of(seen.sealed))};
  if (verdict.state == State::synced) {
    log_info("SealedSecret unsealed successfully", {{"key", kube::to_text(seen.key)}});
    parts_.events.record(subject, kube::EventType::normal, "Unsealed",
                         "SealedSecret unsealed successfully");
  } else if (verdict.reason == outcome_reason::unseal_failed) {
    parts_.events.record(subject, kube::EventType::warning, "ErrUnsealFailed",
                         "Failed to unseal: " + verdict.message);
  } else {
    parts_.events.record(subject, kube::EventType::warning, "ErrUpdateFailed", verdict.message);
  }
}

}  // namespace bulla
