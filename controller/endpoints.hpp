// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "controller/http_types.hpp"
#include "controller/metrics.hpp"
#include "controller/sealed_requests.hpp"
#include "crypto/certificate.hpp"

namespace bulla {

/// What the endpoints ask, at each request.
struct PublicEndpoints {
  std::function<std::optional<Certificate>()> newest;  ///< the certificate to seal with
  std::function<bool()> ready;                         ///< whether the controller does its work
  std::function<bool()> healthy;                       ///< whether leader election makes progress
  SealedRequests& sealed;
  Metrics& metrics;
};

/// The endpoints of --listen-addr, open to everyone in the cluster:
///   GET, HEAD /healthz      200 "ok": the loop turns, and leader election with it; else 503
///   GET, HEAD /readyz       200 "ok", or 503 while keys or objects are still being listed. A
///                           stand-by is ready too: it serves all of this
///   GET, HEAD /v1/cert.pem  the certificate to seal with; 503 until there is one
///   POST /v1/verify, /v1/rotate: see SealedRequests
/// Everything else is 404. What is referred to must outlive the service.
[[nodiscard]] HttpService public_endpoints(PublicEndpoints endpoints);

/// GET /metrics, on --listen-metrics-addr. `refresh` is called before each answer, to set what is
/// looked up and not counted.
[[nodiscard]] HttpService metrics_endpoint(const Metrics& metrics, std::function<void()> refresh);

}  // namespace bulla
