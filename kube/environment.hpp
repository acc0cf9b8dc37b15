// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace bulla::kube {

/// Where the process runs, so that tests can run elsewhere.
struct Environment {
  /// An environment variable, or nothing if it is unset.
  std::function<std::optional<std::string>(const char* name)> variable;
  /// Where a pod finds its token, ca.crt and namespace.
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
};
/// The process's own.
[[nodiscard]] Environment process_environment();

}  // namespace bulla::kube
