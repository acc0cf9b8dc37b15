// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "kube/config.hpp"
#include "kube/kubeconfig.hpp"

// What the kubeconfig files and the flags come to, before any certificate is read: private to this
// room, and free of input and output but for looking whether named files can be read.
namespace bulla::kube {

/// The cluster, user and context in force, flags applied.
struct KubeconfigChoice {
  std::string context_name = {};
  bool context_found = false;  ///< or none was asked for
  std::string cluster_name = {};
  bool cluster_found = false;
  std::string user_name = {};
  KubeconfigContext context = {};
  KubeconfigCluster cluster = {};
  KubeconfigUser user = {};
};

/// Picks from the merged files, and puts the flags on top.
[[nodiscard]] KubeconfigChoice choose(Kubeconfig config, const ConfigFlags& flags);

/// A name that a person typed must exist; one that a context mentions may be missing.
/// Errors: invalid_input, `context "x" does not exist`, `auth info "x" does not exist`, ...
[[nodiscard]] Result<void> check_names(const Kubeconfig& config, const ConfigFlags& flags);

/// Everything that is wrong with the choice, in kubectl's words and order; empty: it can be used.
[[nodiscard]] std::vector<std::string> complaints_about(const KubeconfigChoice& choice);

/// True if the only trouble is that nobody said anything about a cluster: a pod's own may do.
[[nodiscard]] bool says_nothing(const std::vector<std::string>& complaints);

/// The complaints as one error: `invalid configuration: x`, `invalid configuration: [x, y]`.
[[nodiscard]] Error unusable(const std::vector<std::string>& complaints);

}  // namespace bulla::kube
