// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// The certificate that the controller serves, PEM, through the API server's service proxy.
/// Errors: of the kubeconfig, of the API server or of the controller, with hints what to check.
[[nodiscard]] Result<std::string> controller_certificate(const Options& options);

/// POSTs one SealedSecret in JSON to the controller's `endpoint` ("v1/verify", "v1/rotate"),
/// through the same proxy, and returns its answer. Errors: as above; conflict when it can't be
/// unsealed.
[[nodiscard]] Result<SecretBuffer> post_to_controller(const Options& options,
                                                      std::string_view endpoint,
                                                      const SecretBuffer& sealed_secret);

/// The namespace for a Secret that names none: --namespace, else the context's.
[[nodiscard]] Result<std::string> namespace_of_context(const Options& options);

}  // namespace bulla::sealer
