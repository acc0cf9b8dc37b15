// SPDX-License-Identifier: Apache-2.0
#include "controller/controller.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "controller/audit.hpp"
#include "controller/endpoints.hpp"
#include "controller/key_secret.hpp"
#include "controller/paths.hpp"
#include "crypto/envelope.hpp"
#include "kube/resource_version.hpp"
#include "resource/objects.hpp"

namespace bulla {

namespace net = boost::asio;

namespace {

/// Objects that are worked on at a time. Most of a pass waits for the API server; private keys have
/// the pool for themselves.
constexpr std::size_t workers = 16;

/// With --kubeclient-qps and --kubeclient-burst. Leader election is not slowed down: a Lease that
/// waits for its turn behind ten thousand objects would be lost.
kube::Client at_rate(const kube::Client& client, const Options& options) {
  const auto rate = options.request_rate();
  return rate ? client.with_rate(*rate) : client;
}

/// Two at least: what takes long must leave one.
std::size_t key_threads() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace

Controller::Controller(Parts parts)
    : options_(std::move(parts.options)),
      timing_(parts.timing),
      leading_(parts.client, options_, parts.clock, parts.random),
      client_(at_rate(leading_.client(), options_)),
      clock_(parts.clock),
      random_(parts.random),
      pool_(key_threads()),
      fair_pool_(client_.executor(), pool_, key_threads()),
      large_(client_.executor(), limits::large_passes_max, limits::large_passes_max - 1),
      metrics_(options_.metrics_omit_secret_labels),
      ledger_(options_.repair_drift, Ledger::Role::stands_by,
              options_.additional_metadata.digest()),
      going_(timing_.going_wait),
      drift_(timing_.drift_wait),
      rivals_(timing_.drift_wait),
      queue_(client_.executor(), timing_.retry, timing_.now),
      events_(client_, {}, parts.clock, random_),
      keys_({client_, options_, events_, pool_, parts.clock, random_,
             [this](const Fingerprint& key) { return ledger_.dependents_of(key); }},
            [this] { keys_changed(); }),
      reconciler_({client_, options_, keys_, ledger_, attempts_, settled_, going_, marks_, events_,
                   metrics_, fair_pool_, large_, [this] { return queue_.namespaces_busy(); },
                   parts.clock, timing_.refused_retry, timing_.now}),
      sealed_requests_({[this] { return keys_.ring(); },
                        [this] { return keys_.newest(); },
                        options_.accept_deprecated_v1_data,
                        {.per_second = options_.rate_limit,
                         .burst = options_.rate_limit_burst,
                         .work_in_full = operations_per_request}}),
      workers_(client_.executor()),
      reports_(client_.executor()),
      election_(client_.executor()),
      background_(client_.executor()),
      stop_bell_(client_.executor()),
      store_bell_(client_.executor()) {
  stop_bell_.expires_at(std::chrono::steady_clock::time_point::max());
  if (options_.old_gc_behavior) ledger_.remember_the_gone();
}

Controller::~Controller() { pool_.join(); }

Result<std::unique_ptr<Controller>> Controller::create(Parts parts) {
  std::unique_ptr<Controller> controller(new Controller(std::move(parts)));
  if (auto listening = controller->listen(); !listening) return listening.error();
  controller->open_marks();
  return controller;
}

Result<void> Controller::listen() {
  HttpServerOptions how{.read_timeout = options_.read_timeout,
                        .write_timeout = options_.write_timeout};
  auto metrics = HttpServer::listen(client_.executor(), options_.listen_metrics_addr, how,
                                    metrics_endpoint(metrics_, [this] { refresh_metrics(); }));
  if (!metrics) return metrics.error();
  if (!options_.tls_cert_file.empty())
    how.tls = TlsFiles{options_.tls_cert_file, options_.tls_key_file};
  auto http = HttpServer::listen(
      client_.executor(), options_.listen_addr, std::move(how),
      public_endpoints({[this] { return keys_.newest_certificate(); }, [this] { return ready(); },
                        [this] { return leading_.is_healthy(); }, sealed_requests_, metrics_}));
  if (!http) return http.error();
  http_ = std::make_unique<HttpServer>(std::move(*http));
  metrics_http_ = std::make_unique<HttpServer>(std::move(*metrics));
  return {};
}

void Controller::open_marks() {
  const auto& path = options_.crash_marks_file;
  if (path.empty()) return;
  auto marks = CrashMarks::open(path, timing_.now());
  if (marks) {
    marks_ = std::move(*marks);
  } else {
    log_info("No file for crash marks: an object that ends the process is tried again at once",
             {{"reason", marks.error().message}});
  }
}

kube::Awaitable<Result<void>> Controller::run() {
  log_info("Starting sealed-secrets controller",
           {{"version", contract_version}, {"build", BULLA_VERSION}});
  background_.start(http_->run());
  log_info("HTTP server serving", {{"addr", http_->address()}});
  background_.start(metrics_http_->run());
  log_info("HTTP metrics server serving", {{"addr", metrics_http_->address()}});
  reports_.start(events_.run());
  background_.start(keys_.run());
  election_.start(elect());

  const bool has_key = co_await keys_.wait_for_key();
  if (has_key) {
    background_.start(tell_namespaces());
    for (auto& namespace_ : options_.namespaces()) {
      NamespaceWatch::Parts parts{
          client_,   options_, timing_.informer, ledger_,
          attempts_, queue_,   events_,          metrics_,
          settled_,  going_,   marks_,           drift_,
          rivals_,   random_,  timing_.now,      [this] { tell_once_all_was_looked_at(); }};
      watches_.push_back(std::make_unique<NamespaceWatch>(parts, std::move(namespace_)));
      background_.start(watches_.back()->run());
    }
    co_await until_stopped();
  }
  co_await wind_down();
  co_return end_;
}

/// Says once which namespaces are looked after, and which of those that were named are not there:
/// a mistyped one would stay silent. Whether they are takes a right that a Role can't give.
kube::Awaitable<void> Controller::tell_namespaces() {
  const auto names = options_.namespaces();
  if (names.front().empty()) co_return;
  const std::vector<std::string_view> listed(names.begin(), names.end());
  log_info("Looking after these namespaces only",
           {{"namespaces", join_some(listed, limits::log_field_bytes_max)}});
  for (const auto& name : options_.additional_namespaces) {
    const auto found = co_await client_.get_metadata(namespace_path(name));
    if (!found && found.error().code == Errc::not_found)
      log_error(
          "A namespace of --additional-namespaces is not there; it is looked after once it is",
          {{"namespace", name}});
  }
}

kube::Awaitable<void> Controller::elect() {
  end_ = co_await leading_.run({.on_leading = [this] { lead(); },
                                .break_off = [this] { client_.break_off(); },
                                .on_older_lease = [this] { list_again(); }});
  if (end_) co_return;
  log_error("leader election: leadership is lost; ending, to start again as a stand-by",
            {{"error", end_.error().message}});
  client_.close();
  stop();
}

/// From here on this replica writes. The order of this and of the watches does not matter: those
/// that start later find the Ledger leading.
void Controller::lead() {
  if (stopped_) return;
  ledger_.lead();
  using Names = KeyRegistry::Names;
  keys_.lead(leading_.has_lease() ? Names::random : Names::agreed);
  for (const auto& watch : watches_) watch->take_over();
  for (std::size_t i = 0; i < workers; ++i) workers_.start(work());
  if (!leading_.has_lease()) background_.start(look_at_the_store());
}

/// The API server's store went back in time, or it looks so because the Lease was deleted: no watch
/// tells the one, and listing again costs little after the other.
void Controller::list_again() {
  if (stopped_) return;
  log_error("The API server's store may have gone back in time; listing everything again");
  ledger_.doubt_everything();
  settled_ = Settled();
  keys_.list_again();
  for (const auto& watch : watches_) watch->list_again();
}

/// Asks for the version of a list, of one key Secret at most: that of the store as it is now.
kube::Awaitable<void> Controller::look_at_the_store() {
  kube::ListOptions one;
  one.path = secrets_path(options_.own_namespace);
  one.label_selector = active_keys_selector;
  one.metadata_only = true;
  one.page_objects = 1;
  std::string newest;
  while (!stopped_) {
    const auto page = co_await client_.list_page(one, "");
    if (page && kube::is_older_version(page->resource_version, newest)) list_again();
    if (page) newest = page->resource_version;
    if (stopped_) break;
    store_bell_.expires_after(timing_.store_look);
    boost::system::error_code rung;
    co_await store_bell_.async_wait(net::redirect_error(net::use_awaitable, rung));
  }
}

/// How long an object is not worked on because the process ended when it was. Its owner is told,
/// once.
std::optional<std::chrono::milliseconds> Controller::set_aside_for(const kube::ObjectKey& key) {
  const auto aside = marks_.set_aside(key, timing_.now());
  if (!aside) return std::nullopt;
  if (!aside->is_news) return aside->wait;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(aside->wait).count();
  log_error("The controller ended while it worked on this object: it is set aside",
            {{"key", kube::to_text(key)}, {"times", aside->ends}, {"seconds", seconds}});
  const auto times =
      aside->ends == 1 ? std::string() : " " + std::to_string(aside->ends) + " times in a row";
  events_.record({std::string(SealedSecret::api_version), std::string(SealedSecret::kind), key,
                  ledger_.uid_of(key), ""},
                 kube::EventType::warning, "ErrUnsealFailed",
                 "The controller ended" + times + " while it worked on this SealedSecret: it is " +
                     "tried again in " + std::to_string(seconds) + " s, or when it changes");
  return aside->wait;
}

kube::Awaitable<void> Controller::work() {
  while (const auto turn = co_await queue_.get()) {
    const kube::ObjectKey& key = turn->key;
    if (!leading_.leads()) {
      // Interrupted: what a pass would write is refused.
      queue_.add_after(key, options_.election_timings().retry);
      queue_.done(key);
      continue;
    }
    if (const auto wait = set_aside_for(key)) {
      queue_.add_after(key, *wait);
      queue_.done(key);
      continue;
    }
    const Next next = co_await reconciler_.reconcile(*turn, queue_.failures(key));
    switch (next.when) {
      case Next::When::done: queue_.forget(key); break;
      case Next::When::again: queue_.add(key); break;
      case Next::When::retry: queue_.add_failed(key, next.at_least); break;
      case Next::When::later: queue_.add_after(key, next.at_least); break;
      case Next::When::thoroughly: queue_.add(key, kube::Priority::thorough); break;
    }
    queue_.done(key);
    tell_once_all_was_looked_at();
  }
}

/// One line for whoever starts or upgrades it: how many objects there are, and whether they are
/// well.
void Controller::tell_once_all_was_looked_at() {
  if (told_of_all_ || !leading_.leads() || queue_.waiting() + queue_.in_work() > 0) return;
  const auto looked_at = [](const auto& watch) { return watch->looked_at(); };
  if (!std::all_of(watches_.begin(), watches_.end(), looked_at)) return;
  told_of_all_ = true;
  const auto in_sync = ledger_.in_sync();
  log_info("All SealedSecrets were looked at", {{"sealed_secrets", ledger_.size()},
                                                {"in_sync", in_sync},
                                                {"not_in_sync", ledger_.size() - in_sync}});
}

kube::Awaitable<void> Controller::until_stopped() {
  while (!stopped_) {
    boost::system::error_code rung;
    co_await stop_bell_.async_wait(net::redirect_error(net::use_awaitable, rung));
  }
}

kube::Awaitable<void> Controller::wind_down() {
  log_info("Shutting down");
  for (const auto& watch : watches_) watch->cancel();
  queue_.shut_down();
  if (!co_await workers_.wait(timing_.workers_stop_max)) {
    log_error("Some objects are still being worked on; leaving them to the next start");
    client_.close();
  }
  events_.stop(end_ ? timing_.events_stop_max : std::chrono::milliseconds(0));
  http_->stop();
  metrics_http_->stop();
  co_await reports_.wait();
  // Nothing of ours is under way now, so another replica may lead. A new key that is still being
  // made comes too late for client_.
  leading_.stop();
  co_await election_.wait();
  const bool ended = co_await background_.wait(timing_.events_stop_max + timing_.events_stop_max);
  // What still waits for the API server is broken off.
  client_.close();
  if (!ended) co_await background_.wait();
  co_await workers_.wait();
}

void Controller::stop() {
  stopped_ = true;
  attempts_.stop();
  sealed_requests_.stop();
  keys_.stop();
  stop_bell_.cancel();
  store_bell_.cancel();
}

/// A namespace that can't be listed (it is not there yet, or we may not) must not keep the others
/// from being served.
bool Controller::ready() const {
  if (stopped_ || keys_.ring()->empty()) return false;
  const auto listed = [](const auto& watch) { return watch->listed(); };
  const auto settled = [](const auto& watch) { return watch->listed() || watch->in_trouble(); };
  return std::any_of(watches_.begin(), watches_.end(), listed) &&
         std::all_of(watches_.begin(), watches_.end(), settled);
}

void Controller::renew_key() {
  if (leading_.leads()) return keys_.renew_now();
  log_info("This replica stands by and adds no key: signal the one that leads",
           {{"leader", leading_.leader()}});
}

void Controller::keys_changed() {
  std::vector<std::string> fingerprints;
  for (const auto& entry : keys_.ring()->newest_first())
    fingerprints.push_back(entry->key.fingerprint());
  const auto lost = keys_.all_lost();
  fingerprints.insert(fingerprints.end(), lost.begin(), lost.end());
  ledger_.keys_are(fingerprints);
  for (const auto& key : ledger_.waiting_for_keys()) queue_.add(key, kube::Priority::retry);
}

void Controller::refresh_metrics() {
  metrics_.set_leader(leading_.leads());
  metrics_.set_set_aside(marks_.waiting());
  metrics_.set_keys(keys_.counts());
  metrics_.set_private_key_operations(private_key_operations());
  if (const auto newest = keys_.newest()) {
    const std::chrono::duration<double> age = clock_.now() - newest->ordered_by;
    metrics_.set_newest_key_age(age.count());
  }
  std::vector<Metrics::Dependents> dependents;
  for (const auto& entry : keys_.ring()->newest_first()) {
    const auto& fingerprint = entry->key.fingerprint();
    dependents.push_back({fingerprint, keys_.secret_name(fingerprint), 0});
  }
  for (const auto& fingerprint : keys_.all_lost()) dependents.push_back({fingerprint, "", 0});
  Metrics::Dependents elsewhere;
  for (const auto& [fingerprint, count] : ledger_.dependents()) {
    const auto here = std::find_if(dependents.begin(), dependents.end(), [&](const auto& known) {
      return known.fingerprint == fingerprint;
    });
    (here == dependents.end() ? elsewhere : *here).count += count;
  }
  dependents.push_back(std::move(elsewhere));
  dependents.push_back({"unknown", "unknown", ledger_.unknown_dependents()});
  metrics_.set_dependents(dependents);
}

}  // namespace bulla
