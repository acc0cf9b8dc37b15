// SPDX-License-Identifier: Apache-2.0
#include "controller/key_registry.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <chrono>

#include "base/log.hpp"
#include "controller/key_secret.hpp"
#include "controller/paths.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace net = boost::asio;
namespace json = boost::json;

namespace {

/// How often the age of the newest key is looked at. Short, so that a clock that jumps, or a
/// machine that slept, costs no more than this.
constexpr auto look_period = std::chrono::minutes(1);

kube::InformerOptions active_keys(const Options& options) {
  kube::InformerOptions informer;
  informer.list.path = secrets_path(options.own_namespace);
  informer.list.label_selector = active_keys_selector;
  return informer;
}

kube::InformerOptions legacy_key(const Options& options) {
  kube::InformerOptions informer;
  informer.list.path = secrets_path(options.own_namespace);
  informer.list.field_selector = "metadata.name=" + options.key_prefix;
  return informer;
}

struct NewKey {
  PrivateKey key;
  Certificate certificate;
};

/// Takes seconds of one core.
Result<NewKey> generate(const Options& options, WallTime now) {
  auto key = PrivateKey::generate(options.key_size);
  if (!key) return std::move(key).error().during("generating a key");
  auto certificate = Certificate::self_signed(*key, {options.my_cn, now, options.key_ttl});
  if (!certificate) return std::move(certificate).error().during("making a certificate");
  return NewKey{std::move(*key), std::move(*certificate)};
}

}  // namespace

struct KeyRegistry::Watching {
  Watching(Source where, const kube::Client& client, kube::InformerOptions options, Random& random,
           KeyRegistry& owner)
      : source(where),
        informer(
            client, std::move(options), random,
            [this, &owner](kube::ObjectEvent event) { owner.on_event(*this, std::move(event)); },
            [](const Error& error) {
              log_error("Error watching key Secrets, will retry", {{"error", error.message}});
            }) {}

  Source source;
  Roll roll;
  bool listed = false;
  kube::Informer informer;
};

KeyRegistry::KeyRegistry(Parts parts, std::function<void()> on_change)
    : parts_(std::move(parts)),
      on_change_(std::move(on_change)),
      labelled_(std::make_unique<Watching>(Source::label, parts_.client,
                                           active_keys(parts_.options), parts_.random, *this)),
      legacy_(std::make_unique<Watching>(Source::legacy_name, parts_.client,
                                         legacy_key(parts_.options), parts_.random, *this)),
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
  tasks_.start(keep_a_key());
  co_await tasks_.wait();
}

void KeyRegistry::stop() {
  stopped_ = true;
  labelled_->informer.cancel();
  legacy_->informer.cancel();
  bell_.cancel();
  first_key_.cancel();
}

void KeyRegistry::renew_now() {
  renew_ = true;
  bell_.cancel();
}

kube::Awaitable<bool> KeyRegistry::wait_for_key() {
  while (ring_->empty() && !stopped_) {
    boost::system::error_code cancelled;
    co_await first_key_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  }
  co_return !stopped_;
}

std::optional<Certificate> KeyRegistry::newest_certificate() const {
  if (ring_->empty()) return std::nullopt;
  return ring_->newest_first().front()->certificate;
}

void KeyRegistry::on_event(Watching& watching, kube::ObjectEvent event) {
  using Kind = kube::ObjectEvent::Kind;
  switch (event.kind) {
    case Kind::init: watching.roll.begin(); break;
    case Kind::init_apply:
      watching.roll.saw(kube::key_of(event.object));
      take(watching.source, event.object);
      break;
    case Kind::apply: take(watching.source, event.object); break;
    case Kind::remove: drop(watching.source, std::string(kube::name_of(event.object))); break;
    case Kind::init_done: {
      std::vector<kube::ObjectKey> known;
      for (const auto& [held, fingerprint] : held_) {
        if (held.first == watching.source)
          known.push_back({parts_.options.own_namespace, held.second});
      }
      for (const auto& key : watching.roll.missing(known)) drop(watching.source, key.name);
      watching.listed = true;
      bell_.cancel();
      break;
    }
  }
}

void KeyRegistry::take(Source source, const json::value& secret) {
  const std::string name(kube::name_of(secret));
  if (kube::label_of(secret, key_label).value_or("active") != "active") return drop(source, name);
  auto entry = parse_key_secret(secret, parts_.options.key_order);
  if (!entry) {
    log_error("Error reading a key Secret, passing it over",
              {{"secretname", name}, {"error", entry.error().message}});
    return drop(source, name);
  }
  const Fingerprint fingerprint = entry->key.fingerprint();
  if (const auto held = held_.find({source, name});
      held != held_.end() && held->second != fingerprint)
    drop(source, name);

  Keyring ring = *ring_;
  const auto added = ring.add(std::move(*entry));
  if (!added) {
    log_error("Error adding a key, passing it over",
              {{"secretname", name}, {"error", added.error().message}});
    return;
  }
  held_.insert_or_assign({source, name}, fingerprint);
  if (!*added) return;
  log_info("registered private key", {{"secretname", name}});
  ring_changed(std::move(ring));
}

void KeyRegistry::drop(Source source, const std::string& name) {
  const auto held = held_.find({source, name});
  if (held == held_.end()) return;
  const Fingerprint fingerprint = held->second;
  held_.erase(held);
  const bool still_held = std::any_of(
      held_.begin(), held_.end(), [&](const auto& other) { return other.second == fingerprint; });
  if (still_held) return;
  Keyring ring = *ring_;
  if (!ring.retire(fingerprint)) return;
  log_info("retired private key", {{"secretname", name}});
  ring_changed(std::move(ring));
}

void KeyRegistry::ring_changed(Keyring ring) {
  ring_ = std::make_shared<const Keyring>(std::move(ring));
  bell_.cancel();
  if (!ring_->empty()) first_key_.cancel();
  on_change_();
}

bool KeyRegistry::due() const {
  if (!labelled_->listed || !legacy_->listed) return false;
  KeyAge age{std::nullopt, std::nullopt, parts_.options.key_renew_period};
  if (!ring_->empty()) age.newest = ring_->newest_first().front()->ordered_by;
  if (!cutoff_met_) age.cutoff = parts_.options.key_cutoff_time;
  return renew_ || key_is_due(age, parts_.clock.now());
}

kube::Awaitable<void> KeyRegistry::keep_a_key() {
  kube::Backoff backoff({}, parts_.random);
  while (!stopped_) {
    std::chrono::milliseconds pause = look_period;
    if (due()) {
      auto made = co_await make_key();
      // A key that was stored and still is not in use must not make us store another at once.
      if (made && due()) made = Error{Errc::internal, "the key that was stored can't be used"};
      if (made) continue;
      log_error("Error creating a key, will retry", {{"error", made.error().message}});
      pause = backoff.next(std::chrono::steady_clock::now());
    } else if (labelled_->listed && legacy_->listed) {
      // A cutoff in the future asks for one new key, not for one after another.
      cutoff_met_ = true;
    }
    if (stopped_) break;
    bell_.expires_after(pause);
    boost::system::error_code rung;
    co_await bell_.async_wait(net::redirect_error(net::use_awaitable, rung));
  }
}

kube::Awaitable<Result<void>> KeyRegistry::make_key() {
  const Options& options = parts_.options;
  auto work = [&options, now = parts_.clock.now()] { return generate(options, now); };
  auto made = co_await run_on(parts_.pool, std::move(work));
  if (!made) co_return made.error();
  // Another replica, or a person, may have been faster.
  if (!due()) co_return Result<void>();

  auto secret = make_key_secret(made->key, made->certificate, options);
  auto stored =
      co_await parts_.client.create_object(secrets_path(options.own_namespace), std::move(secret));
  if (!stored) co_return std::move(stored).error().during("storing a new key");
  const std::string name(kube::name_of(*stored));
  log_info("New key written", {{"namespace", options.own_namespace}, {"name", name}});
  renew_ = false;
  cutoff_met_ = true;
  take(Source::label, *stored);
  co_return Result<void>();
}

}  // namespace bulla
