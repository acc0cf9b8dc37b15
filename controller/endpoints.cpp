// SPDX-License-Identifier: Apache-2.0
#include "controller/endpoints.hpp"

#include <chrono>

#include "base/text.hpp"

namespace bulla {

namespace {

constexpr std::string_view certificate_path = "/v1/cert.pem";

HttpReply text_reply(unsigned status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  if (status >= 400) reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

bool only_reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

HttpReply method_not_allowed() {
  auto reply = text_reply(405, "method not allowed\n");
  reply.headers.emplace_back("Allow", "GET, HEAD");
  return reply;
}

HttpReply certificate_reply(const HttpRequest& request, const std::optional<Certificate>& newest) {
  if (!only_reads(request)) return method_not_allowed();
  if (!newest) {
    auto reply = text_reply(503, "there is no sealing key yet\n");
    reply.headers.emplace_back("Retry-After", "1");
    return reply;
  }
  HttpReply reply;
  reply.content_type = "application/x-pem-file";
  reply.body = newest->pem();
  return reply;
}

/// The method as a label: a client must not be able to make up new ones.
std::string_view method_label(std::string_view method) {
  for (const std::string_view known : {"get", "head", "post", "put", "patch", "delete"}) {
    if (to_lower(method) == known) return known;
  }
  return "unknown";
}

}  // namespace

HttpServer::Handler public_endpoints(std::function<std::optional<Certificate>()> newest,
                                     Metrics& metrics) {
  return [newest = std::move(newest),
          &metrics](HttpRequest request) -> boost::asio::awaitable<HttpReply> {
    const auto start = std::chrono::steady_clock::now();
    if (request.path == "/healthz")
      co_return only_reads(request) ? text_reply(200, "ok\n") : method_not_allowed();
    if (request.path != certificate_path) co_return text_reply(404, "404 page not found\n");

    auto reply = certificate_reply(request, newest());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    metrics.http_answered(
        {certificate_path, method_label(request.method), reply.status, took.count()});
    co_return reply;
  };
}

HttpServer::Handler metrics_endpoint(const Metrics& metrics, std::function<void()> refresh) {
  return [&metrics,
          refresh = std::move(refresh)](HttpRequest request) -> boost::asio::awaitable<HttpReply> {
    if (request.path != "/metrics") co_return text_reply(404, "404 page not found\n");
    if (!only_reads(request)) co_return method_not_allowed();
    refresh();
    HttpReply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = metrics.text();
    co_return reply;
  };
}

}  // namespace bulla
