// SPDX-License-Identifier: Apache-2.0
#include "controller/ledger.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <limits>
#include <utility>

#include "base/limits.hpp"
#include "controller/decide.hpp"
#include "controller/status.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// Room for what is known to be a key: short names are the only bound.
constexpr std::size_t every_key = std::numeric_limits<FingerprintTable::ShortName>::max();

constexpr std::string_view our_annotations = "sealedsecrets.bitnami.com/";

void add(std::string& text, std::string_view part) {
  text += part;
  text += '\0';
}

/// What the status says, without its times: those alone are no reason to work.
std::uint64_t digest_of_status(const json::value& object) {
  std::string text;
  const json::value* status = kube::find_member(object, {"status"});
  if (status == nullptr) return 0;
  if (const json::value* observed = kube::find_member(*status, {"observedGeneration"});
      observed != nullptr && observed->is_int64())
    add(text, std::to_string(observed->get_int64()));
  const json::value* conditions = kube::find_member(*status, {"conditions"});
  if (conditions != nullptr && conditions->is_array()) {
    for (const json::value& condition : conditions->get_array()) {
      for (const std::string_view name : {"type", "status", "reason", "message"})
        add(text, kube::text_at(condition, {name}));
    }
  }
  return std::hash<std::string>()(text);
}

}  // namespace

/// A collision of two digests would cost one pass that does not happen until the next change.
std::uint64_t digest_of_object(const json::value& object) {
  std::string text;
  add(text, kube::uid_of(object));
  add(text, std::to_string(kube::generation_of(object)));
  add(text, kube::is_being_deleted(object) ? "going" : "");
  if (const json::object* annotations = kube::annotations_of(object)) {
    for (const auto& [name, value] : *annotations) {
      if (!name.starts_with(our_annotations) || !value.is_string()) continue;
      add(text, name);
      add(text, value.get_string());
    }
  }
  return std::hash<std::string>()(text);
}

SecretVersion version_of_secret(std::string_view uid, std::string_view resource_version) {
  std::string text;
  add(text, uid);
  add(text, resource_version);
  // 0 means none. A collision of two versions would hide one change.
  return std::max<SecretVersion>(std::hash<std::string>()(text), 1);
}

SecretVersion version_of_secret(const json::value& secret) {
  return version_of_secret(kube::uid_of(secret), kube::resource_version_of(secret));
}

bool Ledger::sealed_secret_is(const json::value& object, Trust trust) {
  const auto [it, is_new] = entries_.try_emplace(kube::key_of(object));
  Entry& entry = it->second;
  if (!leads()) {
    follow(entry, object, trust);
    return false;
  }
  const std::uint64_t digest = digest_of_object(object);
  const bool replaced = entry.uid != kube::uid_of(object);
  if (!is_new && !replaced && entry.digest == digest) return false;
  if (replaced) start_anew(entry);
  // A change while the record still waits to be confirmed: then it speaks of an older object.
  if (entry.state == State::recorded) entry.state = State::unknown;
  entry.uid = kube::uid_of(object);
  entry.digest = digest;
  entry.status = digest_of_status(object);
  entry.rejections = 0;
  if (!is_new) return true;
  depends_on(entry, keys_in_status(object), limits::status_fingerprints_max);
  const auto record = trust == Trust::status ? record_in(object) : std::nullopt;
  if (!record) return true;
  entry.state = State::recorded;
  entry.looked_at = digest;
  entry.opened = digest;
  entry.secret = version_of_secret(record->secret_uid, record->secret_version);
  entry.under_other_flags = record->additional_metadata != additional_metadata_;
  return false;
}

bool Ledger::status_is_foreign(const json::value& object) {
  const auto it = entries_.find(kube::key_of(object));
  if (it == entries_.end() || !leads()) return false;
  const auto status = digest_of_status(object);
  return std::exchange(it->second.status, status) != status;
}

SecretVersion Ledger::right_secret(const json::value& object) const {
  const auto it = entries_.find(kube::key_of(object));
  if (it == entries_.end() || it->second.state != State::synced) return 0;
  return once_right_secret(object);
}

SecretVersion Ledger::once_right_secret(const json::value& object) const {
  const auto it = entries_.find(kube::key_of(object));
  if (it == entries_.end() || it->second.looked_at != digest_of_object(object)) return 0;
  return it->second.secret;
}

bool Ledger::is_under_other_flags(const kube::ObjectKey& key) const {
  const auto it = entries_.find(key);
  return it != entries_.end() && it->second.under_other_flags;
}

/// Whether or not it differs from the object as it was: the record has no part in the digest.
void Ledger::follow(Entry& entry, const json::value& object, Trust trust) {
  if (entry.uid != kube::uid_of(object)) start_anew(entry);
  entry.uid = kube::uid_of(object);
  entry.digest = digest_of_object(object);
  entry.looked_at = entry.digest;
  entry.status = digest_of_status(object);
  depends_on(entry, keys_in_status(object), limits::status_fingerprints_max);
  const auto record = trust == Trust::status ? record_in(object) : std::nullopt;
  entry.secret = record ? version_of_secret(record->secret_uid, record->secret_version) : 0;
  entry.state = record ? State::recorded : State::unknown;
  entry.opened = record ? entry.digest : 0;
  entry.under_other_flags = record && record->additional_metadata != additional_metadata_;
  if (record && entry.seen == entry.secret) entry.state = State::synced;
}

void Ledger::sealed_secret_gone(const kube::ObjectKey& key) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  fingerprints_.release(it->second.keys);
  if (remembers_gone_) gone_.insert_or_assign(key, std::move(it->second.uid));
  entries_.erase(it);
}

void Ledger::doubt_everything() noexcept {
  for (auto& [key, entry] : entries_) {
    entry.digest = 0;
    entry.looked_at = 0;
  }
}

Ledger::SecretNews Ledger::secret_is(const json::value& metadata) {
  const auto it = entries_.find(kube::key_of(metadata));
  if (it == entries_.end()) return SecretNews::none;
  Entry& entry = it->second;
  entry.secret_changed = true;
  entry.seen = version_of_secret(metadata);
  if (!leads()) {
    const bool recorded = entry.state == State::recorded || entry.state == State::synced;
    if (recorded) entry.state = entry.secret == entry.seen ? State::synced : State::recorded;
    return SecretNews::none;
  }
  switch (entry.state) {
    case State::recorded:
      entry.state = entry.secret == entry.seen ? State::synced : State::unknown;
      return entry.state == State::synced && !entry.under_other_flags ? SecretNews::none
                                                                      : SecretNews::differs;
    case State::synced:
      if (!repairs_drift_ || entry.secret == 0 || entry.secret == entry.seen)
        return SecretNews::none;
      entry.state = State::unknown;
      return SecretNews::drifted;
    case State::not_ours: {
      // As decide() would see it: now managed, patched, or controlled by us.
      json::object sealed;
      sealed["metadata"] = {{"uid", entry.uid}};
      const bool free = decide(sealed, &metadata) != Action::refuse;
      return free ? SecretNews::free : SecretNews::none;
    }
    default: return SecretNews::none;
  }
}

bool Ledger::secret_gone(const kube::ObjectKey& key) {
  if (!leads()) gone_.erase(key);  // nothing is left to look after
  const auto it = entries_.find(key);
  if (it == entries_.end()) return false;
  Entry& entry = it->second;
  entry.secret_changed = true;
  entry.seen = 0;
  if (!leads()) {
    if (entry.state == State::synced) entry.state = State::recorded;
    return false;
  }
  if (entry.state == State::recorded) entry.state = State::unknown;
  // What does not open can't be brought back.
  return entry.state != State::no_key && entry.state != State::broken;
}

std::vector<kube::ObjectKey> Ledger::take_recorded(std::string_view namespace_) {
  std::vector<kube::ObjectKey> keys;
  for (auto& [key, entry] : entries_) {
    if (entry.state != State::recorded) continue;
    if (!namespace_.empty() && key.namespace_ != namespace_) continue;
    entry.state = State::unknown;
    keys.push_back(key);
  }
  return keys;
}

std::vector<kube::ObjectKey> Ledger::unsettled(std::string_view namespace_) const {
  std::vector<kube::ObjectKey> keys;
  const auto here = [&](const kube::ObjectKey& key) {
    return namespace_.empty() || key.namespace_ == namespace_;
  };
  for (const auto& [key, entry] : entries_) {
    const bool vouched_for =
        entry.state != State::unknown && !(entry.state == State::synced && entry.under_other_flags);
    if (!vouched_for && here(key)) keys.push_back(key);
  }
  for (const auto& [key, uid] : gone_) {
    if (here(key)) keys.push_back(key);
  }
  return keys;
}

std::string Ledger::uid_of(const kube::ObjectKey& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? std::string() : it->second.uid;
}

std::uint64_t Ledger::digest_of(const kube::ObjectKey& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? 0 : it->second.digest;
}

void Ledger::pass_begins(const json::value& object) {
  const auto it = entries_.find(kube::key_of(object));
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  // Another object of that name has nothing from the one before: not the keys that opened it.
  if (entry.uid != kube::uid_of(object)) start_anew(entry);
  entry.uid = kube::uid_of(object);
  entry.digest = digest_of_object(object);
  entry.looked_at = entry.digest;
  entry.status = digest_of_status(object);
  entry.secret = 0;
  entry.seen = 0;
  entry.state = State::unknown;
  entry.secret_changed = false;
  entry.under_other_flags = false;
}

void Ledger::expect(const json::value& object) {
  const auto it = entries_.find(kube::key_of(object));
  if (it != entries_.end()) it->second.status = digest_of_status(object);
}

bool Ledger::pass_ended(const kube::ObjectKey& key, const PassEnd& end) {
  // Gone meanwhile: a late pass must not bring the entry back.
  const auto it = entries_.find(key);
  if (it == entries_.end()) return false;
  Entry& entry = it->second;
  entry.state = end.state;
  entry.secret = end.secret;
  if (end.state != State::rejected) {
    entry.rejections = 0;
  } else if (entry.rejections < std::numeric_limits<std::uint16_t>::max()) {
    ++entry.rejections;
  }
  if (end.state == State::synced || !end.keys.empty()) {
    depends_on(entry, end.keys, every_key);
    entry.opened = entry.looked_at;
  }
  const bool blocked = end.state == State::not_ours || end.state == State::rejected;
  if (blocked) return entry.secret_changed;
  // What came in last is either our own write, or a change that the pass has not seen.
  return repairs_drift_ && end.secret != 0 && entry.seen != 0 && entry.seen != end.secret;
}

std::size_t Ledger::in_sync() const {
  const auto is_synced = [](const auto& one) { return one.second.state == State::synced; };
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_synced));
}

int Ledger::rejections(const kube::ObjectKey& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? 0 : it->second.rejections;
}

std::vector<kube::ObjectKey> Ledger::waiting_for_keys() const {
  std::vector<kube::ObjectKey> keys;
  for (const auto& [key, entry] : entries_) {
    if (entry.state == State::no_key) keys.push_back(key);
  }
  return keys;
}

std::vector<kube::ObjectKey> Ledger::keys_in(std::string_view namespace_) const {
  std::vector<kube::ObjectKey> keys;
  for (const auto& [key, entry] : entries_) {
    if (namespace_.empty() || key.namespace_ == namespace_) keys.push_back(key);
  }
  return keys;
}

void Ledger::keys_are(const std::vector<std::string>& fingerprints) {
  auto names = fingerprints_.use(fingerprints, every_key);
  fingerprints_.release(std::exchange(our_keys_, std::move(names)));
}

void Ledger::depends_on(Entry& entry, const std::vector<std::string>& fingerprints,
                        std::size_t has_room_for) {
  auto names = fingerprints_.use(fingerprints, has_room_for);
  fingerprints_.release(std::exchange(entry.keys, std::move(names)));
}

void Ledger::start_anew(Entry& entry) {
  fingerprints_.release(entry.keys);
  entry = Entry();
}

std::vector<std::string> Ledger::sealing_keys(const kube::ObjectKey& key) const {
  std::vector<std::string> fingerprints;
  const auto it = entries_.find(key);
  if (it == entries_.end()) return fingerprints;
  for (const auto name : it->second.keys) fingerprints.push_back(fingerprints_.text(name));
  return fingerprints;
}

std::map<std::string, std::size_t> Ledger::dependents() const {
  std::map<std::string, std::size_t> counts;
  for (const auto& [key, entry] : entries_) {
    for (const auto name : entry.keys) ++counts[fingerprints_.text(name)];
  }
  return counts;
}

std::size_t Ledger::unknown_dependents() const {
  return static_cast<std::size_t>(std::ranges::count_if(entries_, [](const auto& entry) {
    return entry.second.opened == 0 || entry.second.opened != entry.second.digest;
  }));
}

std::size_t Ledger::dependents_of(const std::string& fingerprint) const {
  const auto counts = dependents();
  const auto found = counts.find(fingerprint);
  return found == counts.end() ? 0 : found->second;
}

std::optional<std::string> Ledger::uid_of_gone(const kube::ObjectKey& key) const {
  const auto it = gone_.find(key);
  return it == gone_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<kube::ObjectKey> Roll::missing(const std::vector<kube::ObjectKey>& known) {
  std::vector<kube::ObjectKey> result;
  for (const auto& key : known) {
    if (!seen_.contains(key)) result.push_back(key);
  }
  seen_.clear();
  return result;
}

}  // namespace bulla
