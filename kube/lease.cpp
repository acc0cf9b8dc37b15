// SPDX-License-Identifier: Apache-2.0
#include "kube/lease.hpp"

#include <boost/json/object.hpp>
#include <chrono>

#include "kube/object.hpp"

namespace bulla::kube {

namespace json = boost::json;

namespace {

std::int64_t number_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const auto* found = find_member(value, path);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

}  // namespace

std::string format_micro_time(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time - second).count();
  auto text = format_rfc3339(second);
  text.pop_back();  // the Z
  const auto digits = std::to_string(micros);
  return text + "." + std::string(6 - digits.size(), '0') + digits + "Z";
}

LeaseRecord lease_record_of(const json::value& lease) {
  return {.holder = std::string(text_at(lease, {"spec", "holderIdentity"})),
          .duration_s = number_at(lease, {"spec", "leaseDurationSeconds"}),
          .acquire_time = std::string(text_at(lease, {"spec", "acquireTime"})),
          .renew_time = std::string(text_at(lease, {"spec", "renewTime"})),
          .transitions = number_at(lease, {"spec", "leaseTransitions"})};
}

void set_lease_record(json::value& lease, const LeaseRecord& record) {
  if (!lease.is_object()) lease.emplace_object();
  auto& spec = lease.get_object()["spec"];
  if (!spec.is_object()) spec.emplace_object();
  auto& fields = spec.get_object();
  fields["holderIdentity"] = record.holder;
  fields["leaseDurationSeconds"] = record.duration_s;
  fields["acquireTime"] = record.acquire_time;
  fields["renewTime"] = record.renew_time;
  fields["leaseTransitions"] = record.transitions;
}

json::value new_lease(const std::string& namespace_, const std::string& name,
                      const LeaseRecord& record) {
  json::value lease = {{"apiVersion", "coordination.k8s.io/v1"},
                       {"kind", "Lease"},
                       {"metadata", {{"name", name}, {"namespace", namespace_}}}};
  set_lease_record(lease, record);
  return lease;
}

}  // namespace bulla::kube
