// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster.hpp"
#include "faults.hpp"

namespace bulla::test {

/// A finished answer, ready to be sent.
struct HttpAnswer {
  int code = 200;
  std::string body;
  std::string content_type = "application/json";
  std::optional<int> retry_after_s = {};
  std::vector<std::string> warnings = {};  ///< sent as Warning headers
};

[[nodiscard]] HttpAnswer answer_of(const ApiError& error);

/// Answers everything but watches and the service proxy.
[[nodiscard]] HttpAnswer dispatch(Cluster& cluster, const Faults& faults, const RequestInfo& info);

}  // namespace bulla::test
