// SPDX-License-Identifier: Apache-2.0
// One request and its answer: which connection, which headers, when to send again.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "kube/client_impl.hpp"
#include "kube/status.hpp"
#include "kube/url.hpp"

namespace bulla::kube {
namespace {

/// Text that can stand in a header or request line without ending it.
bool is_one_line(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_target(std::string_view text) noexcept {
  return text.starts_with('/') && is_one_line(text) && text.find(' ') == text.npos;
}

/// "Get", as net/http begins its messages.
std::string verb_of(Method method) {
  auto word = to_lower(to_text(method));
  word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

void append_header(SecretBuffer& head, std::string_view name, std::string_view value) {
  head.append(name);
  head.append(": ");
  head.append(value);
  head.append("\r\n");
}

/// A key of Impersonate-Extra- as part of a header's name: all but RFC 9110's token characters,
/// and "%", as %XX.
std::string escape_header_name(std::string_view key) {
  return percent_encode_unless(key, [](char c) {
    constexpr std::string_view marks = "!#$&'*+-.^_`|~";
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
  });
}

bool is_success(unsigned status) noexcept { return status >= 200 && status < 300; }

}  // namespace

// --- Client::Impl -------------------------------------------------------------------------------

Result<void> Client::Impl::prepare() {
  if (!shared->endpoint->tls) return {};  // nothing is shown in the clear
  auto& credentials = shared->credentials;
  if (auto refreshed = credentials.refresh(); !refreshed) return refreshed;
  const auto& fetched = credentials.fetched();
  if (shared->endpoint_certificate == fetched.client_certificate_pem) return {};
  auto endpoint = make_endpoint(shared->config, {fetched.client_certificate_pem,
                                                 fetched.client_key_pem.expose_secret_text()});
  if (!endpoint) return endpoint.error().during("getting credentials");
  shared->endpoint = std::make_shared<const Endpoint>(std::move(*endpoint));
  shared->endpoint_certificate = fetched.client_certificate_pem;
  return {};
}

std::shared_ptr<Connection> Client::Impl::take_idle() {
  const auto now = std::chrono::steady_clock::now();
  while (!idle.empty()) {
    auto kept = std::move(idle.back());  // the one used last is the likeliest to be alive
    idle.pop_back();
    // A connection that showed another certificate is another client's.
    const bool fresh = now - kept.since < shared->options.idle_connection_max &&
                       kept.connection->endpoint() == shared->endpoint;
    if (fresh && kept.connection->is_reusable()) return kept.connection;
    kept.connection->close();
  }
  return nullptr;
}

std::shared_ptr<Connection> Client::Impl::make_connection() {
  std::erase_if(open, [](const auto& weak) { return weak.expired(); });
  auto connection = std::make_shared<Connection>(executor, shared->endpoint);
  open.push_back(connection);
  return connection;
}

void Client::Impl::keep(std::shared_ptr<Connection> connection) {
  if (closed || idle.size() >= shared->options.idle_connections_max) return connection->close();
  idle.push_back({std::move(connection), std::chrono::steady_clock::now()});
}

void Client::Impl::append_credentials(SecretBuffer& head) const {
  const auto& config = shared->config;
  if (shared->endpoint->tls) shared->credentials.append_authorization(head);
  if (shared->endpoint->forwards()) append_proxy_authorization(head, *shared->endpoint->proxy);
  if (!config.as_user.empty()) append_header(head, "Impersonate-User", config.as_user);
  for (const auto& group : config.as_groups) append_header(head, "Impersonate-Group", group);
  if (!config.as_uid.empty()) append_header(head, "Impersonate-Uid", config.as_uid);
  for (const auto& [key, value] : config.as_user_extra) {
    append_header(head, "Impersonate-Extra-" + escape_header_name(key), value);
  }
}

/// What stands in the request line.
Result<std::string> Client::Impl::target_of(const Request& request) const {
  const auto& endpoint = *shared->endpoint;
  auto target = endpoint.base_path + request.target();
  if (!is_target(target)) {
    return Error{Errc::invalid_input, "the path " + quoted(target) + " cannot be sent"};
  }
  if (endpoint.forwards()) target = "http://" + endpoint.url.host_header() + target;
  return target;
}

Result<SecretBuffer> Client::Impl::head_of(const Request& request) const {
  const auto target = target_of(request);
  if (!target) return target.error();
  SecretBuffer head;
  head.reserve(4 * limits::kib);
  head.append(std::string(to_text(request.method)) + " " + *target + " HTTP/1.1\r\n");
  append_header(head, "Host", shared->endpoint->url.host_header());
  append_header(head, "User-Agent", shared->options.user_agent);
  append_header(head, "Accept", request.accept);
  append_credentials(head);
  if (!request.content_type.empty()) append_header(head, "Content-Type", request.content_type);
  if (request.method != Method::get || !request.body.empty()) {
    append_header(head, "Content-Length", std::to_string(request.body.size()));
  }
  head.append("\r\n");
  return head;
}

Error Client::Impl::named(Error error, const Request& request) const {
  const auto& url = shared->endpoint->url;
  const auto text = url.scheme + "://" + url.host_header() + shared->endpoint->base_path;
  return std::move(error).during(verb_of(request.method) + " " + quoted(text + request.target()));
}

// --- sending ------------------------------------------------------------------------------------

Awaitable<Result<AnswerHead>> start_exchange(std::shared_ptr<Connection> connection, bool is_open,
                                             const SecretBuffer& head, const SecretBuffer& body,
                                             AnswerReader& reader) {
  if (!is_open) {
    auto opened = co_await connection->open();
    if (!opened) co_return opened.error();
  }
  connection->expect_answer();
  auto written = co_await connection->write(head.expose_secret_text(), body.expose_secret_text());
  // A server may answer and close before it has read everything: then the answer counts.
  auto answer = co_await reader.read_head();
  if (!answer && !written) co_return written.error();
  co_return answer;
}

Awaitable<Result<SecretBuffer>> read_body(AnswerReader& reader) {
  SecretBuffer body;
  while (true) {
    auto more = co_await reader.read_body_some(body);
    if (!more) co_return more.error();
    if (!*more) co_return body;
  }
}

Error answer_error(const Request& request, const AnswerHead& head, const SecretBuffer& body) {
  FailedAnswer failed;
  failed.method = request.method;
  failed.path = request.path;
  failed.status = head.status;
  failed.retry_after = head.retry_after;
  failed.body = body.expose_secret_text();
  return status_error(failed);
}

namespace {

Awaitable<Result<Response>> send_on(ClientPtr client, std::shared_ptr<Connection> connection,
                                    bool is_open, const Request& request, bool any_answer) {
  auto head = client->head_of(request);
  if (!head) co_return head.error();
  AnswerReader reader(connection, request.answer_bytes_max);
  auto answer = co_await start_exchange(connection, is_open, *head, request.body, reader);
  if (!answer) co_return client->named(answer.error(), request);
  auto body = co_await read_body(reader);
  if (!body) co_return client->named(body.error(), request);
  connection->clear_deadline();
  if (reader.keep_alive()) client->keep(connection);
  if (!answer->warning.empty()) log_info("the API server warns", {{"warning", answer->warning}});
  if (!is_success(answer->status) && !any_answer && answer->status != 401) {
    co_return answer_error(request, *answer, *body);
  }
  Response response;
  response.status = answer->status;
  response.content_type = std::move(answer->content_type);
  response.body = std::move(*body);
  co_return response;
}

/// With whatever credentials there are; 401 is a Response.
Awaitable<Result<Response>> send_once(ClientPtr client, const Request& request, bool any_answer) {
  const auto limit = request.timeout.value_or(client->shared->config.request_timeout);
  auto connection = client->take_idle();
  const bool reused = connection != nullptr;
  if (!reused) connection = client->make_connection();
  connection->set_deadline(limit);
  auto response = co_await send_on(client, connection, reused, request, any_answer);
  connection->clear_deadline();
  // The server may close a kept connection just as we write to it. Reading again is harmless.
  const bool stale = reused && !response && request.method == Method::get && !client->closed &&
                     !connection->timed_out() && !connection->received_anything();
  if (!stale) co_return response;
  connection = client->make_connection();
  connection->set_deadline(limit);
  auto second = co_await send_on(client, connection, false, request, any_answer);
  connection->clear_deadline();
  co_return second;
}

Error unauthorized(const Request& request, const Response& response) {
  AnswerHead head;
  head.status = response.status;
  return answer_error(request, head, response.body);
}

}  // namespace

Awaitable<void> wait_for_turn(ClientPtr client) {
  if (!client->pace || client->closed) co_return;
  const auto now = std::chrono::steady_clock::now();
  const auto turn = client->pace->next_turn(now);
  if (turn <= now) co_return;
  boost::asio::steady_timer timer(client->executor, turn);
  client->waits.insert(&timer);
  boost::system::error_code broken_off;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, broken_off));
  client->waits.erase(&timer);
}

Awaitable<Result<Response>> send_request(ClientPtr client, Request request, bool any_answer) {
  for (bool again = false;; again = true) {
    co_await wait_for_turn(client);
    if (client->closed) co_return Error{Errc::unavailable, "the client is closed"};
    if (auto prepared = client->prepare(); !prepared) {
      co_return client->named(prepared.error(), request);
    }
    if (client->guard && request.method != Method::get) {
      if (auto passes = client->guard(); !passes) {
        co_return client->named(passes.error(), request);
      }
    }
    const auto generation = client->shared->credentials.generation();
    auto response = co_await send_once(client, request, any_answer);
    if (!response || response->status != 401) co_return response;
    // Refused before anything was done, so that even a write may be sent again, as someone else.
    const bool renewable = client->shared->credentials.refused(generation);
    if (renewable && !again) continue;
    if (any_answer) co_return response;
    co_return unauthorized(request, *response);
  }
}

}  // namespace bulla::kube
