// SPDX-License-Identifier: Apache-2.0
#include "controller/ledger.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>

#include "controller/decide.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::string_view our_annotations = "sealedsecrets.bitnami.com/";

void add(std::string& text, std::string_view part) {
  text += part;
  text += '\0';
}

/// What the status says, without its times: those alone are no reason to work.
void add_status(std::string& text, const json::value& object) {
  const json::value* status = kube::find_member(object, {"status"});
  if (status == nullptr) return;
  if (const json::value* observed = kube::find_member(*status, {"observedGeneration"});
      observed != nullptr && observed->is_int64())
    add(text, std::to_string(observed->get_int64()));
  const json::value* conditions = kube::find_member(*status, {"conditions"});
  if (conditions == nullptr || !conditions->is_array()) return;
  for (const json::value& condition : conditions->get_array()) {
    for (const std::string_view name : {"type", "status", "reason", "message"})
      add(text, kube::text_at(condition, {name}));
  }
}

/// A collision of two digests would cost one pass that does not happen until the next change.
std::uint64_t digest_of(const json::value& object) {
  std::string text;
  add(text, std::to_string(kube::generation_of(object)));
  add(text, kube::is_being_deleted(object) ? "going" : "");
  if (const json::object* annotations = kube::annotations_of(object)) {
    for (const auto& [name, value] : *annotations) {
      if (!name.starts_with(our_annotations) || !value.is_string()) continue;
      add(text, name);
      add(text, value.get_string());
    }
  }
  add_status(text, object);
  return std::hash<std::string>()(text);
}

}  // namespace

bool Ledger::sealed_secret_is(const json::value& object) {
  const auto [it, is_new] = entries_.try_emplace(kube::key_of(object));
  Entry& entry = it->second;
  const std::uint64_t digest = digest_of(object);
  const bool replaced = entry.uid != kube::uid_of(object);
  if (!is_new && !replaced && entry.digest == digest) return false;
  if (replaced) entry.state = State::unknown;
  entry.uid = kube::uid_of(object);
  entry.digest = digest;
  return true;
}

void Ledger::sealed_secret_gone(const kube::ObjectKey& key) { entries_.erase(key); }

bool Ledger::secret_is(const json::value& metadata) {
  const auto it = entries_.find(kube::key_of(metadata));
  if (it == entries_.end()) return false;
  Entry& entry = it->second;
  entry.secret_changed = true;
  if (entry.state != State::not_ours) return false;
  // As decide() would see it: now managed, patched, or controlled by us.
  json::object sealed;
  sealed["metadata"] = {{"uid", entry.uid}};
  return decide(sealed, &metadata) != Action::refuse;
}

bool Ledger::secret_gone(const kube::ObjectKey& key) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return false;
  it->second.secret_changed = true;
  // What does not open can't be brought back.
  return it->second.state != State::no_key && it->second.state != State::broken;
}

void Ledger::pass_begins(const json::value& object) {
  const auto it = entries_.find(kube::key_of(object));
  if (it == entries_.end()) return;
  it->second = {std::string(kube::uid_of(object)), digest_of(object), State::unknown, false};
}

void Ledger::expect(const json::value& object) {
  const auto it = entries_.find(kube::key_of(object));
  if (it != entries_.end()) it->second.digest = digest_of(object);
}

bool Ledger::pass_ended(const kube::ObjectKey& key, State state) {
  // Gone meanwhile: a late pass must not bring the entry back.
  const auto it = entries_.find(key);
  if (it == entries_.end()) return false;
  it->second.state = state;
  const bool blocked = state == State::not_ours || state == State::rejected;
  return blocked && it->second.secret_changed;
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

std::vector<kube::ObjectKey> Roll::missing(const std::vector<kube::ObjectKey>& known) {
  std::vector<kube::ObjectKey> result;
  for (const auto& key : known) {
    if (!seen_.contains(key)) result.push_back(key);
  }
  seen_.clear();
  return result;
}

}  // namespace bulla
