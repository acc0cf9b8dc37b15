// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.hpp"
#include "controller/key_secret.hpp"
#include "controller/key_watching.hpp"
#include "controller/paths.hpp"
#include "kube/backoff.hpp"

namespace bulla {

namespace net = boost::asio;
namespace json = boost::json;

namespace {

/// How often the age of the newest key is looked at. Short, so that a clock that jumps, or a
/// machine that slept, costs no more than this.
constexpr std::chrono::milliseconds look_period = std::chrono::minutes(1);
constexpr auto look_period_min = std::chrono::milliseconds(10);

/// Names that may be taken by retired keys, one after another, before one is left to chance.
constexpr unsigned name_attempts_max = 16;

/// From here on a clock is worth a line in the log.
constexpr auto clock_difference_told = std::chrono::minutes(5);

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

/// A clock that is wrong makes keys that look old, or as if from the future.
void compare_clocks(const json::value& stored, WallTime now) {
  const auto created = parse_rfc3339(kube::text_at(stored, {"metadata", "creationTimestamp"}));
  if (!created) return;
  const auto difference = std::chrono::duration_cast<std::chrono::seconds>(now - *created);
  if (std::chrono::abs(difference) < clock_difference_told) return;
  log_error("The clock here differs from the API server's: set it right, key renewal goes by it",
            {{"ahead", format_go_duration(difference)}});
}

}  // namespace

bool KeyRegistry::listed() const noexcept { return labelled_->listed && legacy_->listed; }

bool KeyRegistry::due() const {
  if (!parts_.options.generate_key || !leading_ || !listed()) return false;
  KeyAge age{std::nullopt, std::nullopt, parts_.options.key_renew_period};
  if (const auto entry = newest()) age.newest = entry->ordered_by;
  if (!cutoff_met_) age.cutoff = parts_.options.key_cutoff_time;
  return renew_from_ != nullptr || key_is_due(age, parts_.clock.now());
}

std::chrono::milliseconds KeyRegistry::until_due() const {
  const auto entry = newest();
  if (!entry || parts_.options.key_renew_period.count() <= 0) return look_period;
  const auto age = std::max(parts_.clock.now() - entry->ordered_by, WallTime::duration(0));
  const auto left = parts_.options.key_renew_period - age;
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), look_period_min,
                    look_period);
}

kube::Awaitable<void> KeyRegistry::keep_a_key() {
  kube::Backoff backoff({}, parts_.random);
  while (!stopped_) {
    std::chrono::milliseconds pause = look_period;
    if (renew_asked_ && listed()) {
      renew_asked_ = false;
      renew_from_ = ring_;
    }
    if (due()) {
      auto made = co_await make_key();
      // A key that was stored and still is not in use must not make us store another at once.
      if (made && due()) made = Error{Errc::internal, "the key that was stored can't be used"};
      if (made) continue;
      if (stopped_) break;
      log_error("Error creating a key, will retry", {{"error", made.error().message}});
      pause = backoff.next(std::chrono::steady_clock::now());
    } else if (leading_ && listed()) {
      // A cutoff in the future asks for one new key, not for one after another.
      cutoff_met_ = true;
      pause = until_due();
    }
    bell_.expires_after(pause);
    boost::system::error_code rung;
    co_await bell_.async_wait(net::redirect_error(net::use_awaitable, rung));
  }
}

kube::Awaitable<Result<void>> KeyRegistry::make_key() {
  const Options& options = parts_.options;
  const auto before = ring_;
  const auto now = parts_.clock.now();
  auto work = [&options, now] { return generate(options, now); };
  auto made = co_await run_on(parts_.pool, std::move(work));
  if (!made) co_return made.error();

  for (unsigned attempt = 0; attempt <= name_attempts_max; ++attempt) {
    auto name = co_await next_name(*before, attempt, now);
    if (!name) co_return std::move(name).error().during("storing a new key");
    // Another replica, or a person, may have been faster.
    if (!due()) co_return Result<void>();
    if (name->empty()) continue;
    auto secret = make_key_secret(made->key, made->certificate, options, *name);
    auto stored = co_await store(std::move(secret), std::move(*name), before);
    if (!stored) co_return std::move(stored).error().during("storing a new key");
    if (*stored) co_return Result<void>();
  }
  co_return Error{Errc::conflict, "storing a new key: every name is taken"};
}

/// The name to try; empty: the one of this attempt is not to be used, try the next.
kube::Awaitable<Result<std::string>> KeyRegistry::next_name(const Keyring& before, unsigned attempt,
                                                            WallTime now) {
  // What was sent without an answer may be stored: the same name finds it, and makes no second key.
  if (!unanswered_name_.empty()) co_return unanswered_name_;
  const auto& prefix = parts_.options.key_prefix;
  if (names_ == Names::random || attempt == name_attempts_max)
    co_return random_key_secret_name(prefix);
  auto cluster = co_await cluster_id();
  if (!cluster) co_return cluster.error();
  // The first key of a cluster that we know nothing about must not have everybody's name.
  if (cluster->empty() && before.empty()) co_return random_key_secret_name(prefix);
  auto name = key_secret_name({prefix, *cluster, before, now, attempt});
  if (names_seen_.contains(name)) co_return std::string();
  co_return name;
}

/// The uid of our namespace; empty where we may not read it.
kube::Awaitable<Result<std::string>> KeyRegistry::cluster_id() {
  if (cluster_id_) co_return *cluster_id_;
  auto request = kube::Request::get(namespace_path(parts_.options.own_namespace));
  auto answer = co_await parts_.client.send_for_answer(std::move(request));
  if (!answer) co_return answer.error();
  constexpr unsigned ok = 200;
  constexpr unsigned forbidden = 403;
  constexpr unsigned not_found = 404;
  if (answer->status == forbidden || answer->status == not_found) co_return std::string();
  if (answer->status != ok)
    co_return Error{Errc::unavailable,
                    "reading our namespace: status " + std::to_string(answer->status)};
  const auto found = kube::parse_json(answer->body.expose_secret_text());
  if (!found) co_return found.error();
  cluster_id_ = std::string(kube::uid_of(*found));
  co_return *cluster_id_;
}

/// True when there is a new key now: ours, or one that another replica stored under that name.
/// False when the name is taken by something else.
kube::Awaitable<Result<bool>> KeyRegistry::store(json::value secret, std::string name,
                                                 std::shared_ptr<const Keyring> before) {
  auto path = secrets_path(parts_.options.own_namespace);
  const auto stored = co_await parts_.client.create_object(std::move(path), std::move(secret));
  const bool unanswered = !stored && stored.error().code == Errc::unavailable;
  unanswered_name_ = unanswered ? name : std::string();
  if (!stored && stored.error().code == Errc::conflict)
    co_return co_await take_from_another(std::move(name), std::move(before));
  if (!stored) co_return stored.error();
  log_info("New key written",
           {{"namespace", parts_.options.own_namespace}, {"name", kube::name_of(*stored)}});
  compare_clocks(*stored, parts_.clock.now());
  added(*stored);
  co_return true;
}

kube::Awaitable<Result<bool>> KeyRegistry::take_from_another(
    std::string name, std::shared_ptr<const Keyring> before) {
  kube::ListOptions one;
  one.path = secrets_path(parts_.options.own_namespace);
  one.field_selector = "metadata.name=" + name;
  const auto page = co_await parts_.client.list_page(std::move(one), "");
  if (!page) co_return page.error();
  if (page->items.empty()) co_return Error{Errc::conflict, quoted(name) + " came and went"};
  const json::value& secret = page->items.front();
  const bool active = kube::label_of(secret, key_label).value_or("") == "active";
  const auto entry = parse_key_secret(secret, parts_.options.key_order);
  if (!active || !entry) co_return false;
  // Known before: not the answer to our need for a new one.
  if (before->find(entry->key.fingerprint()) != nullptr) co_return false;
  log_info("Another replica has just added a key", {{"name", name}});
  added(secret);
  co_return true;
}

void KeyRegistry::added(const json::value& secret) {
  renew_from_ = nullptr;
  cutoff_met_ = true;
  take(Source::label, secret);
}

}  // namespace bulla
