// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bulla::kube {

/// Whether the first of two versions of one thing, a list or an object, is the older one.
///
/// Where a later answer has an older version, the API server's store (etcd) went back in time: it
/// was restored from an older snapshot. Watches say nothing then: one from a version that does not
/// exist yet is silent until the store gets there, and what changed in between is never told.
///
/// Versions are opaque by the API's old rules, and whole numbers that grow by those of Kubernetes
/// 1.35 (KEP-5504); every API server on etcd has always kept to them. False where one of the two is
/// no decimal number of 64 bits.
[[nodiscard]] bool is_older_version(std::string_view version, std::string_view than) noexcept;

}  // namespace bulla::kube
