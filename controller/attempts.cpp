// SPDX-License-Identifier: Apache-2.0
#include "controller/attempts.hpp"

namespace bulla {

Attempts::Attempt Attempts::begin(const kube::ObjectKey& key) {
  Attempt attempt;
  *attempt.pointless_ = stopped_;
  under_way_.insert_or_assign(key, attempt);
  return attempt;
}

void Attempts::outdate(const kube::ObjectKey& key) {
  const auto found = under_way_.find(key);
  if (found != under_way_.end()) *found->second.pointless_ = true;
}

void Attempts::outdate_all_in(std::string_view namespace_) {
  for (auto& [key, attempt] : under_way_) {
    if (key.namespace_ == namespace_) *attempt.pointless_ = true;
  }
}

void Attempts::stop() {
  stopped_ = true;
  for (auto& [key, attempt] : under_way_) *attempt.pointless_ = true;
}

}  // namespace bulla
