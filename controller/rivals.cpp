// SPDX-License-Identifier: Apache-2.0
#include "controller/rivals.hpp"

namespace bulla {

namespace {

/// There are not that many controllers: somebody makes up names.
constexpr std::size_t told_max = 16;

}  // namespace

Rivals::Answer Rivals::wrote(const kube::ObjectKey& key, std::string_view writer,
                             DriftGuard::Time now) {
  const auto [wait, tell] = guard_.drifted(key, now);
  if (!tell) return {wait};
  const bool is_news = told_.size() < told_max && told_.emplace(writer).second;
  return {wait, true, is_news};
}

}  // namespace bulla
