// SPDX-License-Identifier: Apache-2.0
#include "controller/settled.hpp"

#include <utility>

#include "base/limits.hpp"

namespace bulla {

namespace {

/// What does not open does so whatever the Secret is.
bool depends_on_secret(State state) { return state != State::no_key && state != State::broken; }

}  // namespace

void Settled::ended(const kube::ObjectKey& key, const From& from, End end) {
  forget(key);
  const auto bytes = end.message.size();
  if (bytes > limits::remembered_messages_bytes_max - messages_bytes_) return;
  messages_bytes_ += bytes;
  entries_.insert_or_assign(key, Entry{from.object, from.secret, from.ring, std::move(end)});
}

std::optional<Settled::End> Settled::end_for(const kube::ObjectKey& key, const From& from,
                                             Time now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  const bool same = entry.object == from.object && entry.ring.lock() == from.ring &&
                    (!depends_on_secret(entry.end.state) || entry.secret == from.secret);
  if (!same || now >= entry.end.until) return std::nullopt;
  return entry.end;
}

void Settled::forget(const kube::ObjectKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  messages_bytes_ -= found->second.end.message.size();
  entries_.erase(found);
}

}  // namespace bulla
