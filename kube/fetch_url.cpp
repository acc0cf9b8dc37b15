// SPDX-License-Identifier: Apache-2.0
#include "kube/fetch_url.hpp"

#include "base/base64.hpp"
#include "kube/answer_reader.hpp"
#include "kube/connection.hpp"
#include "kube/proxy.hpp"
#include "kube/wait_for.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;

constexpr int requests_max = 10;  // as Go's http.Client

struct Fetched {
  std::string body = {};
  std::string location = {};  ///< not empty: look there instead
};

/// A URL as messages have it.
std::string shown(std::string_view url) { return quoted(without_credentials(url)); }

Error fetch_error(const std::string& url, const AnswerHead& head) {
  auto code = head.status >= 500 ? Errc::unavailable : Errc::invalid_input;
  if (head.status == 404) code = Errc::not_found;
  return {code, "cannot fetch " + url + ": " + std::to_string(head.status) + " " + head.reason};
}

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

SecretBuffer head_for(const Endpoint& endpoint, const FetchOptions& options) {
  const auto& url = endpoint.url;
  const auto target = (url.target.starts_with('/') ? "" : "/") + percent_encode_unsafe(url.target);
  const auto scheme = endpoint.forwards() ? "http://" + url.host_header() : std::string();
  SecretBuffer head;
  head.reserve(4 * limits::kib);
  head.append("GET " + scheme + target + " HTTP/1.1\r\nHost: " + url.host_header() +
              "\r\nUser-Agent: " + options.user_agent + "\r\nAccept: */*\r\n");
  if (!url.credentials.empty()) {
    const auto pair = percent_decode(url.credentials);
    const bool whole = url.credentials.find(':') != std::string::npos;
    head.append("Authorization: Basic ");
    head.append(encode_base64(as_bytes(whole ? pair : pair + ":")) + "\r\n");
  }
  if (endpoint.forwards()) append_proxy_authorization(head, *endpoint.proxy);
  head.append("Connection: close\r\n\r\n");
  return head;
}

Awaitable<Result<std::string>> read_text(AnswerReader& reader, std::size_t bytes_max) {
  SecretBuffer body;
  while (true) {
    auto more = co_await reader.read_body_some(body);
    if (!more) co_return more.error();
    if (body.size() > bytes_max) {
      co_return Error{Errc::invalid_input,
                      "the answer is larger than " + std::to_string(bytes_max) + " bytes"};
    }
    if (!*more) co_return std::string(body.expose_secret_text());
  }
}

Awaitable<Result<Fetched>> fetch_one(std::shared_ptr<Connection> connection, SecretBuffer head,
                                     std::string url, std::size_t bytes_max) {
  const auto doing = "Get " + url;
  auto opened = co_await connection->open();
  if (!opened) co_return opened.error().during(doing);
  auto written = co_await connection->write(head.expose_secret_text(), "");
  if (!written) co_return written.error().during(doing);
  AnswerReader reader(connection, std::nullopt);
  auto answer = co_await reader.read_head();
  if (!answer) co_return answer.error().during(doing);
  Fetched fetched;
  if (is_redirect(answer->status) && !answer->location.empty()) {
    fetched.location = std::move(answer->location);
    co_return fetched;
  }
  if (answer->status != 200) co_return fetch_error(url, *answer);
  auto body = co_await read_text(reader, bytes_max);
  if (!body) co_return body.error().during(doing);
  fetched.body = std::move(*body);
  co_return fetched;
}

Result<std::shared_ptr<const Endpoint>> endpoint_for(const Url& url, const FetchOptions& options) {
  if (url.scheme != "http" && url.scheme != "https") {
    return Error{Errc::invalid_input, "unsupported protocol scheme " + quoted(url.scheme)};
  }
  auto proxy = proxy_from_environment(url, options.environment);
  if (!proxy) return proxy.error();
  ClientConfig config;
  config.server = url.scheme + "://" + url.address();
  config.proxy_url = std::move(*proxy);
  auto endpoint = make_endpoint(config);
  if (!endpoint) return endpoint.error();
  endpoint->url = url;
  return std::make_shared<const Endpoint>(std::move(*endpoint));
}

Result<Fetched> fetch_step(asio::io_context& context, const Url& url, const std::string& text,
                           const FetchOptions& options, std::chrono::milliseconds time_left) {
  auto endpoint = endpoint_for(url, options);
  if (!endpoint) return endpoint.error().during("Get " + text);
  const auto connection = std::make_shared<Connection>(context.get_executor(), *endpoint);
  connection->set_deadline(time_left);
  auto fetched = wait_for(
      context, fetch_one(connection, head_for(**endpoint, options), text, options.bytes_max));
  connection->clear_deadline();
  return fetched;
}

std::string text_of(const Url& url) { return url.scheme + "://" + url.host_header() + url.target; }

}  // namespace

Result<std::string> fetch_url(std::string_view text, const FetchOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  asio::io_context context(1);
  auto url_text = shown(text);
  auto url = parse_url(text);
  for (int request = 0; request < requests_max; ++request) {
    if (!url) return url.error();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return Error{Errc::unavailable, "Get " + url_text + ": no answer in time"};
    auto fetched = fetch_step(context, *url, url_text, options, left);
    if (!fetched) return fetched.error();
    if (fetched->location.empty()) return std::move(fetched->body);
    const bool secure = url->scheme == "https";
    url = resolve_url(*url, fetched->location);
    if (url && secure && url->scheme != "https") {
      return Error{Errc::invalid_input,
                   "Get " + url_text + ": redirected from https to " + url->scheme};
    }
    if (url) url_text = quoted(text_of(*url));
  }
  return Error{Errc::unavailable, "Get " + url_text + ": stopped after 10 redirects"};
}

}  // namespace bulla::kube
