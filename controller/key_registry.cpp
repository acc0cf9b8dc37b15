// SPDX-License-Identifier: Apache-2.0
#include "controller/key_registry.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.hpp"
#include "controller/key_secret.hpp"
#include "controller/key_watching.hpp"
#include "controller/paths.hpp"
#include "controller/secret_policy.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace net = boost::asio;
namespace json = boost::json;

namespace {

kube::InformerOptions legacy_key(const Options& options) {
  auto informer = key_secrets(options, "");
  informer.list.field_selector = "metadata.name=" + options.key_prefix;
  return informer;
}

kube::InformerOptions retired_keys(const Options& options) {
  auto informer = key_secrets(options, std::string(retired_keys_selector));
  informer.list.metadata_only = true;  // a retired key is not to enter this process
  return informer;
}

bool has_another(const Keyring& ring, const Keyring& before) {
  const auto& keys = ring.newest_first();
  return std::any_of(keys.begin(), keys.end(), [&](const Keyring::Entry& entry) {
    return before.find(entry->key.fingerprint()) == nullptr;
  });
}

}  // namespace

KeyRegistry::KeyRegistry(Parts parts, std::function<void()> on_change)
    : parts_(std::move(parts)),
      on_change_(std::move(on_change)),
      labelled_(
          std::make_unique<Watching>(Source::label, parts_.client,
                                     key_secrets(parts_.options, std::string(active_keys_selector)),
                                     parts_.random, log_key_watch_trouble(), *this)),
      legacy_(std::make_unique<Watching>(Source::legacy_name, parts_.client,
                                         legacy_key(parts_.options), parts_.random,
                                         log_key_watch_trouble(), *this)),
      retired_(std::make_unique<Retired>(parts_.client, retired_keys(parts_.options), parts_.random,
                                         log_key_watch_trouble())),
      lost_({parts_.client, parts_.options, parts_.events, parts_.random, parts_.dependents,
             [this](const Fingerprint& key) { return ring_->find(key) != nullptr; },
             [this] { ring_changed(Keyring(*ring_)); }}),
      tasks_(parts_.client.executor()),
      bell_(parts_.client.executor()),
      first_key_(parts_.client.executor()) {
  first_key_.expires_at(std::chrono::steady_clock::time_point::max());
}

KeyRegistry::~KeyRegistry() = default;

kube::Awaitable<void> KeyRegistry::run() {
  log_info("Searching for existing private keys");
  tasks_.start(labelled_->informer.run());
  tasks_.start(legacy_->informer.run());
  tasks_.start(retired_->informer.run());
  tasks_.start(lost_.run());
  tasks_.start(keep_a_key());
  co_await tasks_.wait();
}

void KeyRegistry::stop() {
  stopped_ = true;
  labelled_->informer.cancel();
  legacy_->informer.cancel();
  retired_->informer.cancel();
  lost_.stop();
  bell_.cancel();
  first_key_.cancel();
}

void KeyRegistry::list_again() noexcept {
  labelled_->went_back = true;
  legacy_->went_back = true;
  lost_.list_again();
  labelled_->informer.list_again();
  legacy_->informer.list_again();
  retired_->informer.list_again();
}

void KeyRegistry::lead(Names names) {
  leading_ = true;
  names_ = names;
  lost_.lead();
  for (const auto& [held, malformed] : malformed_) record(malformed);
  bell_.cancel();
}

void KeyRegistry::renew_now() {
  if (!parts_.options.generate_key) {
    log_info("No key is added: with --generate-key=false keys come from outside");
    return;
  }
  renew_asked_ = true;
  bell_.cancel();
}

kube::Awaitable<bool> KeyRegistry::wait_for_key() {
  while (ring_->empty() && !is_known_to_lack_keys() && !stopped_) {
    boost::system::error_code cancelled;
    co_await first_key_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  }
  co_return !stopped_;
}

bool KeyRegistry::is_known_to_lack_keys() const noexcept {
  return !parts_.options.generate_key && listed() && ring_->empty();
}

std::string KeyRegistry::what_is_missing() const {
  if (!is_known_to_lack_keys()) return {};
  return "there is no sealing key, and the controller makes none (--generate-key=false): apply a "
         "Secret of type kubernetes.io/tls with the label " +
         std::string(active_keys_selector) + " in namespace " + parts_.options.own_namespace;
}

/// Once each time that it comes to be so.
void KeyRegistry::tell_what_is_missing() {
  const bool lacks = is_known_to_lack_keys();
  if (lacks && !told_missing_) log_error("Waiting for a sealing key", {{"why", what_is_missing()}});
  told_missing_ = lacks;
}

Keyring::Entry KeyRegistry::newest() const { return newest_key(*ring_, parts_.clock.now()); }

std::optional<Certificate> KeyRegistry::newest_certificate() const {
  const auto entry = newest();
  return entry == nullptr ? std::nullopt : entry->certificate;
}

Metrics::Keys KeyRegistry::counts() const {
  return {ring_->newest_first().size(), retired_->names.size(), malformed_.size(),
          lost_.fingerprints().size()};
}

std::vector<Keyring::Entry> KeyRegistry::lost(const std::vector<Fingerprint>& fingerprints) const {
  std::vector<Keyring::Entry> keys;
  for (const auto& fingerprint : fingerprints) {
    if (ring_->find(fingerprint) != nullptr) continue;
    if (auto key = lost_.find(fingerprint)) keys.push_back(std::move(key));
  }
  return keys;
}

std::string KeyRegistry::secret_name(const Fingerprint& fingerprint) const {
  for (const auto& [held, its_key] : held_) {
    if (its_key == fingerprint) return held.second;
  }
  return {};
}

void KeyRegistry::on_event(Watching& watching, kube::ObjectEvent event) {
  using Kind = kube::ObjectEvent::Kind;
  const auto here = [&] { return Held{watching.source, std::string(kube::name_of(event.object))}; };
  switch (event.kind) {
    case Kind::init: watching.seen.clear(); break;
    case Kind::init_apply:
      watching.seen.insert(here().second);
      take(watching.source, event.object);
      break;
    case Kind::apply: take(watching.source, event.object); break;
    case Kind::remove:
      made_from_sealed_.erase(here());
      forget(here());
      break;
    case Kind::init_done: {
      std::vector<Held> missing;
      const auto add_missing = [&](const auto& known) {
        for (const auto& [held, ignored] : known) {
          if (held.first == watching.source && !watching.seen.contains(held.second))
            missing.push_back(held);
        }
      };
      add_missing(held_);
      add_missing(malformed_);
      // Nobody was seen deleting them: a restored etcd may have lost them.
      if (!missing.empty()) watching.went_back = true;
      for (const auto& held : missing) forget(held);
      watching.seen.clear();
      watching.listed = true;
      watching.went_back = false;
      bell_.cancel();
      first_key_.cancel();
      tell_what_is_missing();
      break;
    }
  }
}

void KeyRegistry::take(Source source, const json::value& secret) {
  const Held held{source, std::string(kube::name_of(secret))};
  names_seen_.insert(held.second);
  if (kube::label_of(secret, key_label).value_or("active") != "active") return forget(held);
  if (auto ours = check_origin(held, secret); !ours) return pass_over(held, secret, ours.error());
  auto entry = parse_key_secret(secret, parts_.options.key_order);
  if (!entry) return pass_over(held, secret, entry.error());
  const Fingerprint fingerprint = entry->key.fingerprint();
  if (const auto old = held_.find(held); old != held_.end() && old->second != fingerprint)
    drop(held);

  Keyring ring = *ring_;
  const auto present = ring.find(fingerprint);
  // A certificate that was renewed for the same key: its dates may differ, and it is served.
  const bool renewed = present != nullptr && held_.contains(held) &&
                       (present->ordered_by != entry->ordered_by ||
                        present->certificate->pem() != entry->certificate->pem());
  if (renewed) ring.retire(fingerprint);
  const auto not_before = format_rfc3339(entry->certificate->not_before());
  const auto is_new = ring.add(std::move(*entry));
  if (!is_new) return pass_over(held, secret, is_new.error());
  malformed_.erase(held);
  held_.insert_or_assign(held, fingerprint);
  if (!*is_new) return;
  if (!renewed)
    log_info(
        "registered private key",
        {{"secretname", held.second}, {"fingerprint", fingerprint}, {"notBefore", not_before}});
  ring_changed(std::move(ring));
}

/// A Secret that was made from a SealedSecret stays one, also when an edit, or a deletion that
/// orphans it, takes the mark away: otherwise whoever may create SealedSecrets here could make
/// everybody seal for a key of his own.
Result<void> KeyRegistry::check_origin(const Held& held, const json::value& secret) {
  const auto mark = sealed_secret_mark(secret);
  if (!mark.empty()) made_from_sealed_.insert_or_assign(held, kube::uid_of(secret));
  const auto known = made_from_sealed_.find(held);
  const bool tainted = known != made_from_sealed_.end() && known->second == kube::uid_of(secret);
  if (!tainted) return {};
  const std::string seen =
      mark.empty() ? "it was seen with the mark of one before" : "it has " + std::string(mark);
  return Error{Errc::invalid_input, "it was made from a SealedSecret, or can be changed by one (" +
                                        seen +
                                        "); if it is to be a key, delete it and create it "
                                        "anew with kubectl"};
}

/// What can't be used is reported once, and not again until it changes.
void KeyRegistry::pass_over(const Held& held, const json::value& secret, const Error& error) {
  drop(held);
  const auto known = malformed_.find(held);
  if (known != malformed_.end() && known->second.why == error.message) return;
  Malformed malformed{{"v1", "Secret", kube::key_of(secret), std::string(kube::uid_of(secret)),
                       std::string(kube::resource_version_of(secret))},
                      error.message};
  log_error("Error reading a key Secret, passing it over",
            {{"secretname", held.second}, {"error", error.message}});
  // Every replica logs it; one Event is enough.
  if (leading_) record(malformed);
  malformed_.insert_or_assign(held, std::move(malformed));
}

void KeyRegistry::record(const Malformed& malformed) {
  parts_.events.record(malformed.secret, kube::EventType::warning, "ErrKeyUnusable",
                       "This sealing key is passed over: " + malformed.why);
}

void KeyRegistry::forget(const Held& held) {
  malformed_.erase(held);
  drop(held);
}

void KeyRegistry::drop(const Held& held) {
  const auto found = held_.find(held);
  if (found == held_.end()) return;
  const Fingerprint fingerprint = found->second;
  held_.erase(found);
  const bool still_held = std::any_of(
      held_.begin(), held_.end(), [&](const auto& other) { return other.second == fingerprint; });
  if (still_held) return;
  const auto entry = ring_->find(fingerprint);
  const bool last_copy = entry == newest() || labelled_->went_back || legacy_->went_back;
  Keyring ring = *ring_;
  if (!ring.retire(fingerprint)) return;
  lost_.departed({entry, held.second, last_copy});
  log_info("retired private key", {{"secretname", held.second}, {"fingerprint", fingerprint}});
  ring_changed(std::move(ring));
}

void KeyRegistry::ring_changed(Keyring ring) {
  ring_ = std::make_shared<const Keyring>(std::move(ring));
  if (renew_from_ && has_another(*ring_, *renew_from_)) renew_from_ = nullptr;
  bell_.cancel();
  if (!ring_->empty()) first_key_.cancel();
  tell_what_is_missing();
  on_change_();
}

}  // namespace bulla
