// SPDX-License-Identifier: Apache-2.0
#include "kube/leader_election.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/value.hpp>

#include "base/log.hpp"
#include "kube/object.hpp"
#include "kube/resource_version.hpp"
#include "kube/status.hpp"

namespace bulla::kube {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

using std::chrono::milliseconds;

constexpr milliseconds call_timeout_min = std::chrono::seconds(1);
constexpr std::chrono::seconds unhealthy_after{20};
constexpr std::chrono::minutes watch_time{4};
constexpr int release_tries_max = 3;

SteadyTime now() { return std::chrono::steady_clock::now(); }

SteadyTime for_ever() noexcept { return SteadyTime::max(); }

}  // namespace

Leadership::Leadership()
    : until_(
          std::make_shared<std::atomic<SteadyTime::rep>>(for_ever().time_since_epoch().count())) {}

SteadyTime Leadership::until() const noexcept {
  return SteadyTime(SteadyTime::duration(until_->load(std::memory_order_acquire)));
}

Client fenced(const Client& client, Leadership leadership) {
  return client.with_write_guard([leadership = std::move(leadership)]() -> Result<void> {
    if (leadership.holds()) return {};
    return Error{Errc::unavailable, "not sent: another replica may be leading now"};
  });
}

struct LeaderElector::Impl {
  Impl(const Client& to, LeaderElectionOptions how, Random& chance)
      : client(to.with_own_connections()),
        watcher(to.with_own_connections()),
        options(std::move(how)),
        random(chance),
        election(options.identity, options.timings),
        pause(client.executor()),
        watch_pause(client.executor()) {}

  /// What came of one try to acquire or to renew.
  enum class Try { leads, held, failed, not_permitted };
  /// The server's answer; status 0: none.
  struct Answer {
    unsigned status = 0;
    json::value object = {};
    std::string message = {};
  };

  Client client;
  Client watcher;  ///< closed alone, to end the watch
  LeaderElectionOptions options;
  Random& random;
  Election election;
  Leadership leadership = {};
  asio::steady_timer pause;
  asio::steady_timer watch_pause;
  json::value lease = {};           ///< as last read or written
  std::string newest_version = {};  ///< that a Lease was seen with; empty: there is none
  std::function<void()> on_older_lease = [] {};
  bool standing_by = true;
  bool watching = false;  ///< the watch tells us of every change
  bool ever_wrote = false;
  bool running = false;
  bool stopping = false;
  SteadyTime tried_at{};  ///< to renew; never: we never led
  std::string last_holder = {};
  std::string last_trouble = {};

  [[nodiscard]] static Awaitable<void> watch_lease(std::shared_ptr<Impl> self);
  void publish() noexcept;
  void log_trouble(const char* what, const std::string& message);
  void note_holder();
  void note_version(std::string_view version, std::string_view known);
  void note_event(const WatchEvent& event);
  [[nodiscard]] std::string collection() const;
  [[nodiscard]] std::string path() const;
  [[nodiscard]] milliseconds call_timeout() const;
  [[nodiscard]] milliseconds jittered_retry();
  [[nodiscard]] Awaitable<void> sleep_until(SteadyTime when);
  [[nodiscard]] Awaitable<Answer> ask(Request request);
  [[nodiscard]] Awaitable<Try> look();
  [[nodiscard]] Awaitable<Try> write_claim(bool create);
  [[nodiscard]] Awaitable<Try> acquire_or_renew();
  [[nodiscard]] Awaitable<Try> acquire();
  [[nodiscard]] Awaitable<Try> resume();
  [[nodiscard]] Awaitable<void> keep(std::function<void()> on_interrupted);
  [[nodiscard]] Awaitable<void> release();
};

// --- small steps --------------------------------------------------------------------------------

/// Makes the election's answer everybody's.
void LeaderElector::Impl::publish() noexcept {
  const auto until = election.leads_until().time_since_epoch().count();
  leadership.until_->store(until, std::memory_order_release);
}

void LeaderElector::Impl::note_holder() {
  if (election.holder() == last_holder) return;
  last_holder = election.holder();
  log_info("leader election: the holder of the Lease changed",
           {{"lease", options.namespace_ + "/" + options.name}, {"holder", last_holder}});
}

/// `known`: the newest version when the answer was asked for. A read of one object is never older
/// than what was told before it was sent; but the watch may be ahead of an answer under way.
void LeaderElector::Impl::note_version(std::string_view version, std::string_view known) {
  const bool went_back = is_older_version(version, known);
  if (went_back || !is_older_version(version, newest_version)) newest_version = version;
  if (!went_back) return;
  watcher.break_off();  // it is silent
  on_older_lease();
}

/// The same trouble every second is told once.
void LeaderElector::Impl::log_trouble(const char* what, const std::string& message) {
  if (message == last_trouble) return;
  last_trouble = message;
  log_error(what, {{"lease", options.namespace_ + "/" + options.name}, {"error", message}});
}

void LeaderElector::Impl::note_event(const WatchEvent& event) {
  if (event.type == "DELETED") {
    election.observe_absence();
    newest_version.clear();
  } else if (event.type == "ADDED" || event.type == "MODIFIED") {
    election.observe(lease_record_of(event.object), now());
    note_version(resource_version_of(event.object), "");
  } else {
    return;
  }
  note_holder();
  pause.cancel();
}

std::string LeaderElector::Impl::collection() const {
  return resource_path(lease_type, {.namespace_ = options.namespace_});
}

std::string LeaderElector::Impl::path() const {
  return resource_path(lease_type, {.namespace_ = options.namespace_, .name = options.name});
}

/// One hung request must not lose the Lease, and none may outlast our leadership.
milliseconds LeaderElector::Impl::call_timeout() const {
  auto limit = std::max(call_timeout_min, options.timings.renew_deadline / 2);
  if (!election.leads(now())) return limit;
  const auto left = std::chrono::ceil<milliseconds>(election.leads_until() - now());
  return std::clamp(left, milliseconds(1), limit);
}

milliseconds LeaderElector::Impl::jittered_retry() {
  const auto more = options.timings.retry.count() * 12 / 10;
  return options.timings.retry + milliseconds(random.below(static_cast<std::uint32_t>(more)));
}

Awaitable<void> LeaderElector::Impl::sleep_until(SteadyTime when) {
  if (stopping) co_return;
  pause.expires_at(when);
  boost::system::error_code woken;
  co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

Awaitable<LeaderElector::Impl::Answer> LeaderElector::Impl::ask(Request request) {
  request.timeout = call_timeout();
  FailedAnswer failed;
  failed.method = request.method;
  const auto asked = request.path;
  failed.path = asked;
  auto response = co_await client.send_for_answer(std::move(request));
  Answer answer;
  if (!response) {
    answer.message = response.error().message;
    co_return answer;
  }
  answer.status = response->status;
  const auto body = response->body.expose_secret_text();
  if (answer.status >= 200 && answer.status <= 299) {
    auto object = parse_json(body);
    if (!object) co_return Answer{.message = object.error().message};
    answer.object = std::move(*object);
    co_return answer;
  }
  failed.status = answer.status;
  failed.body = body;
  answer.message = status_error(failed).message;
  co_return answer;
}

// --- acquire, renew -----------------------------------------------------------------------------

/// Reads the Lease. `held`: it was read, or there is none.
Awaitable<LeaderElector::Impl::Try> LeaderElector::Impl::look() {
  const auto known = newest_version;
  auto answer = co_await ask(Request::get(path()));
  if (answer.status == 404) {
    election.observe_absence();
    lease = nullptr;
    if (!std::exchange(newest_version, "").empty()) on_older_lease();
    co_return Try::held;
  }
  if (answer.status == 403 && !ever_wrote) co_return Try::not_permitted;
  if (answer.status != 200) {
    log_trouble("leader election: reading the Lease failed", answer.message);
    co_return Try::failed;
  }
  lease = std::move(answer.object);
  note_version(resource_version_of(lease), known);
  election.observe(lease_record_of(lease), now());
  note_holder();
  co_return Try::held;
}

/// Writes our name into the Lease, against the version that we know.
Awaitable<LeaderElector::Impl::Try> LeaderElector::Impl::write_claim(bool create) {
  const auto claim = election.claim(options.clock->now());
  auto next = create ? new_lease(options.namespace_, options.name, claim) : lease;
  if (!create) set_lease_record(next, claim);
  // Not inside of the co_await: GCC 12 destroys a conditional's operands twice there.
  auto request = create ? Request::with_json(Method::post, collection(), next)
                        : Request::with_json(Method::put, path(), next);
  const auto sent_at = now();
  auto answer = co_await ask(std::move(request));
  if (answer.status == 200 || answer.status == 201) {
    lease = std::move(answer.object);
    note_version(resource_version_of(lease), "");
    election.claimed(claim, sent_at);
    ever_wrote = true;
    last_trouble.clear();
    publish();
    note_holder();
    co_return Try::leads;
  }
  if (answer.status == 403 && !ever_wrote) co_return Try::not_permitted;
  // Somebody was faster, changed something else in it, or deleted it.
  if (answer.status == 409 || (answer.status == 404 && !create)) co_return Try::held;
  log_trouble("leader election: writing the Lease failed", answer.message);
  co_return Try::failed;
}

/// client-go's tryAcquireOrRenew.
Awaitable<LeaderElector::Impl::Try> LeaderElector::Impl::acquire_or_renew() {
  const bool leading = election.leads(now());
  if (leading) {
    // A leader knows the Lease: nobody else writes it.
    const auto renewed = co_await write_claim(false);
    if (renewed != Try::held) co_return renewed;
    if (!election.leads(now())) co_return Try::failed;  // too late to look
  }
  const auto seen = co_await look();
  if (seen != Try::held) co_return seen;
  if (!election.may_take(now())) co_return Try::held;
  if (leading && !election.leads(now())) co_return Try::failed;  // too late to renew
  const bool create = lease.is_null();
  co_return co_await write_claim(create);
}

/// Until we lead, or never will.
Awaitable<LeaderElector::Impl::Try> LeaderElector::Impl::acquire() {
  while (!stopping) {
    if (!watching || election.may_take(now())) {
      const auto result = co_await acquire_or_renew();
      if (result == Try::leads || result == Try::not_permitted) co_return result;
    }
    // Whatever the watch tells wakes us up before.
    auto wake_up = now() + jittered_retry();
    if (!election.may_take(now())) {
      wake_up = watching ? election.free_at() : std::min(wake_up, election.free_at());
    }
    co_await sleep_until(wake_up);
  }
  co_return Try::held;
}

/// After an interruption: leads again, unless somebody else may have led meanwhile.
Awaitable<LeaderElector::Impl::Try> LeaderElector::Impl::resume() {
  const auto seen = co_await look();
  if (seen != Try::held || !election.held_by_us()) co_return seen;
  const auto claimed = co_await write_claim(false);
  co_return claimed;
}

/// Renews until another one leads, or did, or we are to stop.
Awaitable<void> LeaderElector::Impl::keep(std::function<void()> on_interrupted) {
  bool interrupted = false;
  while (true) {
    const auto next = now() + options.timings.retry;
    co_await sleep_until(interrupted ? next : std::min(next, election.leads_until()));
    if (stopping) co_return;
    if (!interrupted && !election.leads(now())) {
      interrupted = true;
      log_error("leader election: the Lease could not be renewed in time; not writing until it is",
                {{"lease", options.namespace_ + "/" + options.name}});
      on_interrupted();
    }
    tried_at = now();
    // Not inside of the co_await: GCC 12 destroys a conditional's operands twice there.
    auto attempt = interrupted ? resume() : acquire_or_renew();
    const auto result = co_await std::move(attempt);
    if (result == Try::held && (interrupted ? !election.held_by_us() : election.held_by_other()))
      co_return;
    if (result == Try::leads && std::exchange(interrupted, false))
      log_info("leader election: this replica leads again",
               {{"lease", options.namespace_ + "/" + options.name}});
  }
}

/// Lets go of the Lease, so that nobody has to wait for its end.
Awaitable<void> LeaderElector::Impl::release() {
  election.give_up();
  publish();
  for (int i = 0; i < release_tries_max; ++i) {
    auto next = lease;
    set_lease_record(next, election.release(options.clock->now()));
    const auto answer = co_await ask(Request::with_json(Method::put, path(), next));
    const bool released = answer.status >= 200 && answer.status <= 299;
    if (released || answer.status == 403 || answer.status == 404) co_return;
    if (answer.status != 409) continue;  // a stumble: all stand-bys would wait for the Lease's end
    const auto seen = co_await look();
    if (seen != Try::held || lease.is_null() || election.held_by_other()) co_return;
  }
}

// --- the watch of a stand-by --------------------------------------------------------------------

/// Tells the elector of every change of the Lease for as long as it stands by. Keeps it alive.
Awaitable<void> LeaderElector::Impl::watch_lease(std::shared_ptr<Impl> self) {
  Backoff backoff({}, self->random);
  const ListOptions one = {.path = self->collection(),
                           .field_selector = "metadata.name=" + self->options.name};
  while (self->standing_by) {
    // From no version: the Lease as it is comes first, as ADDED.
    auto watch = co_await self->watcher.watch(one, "", watch_time);
    while (watch && self->standing_by) {
      self->watching = true;
      auto event = co_await watch->next();
      if (!event || !*event || (*event)->type == "ERROR") break;
      if (self->standing_by) self->note_event(**event);
    }
    self->watching = false;
    self->pause.cancel();
    if (!self->standing_by) co_return;
    self->watch_pause.expires_after(backoff.next(now()));
    boost::system::error_code ignored;
    co_await self->watch_pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// --- LeaderElector ------------------------------------------------------------------------------

LeaderElector::LeaderElector(const Client& client, LeaderElectionOptions options, Random& random)
    : impl_(std::make_shared<Impl>(client, std::move(options), random)) {
  impl_->publish();  // nobody leads yet
}

LeaderElector::~LeaderElector() {
  impl_->standing_by = false;
  impl_->watcher.close();
  impl_->watch_pause.cancel();
}

Awaitable<LeaderElector::Outcome> LeaderElector::run(Calls calls) {
  const auto self = impl_;
  self->running = true;
  self->on_older_lease = std::move(calls.on_older_lease);
  asio::co_spawn(self->client.executor(), Impl::watch_lease(self), asio::detached);
  const auto result = co_await self->acquire();
  self->standing_by = false;
  self->watcher.close();
  self->watch_pause.cancel();
  auto outcome = Outcome::stopped;
  if (result == Impl::Try::not_permitted) {
    log_info("leader election is off: no permission to use Leases; running as the only replica",
             {{"lease", self->options.namespace_ + "/" + self->options.name}});
    self->leadership.until_->store(for_ever().time_since_epoch().count());
    outcome = Outcome::not_permitted;
  } else if (result == Impl::Try::leads) {
    self->tried_at = now();
    if (!self->stopping) calls.on_leading();
    co_await self->keep(std::move(calls.on_interrupted));
    if (self->stopping && !self->election.held_by_other()) {
      co_await self->release();
    } else {
      outcome = Outcome::lost;
    }
    self->election.give_up();
    self->publish();
  }
  self->running = false;
  co_return outcome;
}

void LeaderElector::stop() noexcept {
  impl_->stopping = true;
  impl_->pause.cancel();
}

Leadership LeaderElector::leadership() const noexcept { return impl_->leadership; }

const std::string& LeaderElector::holder() const noexcept { return impl_->election.holder(); }

bool LeaderElector::is_healthy(SteadyTime now) const noexcept {
  const auto& impl = *impl_;
  if (!impl.running || impl.tried_at == SteadyTime()) return true;
  const auto& timings = impl.options.timings;
  return now < impl.tried_at + timings.renew_deadline + timings.lease + unhealthy_after;
}

}  // namespace bulla::kube
