// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "controller/http_server.hpp"
#include "controller/metrics.hpp"
#include "crypto/certificate.hpp"

namespace bulla {

/// The endpoints of --listen-addr, open to everyone in the cluster:
///   GET, HEAD /healthz      200 "ok": the loop turns
///   GET, HEAD /v1/cert.pem  the certificate to seal with; 503 until there is one
/// Everything else is 404. `newest` is asked at each request, and with `metrics` must outlive it.
[[nodiscard]] HttpServer::Handler public_endpoints(
    std::function<std::optional<Certificate>()> newest, Metrics& metrics);

/// GET /metrics, on --listen-metrics-addr. `refresh` is called before each answer, to set what is
/// looked up and not counted.
[[nodiscard]] HttpServer::Handler metrics_endpoint(const Metrics& metrics,
                                                   std::function<void()> refresh);

}  // namespace bulla
