// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "controller/pass.hpp"
#include "controller/paths.hpp"
#include "resource/objects.hpp"

namespace bulla {

namespace json = boost::json;
using kube::Awaitable;

namespace {

/// Passes that end in `retry` before the object's owner is told: with the queue's back-off, about
/// five seconds.
constexpr std::size_t failures_before_told = 10;

/// Of the time between two tries of what the API server refuses: four minutes and a bit.
constexpr int doublings_max = 8;

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

}  // namespace

bool passes_with_time(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::conflict ||
         error.code == Errc::not_found || error.code == Errc::gone;
}

Next retry_after(const Error& error) {
  return {Next::When::retry, error.retry_after.value_or(std::chrono::seconds(0))};
}

Reconciler::Verdict Reconciler::Verdict::synced(const json::value* secret,
                                                std::vector<Fingerprint> keys) {
  Verdict verdict;
  verdict.record.keys = keys;
  verdict.keys = std::move(keys);
  if (secret == nullptr) return verdict;
  verdict.record.secret_uid = kube::uid_of(*secret);
  verdict.record.secret_version = kube::resource_version_of(*secret);
  return verdict;
}

Reconciler::Verdict Reconciler::Verdict::again(Settled::End end) {
  Verdict verdict{.state = end.state,
                  .known_before = true,
                  .reason = end.reason,
                  .message = std::move(end.message),
                  .status_prefix = end.status_prefix};
  verdict.record.keys = end.keys;
  verdict.keys = std::move(end.keys);
  verdict.until = end.until;
  return verdict;
}

Reconciler::Verdict Reconciler::Verdict::unseal_failed(const Error& error) {
  const bool no_key = error.code == Errc::cannot_decrypt;
  return {.state = no_key ? State::no_key : State::broken,
          .reason = outcome_reason::unseal_failed,
          .message = error.message,
          .counted_as = "unseal"};
}

Reconciler::Verdict Reconciler::Verdict::update_failed(const Error& error) {
  Verdict verdict{.state = State::rejected,
                  .reason = outcome_reason::update_failed,
                  .message = error.message,
                  .counted_as = "update"};
  if (passes_with_time(error)) verdict.passing = error;
  verdict.refused = error.code == Errc::rejected;
  return verdict;
}

Reconciler::Verdict Reconciler::Verdict::immutable(const kube::ObjectKey& key) {
  return {.state = State::rejected,
          .reason = outcome_reason::immutable,
          .message = immutable_message(key),
          .counted_as = "update"};
}

Reconciler::Verdict Reconciler::Verdict::not_managed(std::string_view name, Action action) {
  return {.state = State::not_ours,
          .reason = outcome_reason::not_managed,
          .message = not_managed_message(name, action),
          .status_prefix = "failed update: ",
          .counted_as = "unmanaged"};
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

/// With the way out where the words, which are the reference's, don't tell it.
void Reconciler::log_failure(const kube::ObjectKey& key, const Verdict& verdict) {
  if (verdict.state != State::not_ours)
    return log_error("Error updating", {{"key", kube::to_text(key)}, {"error", verdict.message}});
  log_error("Error updating",
            {{"key", kube::to_text(key)},
             {"error", verdict.message},
             {"hint", "to hand the Secret over: kubectl annotate secret " + key.name + " -n " +
                          key.namespace_ + " " + std::string(annotation::managed) + "=true"}});
}

Awaitable<Next> Reconciler::report(Seen& seen, Verdict verdict) {
  const bool synced = verdict.state == State::synced;
  if (!synced && !verdict.known_before) {
    parts_.metrics.unseal_failed(verdict.counted_as, seen.key.namespace_);
    log_failure(seen.key, verdict);
  }
  Outcome outcome{synced, verdict.reason, std::string(verdict.status_prefix) + verdict.message, {}};
  if (synced) {
    outcome.record = verdict.record;
    const auto* metadata = kube::find_member(seen.sealed, {"metadata"});
    outcome.record->scope = scope_of(metadata->as_object());
    outcome.record->additional_metadata = additional_metadata_;
  }
  const auto status = co_await write_status(seen, std::move(outcome));
  if (status.failed) count_unwritten_status(seen.key, *status.failed);
  if (status.failed && status.failed->code == Errc::not_found) co_return Next{};
  // An object that its CRD calls invalid can hold no status: only the Event tells.
  const bool refused = status.failed && status.failed->code == Errc::rejected;
  const bool is_news = verdict.wrote || refused || status.is_news;
  if (is_news && !verdict.known_before) record(seen, verdict);
  if (parts_.ledger.knows(seen.key)) {
    const auto instance = kube::label_of(seen.sealed, "app.kubernetes.io/instance");
    parts_.metrics.set_condition(seen.key, instance.value_or(""), synced);
  }
  const Next next = end_pass(seen, std::move(verdict));
  // Then the status is all that is left to do.
  if (status.failed && !refused) co_return retry_after(*status.failed);
  co_return next;
}

/// Remembers how the pass ended, so that another one opens nothing that has not changed.
Next Reconciler::end_pass(const Seen& seen, Verdict verdict) {
  const bool ours = verdict.state == State::synced && !verdict.record.secret_uid.empty();
  const SecretVersion version =
      ours ? version_of_secret(verdict.record.secret_uid, verdict.record.secret_version) : 0;
  // A rejection that is known already is none more: the queue holds its next try.
  const bool rejected_before = verdict.known_before && verdict.state == State::rejected;
  if (!rejected_before &&
      parts_.ledger.pass_ended(seen.key, {verdict.state, version, verdict.keys}))
    return Next{Next::When::again};
  const Next next = after(verdict, seen.key);
  settle(seen, std::move(verdict), next);
  return next;
}

Next Reconciler::after(const Verdict& verdict, const kube::ObjectKey& key) const {
  if (!verdict.known_before) return verdict.refused ? after_refusal(key) : Next{};
  if (verdict.until == Settled::Time::max()) return {};
  const auto left = verdict.until - parts_.now();
  return {Next::When::later, std::chrono::ceil<std::chrono::milliseconds>(left)};
}

/// What the Ledger knows to be in sync needs no more. What time may cure is to be looked at.
void Reconciler::settle(const Seen& seen, Verdict verdict, const Next& next) {
  if (verdict.known_before) return;
  const bool in_sync = verdict.state == State::synced && !verdict.record.secret_uid.empty();
  if (in_sync || verdict.state == State::unknown) return parts_.settled.forget(seen.key);
  auto from = seen.from();
  if (verdict.wrote) from.secret = verdict.written;
  Settled::End end{verdict.state, verdict.reason, std::move(verdict.message), verdict.status_prefix,
                   std::move(verdict.keys)};
  if (next.when == Next::When::retry) end.until = parts_.now() + next.at_least;
  parts_.settled.ended(seen.key, from, std::move(end));
}

Next Reconciler::after_refusal(const kube::ObjectKey& key) const {
  const int refusals = parts_.ledger.rejections(key);
  if (refusals == 0 || refusals > parts_.options.max_unseal_retries) return {};
  const auto delay = parts_.refused_retry * (1 << std::min(refusals - 1, doublings_max));
  return {Next::When::retry, delay};
}

void Reconciler::count_unwritten_status(const kube::ObjectKey& key, const Error& error) {
  if (error.code == Errc::not_found || error.code == Errc::conflict) return;
  parts_.metrics.unseal_failed("status", key.namespace_);
  log_error("Error updating the status", {{"key", kube::to_text(key)}, {"error", error.message}});
}

Awaitable<Reconciler::StatusWrite> Reconciler::write_status(Seen& seen, Outcome outcome) {
  const auto* old = kube::find_member(seen.sealed, {"status"});
  if (status_is_pruned_) outcome.record = std::nullopt;
  auto status = next_status(old, outcome, kube::generation_of(seen.sealed), parts_.clock.now());
  if (!status) co_return StatusWrite{.is_news = false};
  const auto conditions_of = [](const json::value* from) {
    return from == nullptr ? nullptr : kube::find_member(*from, {"conditions"});
  };
  const auto* before = conditions_of(old);
  const auto* after = conditions_of(&*status);
  StatusWrite write{.is_news = before == nullptr || *before != *after};
  if (!parts_.options.update_status) co_return write;

  // From here on the rest is not needed, and is not held beside what the server answers.
  json::object& object = seen.sealed.as_object();
  object.erase("spec");
  object["status"] = std::move(*status);
  parts_.ledger.expect(seen.sealed);
  auto request = kube::Request::with_json(
      kube::Method::put, sealed_secrets_path(seen.key.namespace_, seen.key.name, "status"), object);
  request.query.emplace_back("fieldManager", status_writer(parts_.options.own_namespace));
  auto written = co_await parts_.client.send_for_json(std::move(request));
  if (!written) {
    write.failed = written.error();
    co_return write;
  }
  // A server whose CRD knows fewer fields keeps fewer.
  parts_.ledger.expect(*written);
  if (outcome.record && kube::find_member(*written, {"status", "scope"}) == nullptr &&
      !std::exchange(status_is_pruned_, true))
    log_info("The CRD keeps no records in the status: a restart looks at every object again");
  co_return write;
}

void Reconciler::record(const Seen& seen, const Verdict& verdict) {
  const kube::EventSubject subject{
      std::string(SealedSecret::api_version), std::string(SealedSecret::kind), seen.key,
      std::string(kube::uid_of(seen.sealed)), std::string(kube::resource_version_of(seen.sealed))};
  if (verdict.state == State::synced) {
    log_info("SealedSecret unsealed successfully", {{"key", kube::to_text(seen.key)}});
    parts_.events.record(subject, kube::EventType::normal, "Unsealed",
                         "SealedSecret unsealed successfully");
    if (seen.drifted) record_repair(seen, subject);
  } else if (verdict.reason == outcome_reason::unseal_failed) {
    parts_.events.record(subject, kube::EventType::warning, "ErrUnsealFailed",
                         "Failed to unseal: " + verdict.message);
  } else {
    parts_.events.record(subject, kube::EventType::warning, "ErrUpdateFailed", verdict.message);
  }
}

/// Whoever changed the Secret by hand is to see why the change did not stay.
void Reconciler::record_repair(const Seen& seen, const kube::EventSubject& subject) {
  const auto key = kube::to_text(seen.key);
  const auto writer =
      seen.secret ? other_writer(*seen.secret, parts_.client.field_manager()) : std::string();
  log_info("A Secret was changed by something else; it is put back",
           {{"key", key}, {"deleted", !seen.secret.has_value()}, {"field_manager", writer}});
  const auto by = writer.empty() ? std::string() : " by " + quoted(printable(writer));
  parts_.events.record(subject, kube::EventType::normal, "Repaired",
                       "Secret " + key + " was " +
                           (seen.secret ? "changed" + by : std::string("deleted")) +
                           "; it is put back as the SealedSecret has it. To change it for good, "
                           "change the SealedSecret");
}

}  // namespace bulla
