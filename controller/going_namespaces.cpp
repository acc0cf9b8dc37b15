// SPDX-License-Identifier: Apache-2.0
#include "controller/going_namespaces.hpp"

#include <algorithm>

namespace bulla {

namespace {

using std::chrono::milliseconds;

/// When nobody has asked about a namespace for so long, no object is left there.
constexpr auto forgotten_after = std::chrono::hours(1);

}  // namespace

bool GoingNamespaces::refused(const std::string& namespace_, Time now) {
  std::erase_if(entries_,
                [&](const auto& known) { return now - known.second.next_look > forgotten_after; });
  return entries_.try_emplace(namespace_, Entry{first_wait_, now + first_wait_}).second;
}

std::optional<milliseconds> GoingNamespaces::left_alone_for(std::string_view namespace_,
                                                            Time now) const {
  const auto found = entries_.find(std::string(namespace_));
  if (found == entries_.end()) return std::nullopt;
  return std::chrono::ceil<milliseconds>(
      std::max(found->second.next_look - now, Time::duration::zero()));
}

void GoingNamespaces::look(const std::string& namespace_, Time now) {
  const auto found = entries_.find(namespace_);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.wait = std::min<milliseconds>(entry.wait * 2, wait_max);
  entry.next_look = now + entry.wait;
}

void GoingNamespaces::look_soon(const std::string& namespace_, Time now) {
  const auto found = entries_.find(namespace_);
  if (found == entries_.end()) return;
  found->second.next_look = std::min(found->second.next_look, now);
}

}  // namespace bulla
