// SPDX-License-Identifier: Apache-2.0
#include "controller/reconciler.hpp"

#include <boost/json/object.hpp>
#include <chrono>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "controller/audit.hpp"
#include "controller/key_choice.hpp"
#include "controller/pass.hpp"
#include "controller/paths.hpp"
#include "controller/quick_look.hpp"
#include "controller/secret_policy.hpp"
#include "controller/secret_update.hpp"
#include "resource/objects.hpp"
#include "resource/seal.hpp"

namespace bulla {

namespace json = boost::json;
using kube::Awaitable;

namespace {

/// What templates may use up in a quick look. Those with more memory go on one at a time (see
/// AllocationBudget): a thread that waits for its turn would be one less for everybody.
tmpl::Limits quick_template_limits(const QuickLook& look) {
  tmpl::Limits quick;
  quick.time_max = look.templates;
  quick.memory_bytes_max = 2 * limits::mib;
  return quick;
}

/// One attempt to open an object, on the pool's thread.
struct Opening {
  const json::value& object;
  std::vector<Keyring::Entry> order;
  bool accepts_deprecated;
  bool thoroughly;
  QuickLook quick;
  Attempts::Attempt attempt;

  Result<Unsealed> operator()() const;
};

/// What the object opens to. Errors: unavailable when the attempt has become pointless, or a quick
/// look does not do; else those of SealedSecret::from_json() and unseal().
Result<Unsealed> Opening::operator()() const {
  auto sealed = SealedSecret::from_json(object);
  if (!sealed) return sealed.error();

  constexpr std::chrono::seconds time_max(limits::opening_cpu_seconds_max);
  const auto end = thread_cpu_time() + time_max;
  std::size_t operations = 0;
  const auto may_go_on = [&] {
    if (!thoroughly && operations++ >= quick.operations) return false;
    return !attempt.pointless() && thread_cpu_time() < end;
  };
  UnsealOptions how{.accept_deprecated_data = accepts_deprecated,
                    .may_go_on = may_go_on,
                    .operations_max = limits::operations_per_object_max,
                    .closed_items_max = limits::closed_items_max};
  if (!thoroughly) {
    how.closed_items_max = 1;  // it needs a thorough pass then, for the reasons
    how.template_limits = quick_template_limits(quick);
  }
  Unsealing work(*sealed, order, std::move(how));
  while (!work.open_until(std::chrono::steady_clock::time_point::max())) {
  }
  auto unsealed = work.finish();
  if (unsealed) return unsealed;

  Error error = unsealed.error();
  const bool out_of_time = error.code == Errc::unavailable;
  const bool closed = error.code == Errc::cannot_decrypt;
  const bool too_quick = out_of_time || closed || work.templates_reached_a_bound();
  if (attempt.pointless() || (!thoroughly && too_quick))
    return Error{Errc::unavailable, "it needs another pass"};
  if (out_of_time)
    return Error{Errc::invalid_input, "opening it takes more than " +
                                          std::to_string(limits::opening_cpu_seconds_max) +
                                          " s of computing: use several objects"};
  if (closed) {
    // Only the owner of the object reads this: status and Event.
    const std::string why =
        explain_failure(*sealed, order, {.item = work.closed_item(), .may_go_on = may_go_on});
    if (!why.empty()) error.message += ": " + why;
  }
  return error;
}

std::string_view type_of(const json::value& secret) {
  const auto type = kube::text_at(secret, {"type"});
  return type.empty() ? "Opaque" : type;
}

KeyHints hints_for(const json::value& sealed, std::vector<std::string> of_object,
                   std::string last) {
  KeyHints hints{std::move(of_object), std::move(last), {}};
  const auto created = parse_rfc3339(kube::text_at(sealed, {"metadata", "creationTimestamp"}));
  if (created) hints.created = *created;
  return hints;
}

void write_audit(const json::value& sealed, const Result<Unsealed>& result) {
  auto audit = UnsealAudit::of(sealed);
  if (result) {
    audit.outcome = "unsealed";
    const std::vector<std::string_view> keys(result->keys.begin(), result->keys.end());
    audit.keys = join_some(keys, limits::audit_names_bytes_max);
  } else {
    audit.outcome = result.error().code == Errc::cannot_decrypt ? "cannot decrypt" : "invalid";
  }
  audit.write();
}

}  // namespace

Awaitable<Next> Reconciler::reconcile(kube::Turn turn, std::size_t failures) {
  const auto attempt = parts_.attempts.begin(turn.key);
  parts_.marks.begin(turn.key);
  parts_.marks.looks_at(turn.key, parts_.ledger.digest_of(turn.key));
  const Next next = co_await pass(turn, attempt, failures);
  parts_.marks.end(turn.key, next.when == Next::When::done, parts_.now());
  parts_.attempts.end(turn.key);
  co_return next;
}

Awaitable<Next> Reconciler::pass(kube::Turn turn, Attempts::Attempt attempt, std::size_t failures) {
  const kube::ObjectKey& key = turn.key;
  if (const auto owner_uid = parts_.ledger.uid_of_gone(key)) {
    const auto collected = co_await collect(key, *owner_uid);
    if (!collected) co_return retry_after(collected.error());
  }
  if (auto next = co_await left_alone(key)) co_return *next;
  auto seen = co_await look(turn, std::move(attempt));
  if (!seen) co_return not_seen(key, seen.error());
  if (auto known = known_verdict(*seen)) co_return co_await report(*seen, std::move(*known));

  const Action action = decide(seen->sealed, seen->secret.has_value() ? &*seen->secret : nullptr);
  if (action == Action::nothing) co_return Next{};
  if (!seen->thoroughly()) log_info("Updating", {{"key", kube::to_text(key)}});
  if (action == Action::refuse)
    co_return co_await report(*seen, Verdict::not_managed(key.name, action));

  if (auto allowed = check_before_opening(parts_.options, seen->sealed,
                                          seen->secret.has_value() ? &*seen->secret : nullptr);
      !allowed)
    co_return co_await report(*seen, Verdict::unseal_failed(allowed.error()));

  if (auto written = co_await write_metadata(*seen, action)) {
    if (written->passing)
      co_return co_await report_failed_write(*seen, std::move(*written), failures);
    co_return co_await report(*seen, std::move(*written));
  }

  const auto& ring = seen->ring;
  auto opened = co_await open(*seen, *ring);
  if (!opened) {
    if (opened.error().code == Errc::unavailable) {
      if (const auto wait = parts_.going.left_alone_for(key.namespace_, parts_.now()))
        co_return Next{Next::When::later, *wait};
      // Pointless: it has changed, and is queued again; or it is gone; or the process ends.
      co_return Next{seen->attempt.pointless() ? Next::When::done : Next::When::thoroughly};
    }
    const bool no_key = opened.error().code == Errc::cannot_decrypt;
    const auto outdated = [&] { return no_key && ring != parts_.keys.ring(); };
    if (outdated()) co_return Next{Next::When::again};
    const Next next = co_await report(*seen, Verdict::unseal_failed(opened.error()));
    // A key that came while the status was written found nobody waiting for it.
    co_return outdated() ? Next{Next::When::again} : next;
  }

  auto verdict = co_await write(*seen, action, std::move(*opened));
  if (verdict.passing && verdict.passing->code == Errc::gone) co_return namespace_goes(key);
  if (verdict.passing) co_return co_await report_failed_write(*seen, std::move(verdict), failures);
  co_return co_await report(*seen, std::move(verdict));
}

/// When to come back, if the object's namespace is known to go and was not seen to live since.
Awaitable<std::optional<Next>> Reconciler::left_alone(const kube::ObjectKey& key) {
  const auto& namespace_ = key.namespace_;
  const auto wait = parts_.going.left_alone_for(namespace_, parts_.now());
  if (!wait) co_return std::nullopt;
  if (wait->count() > 0) co_return Next{Next::When::later, *wait};

  parts_.going.look(namespace_, parts_.now());
  const auto found = co_await parts_.client.get(namespace_path(namespace_));
  // Where we may not look at namespaces, one object finds out by trying.
  const bool unknown = !found && found.error().code != Errc::not_found;
  if (unknown) co_return std::nullopt;
  if (!found || kube::is_being_deleted(*found)) {
    const auto next = parts_.going.left_alone_for(namespace_, parts_.now());
    co_return Next{Next::When::later, next.value_or(GoingNamespaces::wait_max)};
  }
  parts_.going.lives(namespace_);
  log_info("The namespace lives again", {{"namespace", namespace_}});
  co_return std::nullopt;
}

Next Reconciler::namespace_goes(const kube::ObjectKey& key) {
  const auto now = parts_.now();
  if (parts_.going.refused(key.namespace_, now))
    log_info("The namespace is being terminated: its objects are left alone",
             {{"namespace", key.namespace_}});
  parts_.attempts.outdate_all_in(key.namespace_);
  const auto wait = parts_.going.left_alone_for(key.namespace_, now);
  return {Next::When::later, wait.value_or(GoingNamespaces::wait_max)};
}

/// The object at `path`. What parsing makes of a large one is many times its size, so few passes
/// hold one at a time.
Awaitable<Result<json::value>> Reconciler::get(std::string path, Seen& seen) {
  auto answer = co_await parts_.client.send(kube::Request::get(path));
  const bool large = answer && answer->body.size() > limits::large_object_bytes;
  if (large && !seen.place) {
    if (auto place = parts_.large.take_now(seen.key, seen.priority)) {
      seen.place.emplace(std::move(*place));
    } else {
      answer->body = SecretBuffer();  // not held while others have their turn
      seen.place.emplace(co_await parts_.large.wait(seen.key, seen.priority));
      answer = co_await parts_.client.send(kube::Request::get(std::move(path)));
    }
  }
  if (!answer) co_return answer.error();
  auto object = kube::object_in(*answer);
  if (object && (kube::key_of(*object) != seen.key || kube::uid_of(*object).empty()))
    co_return Error{Errc::unavailable, "the server's answer is not " + kube::to_text(seen.key)};
  co_return object;
}

Awaitable<Result<Reconciler::Seen>> Reconciler::look(kube::Turn turn, Attempts::Attempt attempt) {
  const kube::ObjectKey& key = turn.key;
  Seen seen{key, turn.priority, std::move(attempt)};
  auto sealed = co_await get(sealed_secrets_path(key.namespace_, key.name), seen);
  if (!sealed) co_return sealed.error();
  parts_.marks.looks_at(key, digest_of_object(*sealed));
  const auto right = parts_.ledger.right_secret(*sealed);
  const auto once_right = parts_.ledger.once_right_secret(*sealed);
  seen.under_other_flags = parts_.ledger.is_under_other_flags(key);
  parts_.ledger.pass_begins(*sealed);
  SealedSecret::drop_unread(*sealed);

  seen.sealed = std::move(*sealed);
  seen.ring = parts_.keys.ring();
  auto secret = co_await get(secrets_path(key.namespace_, key.name), seen);
  if (secret) {
    seen.secret = std::move(*secret);
    seen.in_sync = right != 0 && right == version_of_secret(*seen.secret);
    seen.drifted = once_right != 0 && once_right != version_of_secret(*seen.secret);
  } else if (secret.error().code != Errc::not_found) {
    // Not `not_found`: that would mean that the SealedSecret is gone.
    co_return std::move(secret).error();
  } else {
    seen.drifted = once_right != 0;
  }
  co_return seen;
}

/// How the pass ends without opening anything, because nothing has changed since an earlier one.
std::optional<Reconciler::Verdict> Reconciler::known_verdict(const Seen& seen) const {
  if (seen.in_sync && !seen.under_other_flags) {
    auto verdict = Verdict::synced(&*seen.secret, parts_.ledger.sealing_keys(seen.key));
    verdict.known_before = true;
    return verdict;
  }
  auto end = parts_.settled.end_for(seen.key, seen.from(), parts_.now());
  if (!end) return std::nullopt;
  return Verdict::again(std::move(*end));
}

/// A Secret that is right but for what other flags put on it needs nothing opened. Nothing if it is
/// not such a one.
Awaitable<std::optional<Reconciler::Verdict>> Reconciler::write_metadata(const Seen& seen,
                                                                         Action action) {
  if (!seen.in_sync) co_return std::nullopt;
  auto plan = parts_.options.additional_metadata.plan(seen.sealed, *seen.secret, action);
  if (!plan) co_return std::nullopt;
  auto verdict = Verdict::synced(&*seen.secret, parts_.ledger.sealing_keys(seen.key));
  if (plan->kind == SecretWrite::Kind::put) {
    auto path = secrets_path(seen.key.namespace_, seen.key.name);
    const auto written = co_await parts_.client.update(std::move(path), std::move(plan->object));
    if (!written) co_return Verdict::update_failed(written.error());
    verdict = Verdict::synced(&*written, parts_.ledger.sealing_keys(seen.key));
  }
  // Its owner changed nothing: no Event.
  verdict.known_before = true;
  co_return verdict;
}

Next Reconciler::not_seen(const kube::ObjectKey& key, const Error& error) {
  if (error.code == Errc::not_found) {
    parts_.ledger.sealed_secret_gone(key);
    parts_.settled.forget(key);
    parts_.metrics.forget_condition(key);
    // With --old-gc-behavior its Secret is still to be looked after.
    return parts_.ledger.uid_of_gone(key) ? Next{Next::When::again} : Next{};
  }
  parts_.metrics.unseal_failed("fetch", key.namespace_);
  log_error("Error updating, will retry", {{"key", kube::to_text(key)}, {"error", error.message}});
  return retry_after(error);
}

Awaitable<Result<Reconciler::Opened>> Reconciler::open(const Seen& seen, const Keyring& ring) {
  if (!seen.thoroughly()) parts_.metrics.unseal_requested();
  auto hints = hints_for(seen.sealed, parts_.ledger.sealing_keys(seen.key), last_key_);
  hints.lost = parts_.keys.lost(hints.of_object);
  auto order = keys_to_try(ring, hints);
  if (auto missing = parts_.keys.what_is_missing(); order.empty() && !missing.empty())
    co_return Error{Errc::cannot_decrypt, std::move(missing)};
  const bool own_namespace = seen.key.namespace_ == parts_.options.own_namespace;
  Opening opening{seen.sealed,
                  std::move(order),
                  parts_.options.accept_deprecated_v1_data && !own_namespace,
                  seen.thoroughly(),
                  quick_look_among(parts_.namespaces_busy()),
                  seen.attempt};
  auto unsealed = co_await parts_.pool.run(seen.key, seen.priority, std::move(opening));
  if (!unsealed && unsealed.error().code == Errc::unavailable) co_return unsealed.error();
  write_audit(seen.sealed, unsealed);
  if (!unsealed) co_return unsealed.error();
  if (!unsealed->keys.empty()) last_key_ = unsealed->keys.front();
  Opened opened{unsealed->secret.to_json(), std::move(unsealed->keys)};
  if (auto allowed = check_opened(parts_.options, opened.secret); !allowed)
    co_return allowed.error();
  co_return opened;
}

Awaitable<Reconciler::Verdict> Reconciler::write(const Seen& seen, Action action, Opened opened) {
  const auto unwritten = [&](Verdict verdict) {
    verdict.keys = std::move(opened.keys);
    return verdict;
  };
  const auto outcome = [&](const Result<json::value>& written) {
    if (!written) return unwritten(Verdict::update_failed(written.error()));
    const bool ours = !leaves_no_owner(seen.sealed) || action != Action::create;
    auto verdict = Verdict::synced(ours ? &*written : nullptr, std::move(opened.keys));
    verdict.wrote = true;
    verdict.written = version_of_secret(*written);
    return verdict;
  };
  parts_.options.additional_metadata.add_to(opened.secret, action);
  if (action == Action::create) {
    auto path = secrets_path(seen.key.namespace_);
    co_return outcome(
        co_await parts_.client.create_object(std::move(path), std::move(opened.secret)));
  }

  // What is not ours is not written; it may hold everything already.
  const bool compares = action == Action::compare;
  SecretWrite plan = plan_update(compares ? Action::merge : action, *seen.secret, opened.secret);
  if (plan.kind == SecretWrite::Kind::none)
    co_return Verdict::synced(compares ? nullptr : &*seen.secret, std::move(opened.keys));
  if (compares) co_return unwritten(Verdict::not_managed(seen.key.name, action));
  if (plan.kind == SecretWrite::Kind::immutable) co_return unwritten(Verdict::immutable(seen.key));
  const bool other_type = type_of(plan.object) != type_of(*seen.secret);
  auto path = secrets_path(seen.key.namespace_, seen.key.name);
  auto verdict = outcome(co_await parts_.client.update(std::move(path), std::move(plan.object)));
  if (other_type && verdict.refused)
    verdict.message += ". A Secret's type can't be changed: delete the Secret, and it is made anew";
  co_return verdict;
}

/// With --old-gc-behavior: deletes the Secret of a SealedSecret that is gone, if it was its own or
/// it was told to manage it. The reference deletes whatever has the name.
Awaitable<Result<void>> Reconciler::collect(kube::ObjectKey key, std::string owner_uid) {
  const auto path = secrets_path(key.namespace_, key.name);
  const auto secret = co_await parts_.client.get_metadata(path);
  if (!secret && secret.error().code != Errc::not_found) co_return secret.error();
  if (secret) {
    const auto owner = kube::controller_of(*secret);
    const bool ours = (owner && owner->uid == owner_uid) ||
                      kube::annotation_of(*secret, annotation::managed) == "true";
    if (ours && !is_sealing_key(parts_.options, *secret)) {
      log_info("SealedSecret has gone, deleting Secret", {{"sealed-secret", kube::to_text(key)}});
      auto removed = co_await parts_.client.remove(path, std::string(kube::uid_of(*secret)));
      if (!removed && removed.error().code != Errc::not_found) co_return removed.error();
    }
  }
  parts_.ledger.forget_the_gone(key);
  co_return Result<void>();
}

}  // namespace bulla
