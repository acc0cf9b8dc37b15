// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/blocking.hpp"
#include "kube/request.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// The controller of the cluster, through the API server's service proxy. Consecutive calls share a
/// connection.
class Controller {
 public:
  /// Reads the kubeconfig and asks the API server for the controller's Service.
  /// Errors: of the kubeconfig, or of the API server, with hints what to check.
  [[nodiscard]] static Result<Controller> reach(const Options& options);

  /// The certificate that it serves, PEM.
  [[nodiscard]] Result<std::string> certificate();
  /// POSTs one SealedSecret in JSON to `endpoint` ("v1/verify", "v1/rotate") and returns the
  /// answer. Errors: those of the API server; conflict when the controller can't unseal it.
  [[nodiscard]] Result<SecretBuffer> post(std::string_view endpoint, SecretBuffer sealed_secret);

 private:
  Controller(kube::BlockingClient client, kube::ServiceProxy proxy);
  kube::BlockingClient client_;
  kube::ServiceProxy proxy_;
};

/// The namespace for a Secret that names none: --namespace, else the context's.
[[nodiscard]] Result<std::string> namespace_of_context(const Options& options);

}  // namespace bulla::sealer
