// SPDX-License-Identifier: Apache-2.0
#include "controller/endpoints.hpp"

#include <chrono>
#include <memory>

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

HttpReply liveness(bool healthy) {
  if (healthy) return text_reply(200, "ok\n");
  return text_reply(503, "not healthy: leader election hangs\n");
}

HttpReply readiness(bool ready) {
  if (ready) return text_reply(200, "ok\n");
  auto reply = text_reply(503, "not ready\n");
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

bool is_for_sealed(std::string_view path) { return path == verify_path || path == rotate_path; }

/// Requests to these are counted, as the reference does.
class Counted {
 public:
  Counted(Metrics& metrics, std::string_view path, std::string_view method)
      : metrics_(metrics), path_(path), method_(method_label(method)) {}
  HttpReply operator()(HttpReply reply) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    metrics_.http_answered({path_, method_, reply.status, took.count()});
    return reply;
  }

 private:
  Metrics& metrics_;
  std::string path_;
  std::string_view method_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A body is read only by those that need one.
Admission without_body() {
  Admission admission;
  admission.body_bytes_max = 0;
  return admission;
}

boost::asio::awaitable<HttpReply> answer_publicly(const PublicEndpoints& endpoints,
                                                  HttpRequest request) {
  if (request.path == "/healthz" || request.path == "/readyz") {
    if (!only_reads(request)) co_return method_not_allowed();
    if (request.path == "/healthz") co_return liveness(endpoints.healthy());
    co_return readiness(endpoints.ready());
  }
  const bool sealed = is_for_sealed(request.path);
  if (!sealed && request.path != certificate_path)
    co_return text_reply(404, "404 page not found\n");
  const Counted counted(endpoints.metrics, request.path, request.method);
  if (!sealed) co_return counted(certificate_reply(request, endpoints.newest()));
  co_return counted(co_await endpoints.sealed.answer(std::move(request)));
}

}  // namespace

HttpService public_endpoints(PublicEndpoints endpoints) {
  const auto shared = std::make_shared<const PublicEndpoints>(std::move(endpoints));
  auto admit = [shared](const HttpHead& head) {
    if (!is_for_sealed(head.path)) return without_body();
    const Counted counted(shared->metrics, head.path, head.method);
    auto admission = shared->sealed.admit(head);
    if (admission.refusal) admission.refusal = counted(std::move(*admission.refusal));
    return admission;
  };
  auto answer = [shared](HttpRequest request) {
    return answer_publicly(*shared, std::move(request));
  };
  return {std::move(admit), std::move(answer)};
}

HttpService metrics_endpoint(const Metrics& metrics, std::function<void()> refresh) {
  auto answer = [&metrics, refresh = std::move(refresh)](
                    HttpRequest request) -> boost::asio::awaitable<HttpReply> {
    if (request.path != "/metrics") co_return text_reply(404, "404 page not found\n");
    if (!only_reads(request)) co_return method_not_allowed();
    refresh();
    HttpReply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = metrics.text();
    co_return reply;
  };
  return {[](const HttpHead&) { return without_body(); }, std::move(answer)};
}

}  // namespace bulla
