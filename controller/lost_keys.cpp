// SPDX-License-Identifier: Apache-2.0
#include "controller/lost_keys.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "controller/key_secret.hpp"
#include "controller/key_watching.hpp"
#include "controller/paths.hpp"
#include "controller/secret_policy.hpp"
#include "kube/backoff.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace net = boost::asio;
namespace json = boost::json;

namespace {

kube::EventSubject subject_of(const json::value& secret) {
  return {"v1", "Secret", kube::key_of(secret), std::string(kube::uid_of(secret)),
          std::string(kube::resource_version_of(secret))};
}

std::string depend_on_it(std::size_t dependents) {
  return std::to_string(dependents) +
         (dependents == 1 ? " SealedSecret depends" : " SealedSecrets depend") + " on it";
}

}  // namespace

LostKeys::LostKeys(Parts parts)
    : parts_(std::move(parts)),
      informer_(
          parts_.client, key_secrets(parts_.options, std::string(lost_keys_selector)),
          parts_.random, [this](kube::ObjectEvent event) { on_event(std::move(event)); },
          log_key_watch_trouble()),
      tasks_(parts_.client.executor()),
      bell_(parts_.client.executor()) {}

kube::Awaitable<void> LostKeys::run() {
  tasks_.start(informer_.run());
  tasks_.start(settle_all());
  co_await tasks_.wait();
}

void LostKeys::stop() noexcept {
  stopped_ = true;
  informer_.cancel();
  bell_.cancel();
}

void LostKeys::lead() noexcept {
  leading_ = true;
  bell_.cancel();
}

void LostKeys::list_again() noexcept {
  went_back_ = true;
  informer_.list_again();
}

void LostKeys::departed(Departed gone) {
  const Fingerprint fingerprint = gone.key->key.fingerprint();
  const auto known = lost_.find(fingerprint);
  if (known != lost_.end() && !known->second.kept_in.empty()) {
    log_error("A sealing key is gone from its Secret; another one keeps it, to be put back",
              {{"secretname", gone.secret},
               {"fingerprint", fingerprint},
               {"kept", known->second.kept_in}});
    return;
  }
  if (known == lost_.end() && lost_.size() >= limits::keys_max) {
    log_error("A sealing key is gone, and too many others are lost to keep it",
              {{"secretname", gone.secret}, {"fingerprint", fingerprint}});
    return;
  }
  lost_.insert_or_assign(fingerprint,
                         Lost{std::move(gone.key), std::move(gone.secret), {}, gone.keep});
  bell_.cancel();
}

Keyring::Entry LostKeys::find(const Fingerprint& fingerprint) const {
  const auto found = lost_.find(fingerprint);
  return found == lost_.end() ? nullptr : found->second.key;
}

std::vector<Fingerprint> LostKeys::fingerprints() const {
  std::vector<Fingerprint> names;
  for (const auto& [fingerprint, lost] : lost_) {
    if (!parts_.in_use(fingerprint)) names.push_back(fingerprint);
  }
  return names;
}

// --- the Secrets with the label -----------------------------------------------------------------

void LostKeys::on_event(kube::ObjectEvent event) {
  using Kind = kube::ObjectEvent::Kind;
  switch (event.kind) {
    case Kind::init: seen_.clear(); break;
    case Kind::init_apply:
      seen_.emplace(kube::name_of(event.object));
      take(event.object);
      break;
    case Kind::apply: take(event.object); break;
    case Kind::remove: forget(std::string(kube::name_of(event.object))); break;
    case Kind::init_done: listed(); break;
  }
}

void LostKeys::take(const json::value& secret) {
  const std::string name(kube::name_of(secret));
  auto entry = parse_key_secret(secret, parts_.options.key_order);
  const bool tainted = !sealed_secret_mark(secret).empty();
  if (!entry || tainted || lost_.size() >= limits::keys_max) {
    const std::string why = !entry    ? entry.error().message
                            : tainted ? "it was made from a SealedSecret"
                                      : "too many keys are lost";
    log_error("Error reading a lost sealing key, passing it over",
              {{"secretname", name}, {"error", why}});
    return forget(name);
  }
  const Fingerprint fingerprint = entry->key.fingerprint();
  const auto known = lost_.find(fingerprint);
  if (known != lost_.end() && known->second.kept_in == name) return;
  forget(name);  // it held another one
  const std::string held_by = known == lost_.end() ? name : known->second.secret;
  lost_.insert_or_assign(fingerprint, Lost{std::make_shared<const KeyringEntry>(std::move(*entry)),
                                           held_by, name, true});
  if (known == lost_.end()) parts_.on_change();
}

/// Its Secret was deleted, relabelled or overwritten: by somebody who means it.
void LostKeys::forget(const std::string& name) {
  for (auto it = lost_.begin(); it != lost_.end(); ++it) {
    if (it->second.kept_in != name) continue;
    if (!parts_.in_use(it->first))
      log_info("a lost sealing key is put back or given up",
               {{"secretname", name}, {"fingerprint", it->first}});
    lost_.erase(it);
    return parts_.on_change();
  }
}

void LostKeys::listed() {
  std::vector<std::string> missing;
  for (auto& [fingerprint, lost] : lost_) {
    if (lost.kept_in.empty() || seen_.contains(lost.kept_in)) continue;
    if (went_back_) {
      lost.kept_in.clear();  // nobody deleted it
    } else {
      missing.push_back(lost.kept_in);
    }
  }
  for (const auto& name : missing) forget(name);
  seen_.clear();
  went_back_ = false;
  listed_ = true;
  bell_.cancel();
}

// --- what becomes of a key that has just gone ---------------------------------------------------

std::vector<Fingerprint> LostKeys::unsettled() const {
  std::vector<Fingerprint> names;
  if (!leading_ || !listed_) return names;
  for (const auto& [fingerprint, lost] : lost_) {
    if (lost.kept_in.empty()) names.push_back(fingerprint);
  }
  return names;
}

bool LostKeys::is_unsettled(const Fingerprint& fingerprint) const {
  const auto found = lost_.find(fingerprint);
  return found != lost_.end() && found->second.kept_in.empty();
}

kube::Awaitable<void> LostKeys::settle_all() {
  kube::Backoff backoff({}, parts_.random);
  while (!stopped_) {
    auto pause = std::chrono::milliseconds(std::chrono::hours(1));
    bool settled = true;
    for (const auto& fingerprint : unsettled()) {
      if (stopped_ || !is_unsettled(fingerprint)) continue;
      const auto done = co_await settle(fingerprint);
      if (done || stopped_) continue;
      settled = false;
      log_error("Error keeping a lost sealing key, will retry",
                {{"fingerprint", fingerprint}, {"error", done.error().message}});
    }
    if (stopped_) break;
    if (settled && !unsettled().empty()) continue;
    if (!settled) pause = backoff.next(std::chrono::steady_clock::now());
    bell_.expires_after(pause);
    boost::system::error_code rung;
    co_await bell_.async_wait(net::redirect_error(net::use_awaitable, rung));
  }
}

kube::Awaitable<Result<void>> LostKeys::settle(Fingerprint fingerprint) {
  const Lost lost = lost_.at(fingerprint);
  const auto there = co_await secret_named(lost.secret);
  if (!there) co_return there.error();
  if (!is_unsettled(fingerprint)) co_return Result<void>();

  const bool unwanted = !lost.keep && parts_.dependents(fingerprint) == 0;
  const bool still_there = holds_key(*there, fingerprint);
  if (parts_.in_use(fingerprint) || still_there || unwanted) {
    lost_.erase(fingerprint);
    if (still_there && !parts_.in_use(fingerprint)) tell_out_of_use(fingerprint, *there);
    co_return Result<void>();
  }
  const auto kept = co_await store(lost);
  if (!kept) co_return kept.error();
  // The watch may have told already, also that it was deleted again.
  if (is_unsettled(fingerprint)) lost_.at(fingerprint).kept_in = kube::name_of(*kept);
  tell_lost(lost, *there, *kept);
  co_return Result<void>();
}

/// Null when there is none.
kube::Awaitable<Result<json::value>> LostKeys::secret_named(std::string name) {
  kube::ListOptions one;
  one.path = secrets_path(parts_.options.own_namespace);
  one.field_selector = "metadata.name=" + name;
  auto page = co_await parts_.client.list_page(std::move(one), "");
  if (!page) co_return page.error();
  if (page->items.empty()) co_return json::value();
  co_return std::move(page->items.front());
}

/// The Secret that holds it now; another replica's, or that of an earlier life, will do.
kube::Awaitable<Result<json::value>> LostKeys::store(Lost lost) {
  const Fingerprint& fingerprint = lost.key->key.fingerprint();
  const auto path = secrets_path(parts_.options.own_namespace);
  const auto name = lost_key_secret_name(lost.secret, fingerprint);
  auto secret = make_lost_key_secret(*lost.key, parts_.options, name);
  auto stored = co_await parts_.client.create_object(path, std::move(secret));
  if (stored || stored.error().code != Errc::conflict) co_return stored;
  auto there = co_await secret_named(name);
  if (!there || holds_key(*there, fingerprint)) co_return there;
  auto other = make_lost_key_secret(*lost.key, parts_.options, random_key_secret_name(name + "-"));
  co_return co_await parts_.client.create_object(path, std::move(other));
}

void LostKeys::tell_out_of_use(const Fingerprint& fingerprint, const json::value& secret) {
  const auto dependents = parts_.dependents(fingerprint);
  if (dependents == 0) return;
  log_error("A sealing key is out of use while objects depend on it",
            {{"secretname", kube::name_of(secret)},
             {"fingerprint", fingerprint},
             {"dependents", std::to_string(dependents)}});
  parts_.events.record(subject_of(secret), kube::EventType::warning, "KeyOutOfUse",
                       "Sealing key " + fingerprint + " is out of use, and " +
                           depend_on_it(dependents) +
                           ": what changes there is not opened any more. Seal them anew, or give "
                           "this Secret the label " +
                           std::string(active_keys_selector));
}

void LostKeys::tell_lost(const Lost& lost, const json::value& there, const json::value& kept) {
  const Fingerprint& fingerprint = lost.key->key.fingerprint();
  const auto dependents = parts_.dependents(fingerprint);
  const std::string name(kube::name_of(kept));
  log_error("A sealing key is gone from its Secret; it is kept in another one, to be put back",
            {{"secretname", lost.secret},
             {"fingerprint", fingerprint},
             {"dependents", std::to_string(dependents)},
             {"kept", name}});
  const std::string message =
      "Sealing key " + fingerprint + " is gone from Secret " + quoted(lost.secret) + ", and " +
      depend_on_it(dependents) + ". It is kept in Secret " + quoted(name) +
      ", and opens nothing but what it has opened before. To put it back, give " + quoted(name) +
      " the label " + std::string(active_keys_selector) + "; to give it up, delete " + quoted(name);
  parts_.events.record(subject_of(kept), kube::EventType::warning, "KeyLost", message);
  if (!there.is_null())
    parts_.events.record(subject_of(there), kube::EventType::warning, "KeyLost", message);
}

}  // namespace bulla
