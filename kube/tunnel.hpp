// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/error.hpp"
#include "kube/connection.hpp"

namespace bulla::kube {

/// Has the proxy at the other end connect on to the endpoint's server: CONNECT (RFC 9110 section
/// 9.3.6) or SOCKS 5 (RFC 1928, with RFC 1929's user and password), by name, so that the proxy
/// does the look-up. From then on the connection's bytes are the server's.
/// Errors: unavailable, with the proxy's address and its answer.
[[nodiscard]] Awaitable<Result<void>> open_tunnel(std::shared_ptr<Connection> connection,
                                                  std::shared_ptr<const Endpoint> endpoint);

}  // namespace bulla::kube
