// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "base/clock.hpp"
#include "kube/request.hpp"

// The Lease as electors write it (coordination.k8s.io/v1), field for field as client-go does.
namespace bulla::kube {

inline const ResourceType lease_type = {"coordination.k8s.io", "v1", "leases"};

/// What electors read of a Lease's spec, and all that they write. What is missing or of the wrong
/// type reads as empty. The times stay text: they are other people's clocks, and only looked at for
/// change.
struct LeaseRecord {
  std::string holder = {};        ///< empty: nobody's
  std::int64_t duration_s = 0;    ///< for how long a renewal counts
  std::string acquire_time = {};  ///< MicroTime
  std::string renew_time = {};    ///< MicroTime
  std::int64_t transitions = 0;   ///< how often the holder changed

  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

/// metav1.MicroTime: RFC 3339 in UTC, always with six digits: "2026-01-02T15:04:05.000000Z".
[[nodiscard]] std::string format_micro_time(WallTime time);

[[nodiscard]] LeaseRecord lease_record_of(const boost::json::value& lease);
/// Puts the record into the Lease as it was read; everything else in it stays.
void set_lease_record(boost::json::value& lease, const LeaseRecord& record);
/// A Lease to create.
[[nodiscard]] boost::json::value new_lease(const std::string& namespace_, const std::string& name,
                                           const LeaseRecord& record);

}  // namespace bulla::kube
