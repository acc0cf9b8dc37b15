// SPDX-License-Identifier: Apache-2.0
#include "controller/namespace_watch.hpp"

#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "controller/paths.hpp"
#include "controller/status.hpp"
#include "kube/object.hpp"
#include "resource/objects.hpp"

namespace bulla {

namespace {

kube::InformerOptions sealed_secrets(kube::InformerOptions informer, const Options& options,
                                     const std::string& namespace_) {
  informer.list.path = sealed_secrets_path(namespace_);
  informer.list.label_selector = options.label_selector;
  return informer;
}

kube::InformerOptions secrets(kube::InformerOptions informer, const std::string& namespace_) {
  informer.list.path = secrets_path(namespace_);
  informer.list.metadata_only = true;
  return informer;
}

kube::Informer::OnError log_trouble(std::string what, std::string namespace_) {
  return [what = std::move(what), namespace_ = std::move(namespace_)](const Error& error) {
    log_error("Error watching " + what + ", will retry",
              {{"namespace", namespace_}, {"error", error.message}});
  };
}

}  // namespace

NamespaceWatch::NamespaceWatch(Parts parts, std::string watched)
    : parts_(std::move(parts)),
      namespace_(std::move(watched)),
      sealed_secrets_(
          parts_.client, sealed_secrets(parts_.informer, parts_.options, namespace_), parts_.random,
          [this](kube::ObjectEvent event) { on_sealed_secret(std::move(event)); },
          [this, log = log_trouble("SealedSecrets", namespace_)](const Error& error) {
            in_trouble_ = true;
            log(error);
          }),
      tasks_(parts_.client.executor()) {
  if (parts_.options.skip_recreate) return;
  secrets_ = std::make_unique<kube::Informer>(
      parts_.client, secrets(parts_.informer, namespace_), parts_.random,
      [this](kube::ObjectEvent event) { on_secret(std::move(event)); },
      [this, log = log_trouble("Secrets", namespace_)](const Error& error) {
        log(error);
        stop_trusting();
      });
}

kube::Awaitable<void> NamespaceWatch::run() {
  tasks_.start(sealed_secrets_.run());
  co_await tasks_.wait();
}

void NamespaceWatch::cancel() noexcept {
  cancelled_ = true;
  sealed_secrets_.cancel();
  if (secrets_) secrets_->cancel();
}

void NamespaceWatch::list_again() noexcept {
  sealed_secrets_.list_again();
  if (secrets_) secrets_->list_again();
}

void NamespaceWatch::on_sealed_secret(kube::ObjectEvent event) {
  using Kind = kube::ObjectEvent::Kind;
  // What is there at start waits behind what people change now.
  const auto priority = listed_ ? kube::Priority::live : kube::Priority::backlog;
  const bool trusts = secrets_ && (!listed_ || !parts_.ledger.leads());
  const auto trust = trusts ? Ledger::Trust::status : Ledger::Trust::nothing;
  const kube::ObjectKey key = kube::key_of(event.object);
  switch (event.kind) {
    case Kind::init: sealed_roll_.begin(); break;
    case Kind::init_apply: {
      sealed_roll_.saw(key);
      look_at_mark(key, event.object);
      const bool known = parts_.ledger.knows(key);
      const bool needs_pass = parts_.ledger.sealed_secret_is(event.object, trust);
      if (needs_pass) changed(key, priority);
      if (known && !needs_pass) look_at_status(key, event.object);
      const bool untold = !known || !parts_.ledger.leads();
      if (untold && !needs_pass) show_condition(key, event.object);
      break;
    }
    case Kind::apply:
      look_at_mark(key, event.object);
      if (parts_.ledger.sealed_secret_is(event.object, trust)) {
        changed(key, kube::Priority::live);
      } else {
        look_at_status(key, event.object);
      }
      if (!parts_.ledger.leads()) show_condition(key, event.object);
      break;
    case Kind::remove: gone(key); break;
    case Kind::init_done: sealed_secrets_listed(); break;
  }
}

/// An object that was being worked on when the last process ended. It needs a pass, if only to
/// show that nothing happens.
void NamespaceWatch::look_at_mark(const kube::ObjectKey& key, const boost::json::value& object) {
  if (!parts_.marks.knows(key)) return;
  parts_.marks.shown(key, digest_of_object(object));
  if (parts_.ledger.leads() && !listed_) parts_.queue.add(key, kube::Priority::backlog);
}

/// What no pass of ours finds out, the status tells.
void NamespaceWatch::show_condition(const kube::ObjectKey& key, const boost::json::value& object) {
  const auto synced = synced_in_status(object);
  if (!synced) return;
  const auto instance = kube::label_of(object, "app.kubernetes.io/instance");
  parts_.metrics.set_condition(key, instance.value_or(""), *synced);
}

void NamespaceWatch::take_over() {
  // Before the Secrets are listed nobody can tell which records are confirmed: their list will.
  if (secrets_settled_) (void)parts_.ledger.take_recorded(namespace_);
  for (const auto& key : parts_.ledger.unsettled(namespace_))
    parts_.queue.add(key, kube::Priority::backlog);
}

void NamespaceWatch::sealed_secrets_listed() {
  for (const auto& missing : sealed_roll_.missing(parts_.ledger.keys_in(namespace_))) gone(missing);
  const bool first = !std::exchange(listed_, true);
  for (const auto& marked : parts_.marks.keys()) {
    const bool here = namespace_.empty() || marked.namespace_ == namespace_;
    if (here && !parts_.ledger.knows(marked)) parts_.marks.gone(marked);
  }
  if (first && secrets_ && !cancelled_) tasks_.start(secrets_->run());
  if (!secrets_) parts_.on_looked_at();
}

void NamespaceWatch::on_secret(kube::ObjectEvent event) {
  using Kind = kube::ObjectEvent::Kind;
  const kube::ObjectKey key = kube::key_of(event.object);  // and the SealedSecret's
  switch (event.kind) {
    case Kind::init: secret_roll_.begin(); break;
    case Kind::init_apply:
      if (parts_.ledger.knows(key)) secret_roll_.saw(key);
      secret_came(key, event.object, kube::Priority::backlog);
      break;
    case Kind::apply: secret_came(key, event.object, kube::Priority::live); break;
    case Kind::remove:
      if (parts_.ledger.secret_gone(key)) parts_.queue.add(key);
      break;
    case Kind::init_done:
      secrets_settled_ = true;
      for (const auto& missing : secret_roll_.missing(parts_.ledger.keys_in(namespace_))) {
        if (parts_.ledger.secret_gone(missing)) parts_.queue.add(missing, kube::Priority::backlog);
      }
      parts_.on_looked_at();
      break;
  }
}

void NamespaceWatch::secret_came(const kube::ObjectKey& key, const boost::json::value& metadata,
                                 kube::Priority priority) {
  switch (parts_.ledger.secret_is(metadata)) {
    case Ledger::SecretNews::none: break;
    case Ledger::SecretNews::differs: parts_.queue.add(key, priority); break;
    case Ledger::SecretNews::free: parts_.queue.add(key); break;
    case Ledger::SecretNews::drifted: repair(key); break;
  }
}

void NamespaceWatch::repair(const kube::ObjectKey& key) {
  const auto answer = parts_.drift.drifted(key, parts_.now());
  queue_repair(key, answer.wait);
  if (!answer.tell) return;
  log_error("A Secret is changed by something else again and again; repairing it less often",
            {{"key", kube::to_text(key)}});
  warn(key, "Secret " + quoted(key.name) +
                " is changed by something else again and again: it is put right, but less and less "
                "often. Let one of the two have it");
}

/// Somebody else's status costs a look at the object, under a back-off: two controllers that each
/// took the other's for news would never rest.
void NamespaceWatch::look_at_status(const kube::ObjectKey& key, const boost::json::value& object) {
  if (!parts_.options.update_status || !parts_.ledger.status_is_foreign(object)) return;
  const auto writer = other_status_writer(object, status_writer(parts_.options.own_namespace));
  const auto answer = parts_.rivals.wrote(key, writer, parts_.now());
  queue_repair(key, answer.wait);
  if (answer.tell_operator)
    log_error("Statuses are written by something else again and again; writing them less often",
              {{"key", kube::to_text(key)}, {"field_manager", writer}});
  if (!answer.tell_owner) return;
  warn(key, "The status of this SealedSecret is written by something else again and again" +
                (writer.empty() ? std::string() : " (field manager " + quoted(writer) + ")") +
                ": it is put right, but less and less often. Let one controller have it");
}

void NamespaceWatch::queue_repair(const kube::ObjectKey& key, std::chrono::milliseconds wait) {
  if (wait.count() == 0) {
    parts_.queue.add(key);
  } else {
    parts_.queue.add_after(key, wait);
  }
}

void NamespaceWatch::warn(const kube::ObjectKey& key, std::string_view message) {
  parts_.events.record({std::string(SealedSecret::api_version), std::string(SealedSecret::kind),
                        key, parts_.ledger.uid_of(key), ""},
                       kube::EventType::warning, "ErrUpdateFailed", message);
}

/// The Secrets can't be listed now: what was recorded is looked at, one by one.
void NamespaceWatch::stop_trusting() {
  secrets_settled_ = true;
  if (!parts_.ledger.leads()) return;
  for (const auto& key : parts_.ledger.take_recorded(namespace_))
    parts_.queue.add(key, kube::Priority::backlog);
}

void NamespaceWatch::changed(const kube::ObjectKey& key, kube::Priority priority) {
  parts_.attempts.outdate(key);
  parts_.going.look_soon(key.namespace_, parts_.now());
  parts_.queue.add(key, priority);
}

void NamespaceWatch::gone(const kube::ObjectKey& key) {
  parts_.attempts.outdate(key);
  parts_.ledger.sealed_secret_gone(key);
  parts_.settled.forget(key);
  parts_.marks.gone(key);
  parts_.queue.forget(key);
  if (parts_.options.old_gc_behavior && parts_.ledger.leads()) parts_.queue.add(key);
  parts_.metrics.forget_condition(key);
}

}  // namespace bulla
