// SPDX-License-Identifier: Apache-2.0
#include "kube/blocking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "kube/client.hpp"
#include "kube/connection.hpp"
#include "kube/object.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;

constexpr int redirects_max = 10;

/// Runs the context until the coroutine has its result.
template <class T>
Result<T> wait_for(asio::io_context& context, Awaitable<Result<T>> work) {
  std::optional<Result<T>> outcome;
  std::exception_ptr thrown;
  asio::co_spawn(context, std::move(work), [&](std::exception_ptr failure, Result<T> result) {
    thrown = failure;
    outcome.emplace(std::move(result));
  });
  context.restart();
  while (!outcome && context.run_one() > 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  BULLA_ASSERT(outcome.has_value());
  return std::move(*outcome);
}

}  // namespace

struct BlockingClient::Impl {
  asio::io_context context{1};
  std::optional<Client> client = {};
};

BlockingClient::BlockingClient(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
BlockingClient::BlockingClient(BlockingClient&&) noexcept = default;
BlockingClient& BlockingClient::operator=(BlockingClient&&) noexcept = default;
BlockingClient::~BlockingClient() = default;

Result<BlockingClient> BlockingClient::create(ClientConfig config, std::string user_agent) {
  auto impl = std::make_unique<Impl>();
  ClientOptions options;
  options.user_agent = std::move(user_agent);
  auto client = Client::create(impl->context.get_executor(), std::move(config), std::move(options));
  if (!client) return std::move(client.error());
  impl->client = std::move(*client);
  return BlockingClient(std::move(impl));
}

Result<Response> BlockingClient::send(Request request) {
  return wait_for(impl_->context, impl_->client->send(std::move(request)));
}

Result<std::string> BlockingClient::service_port_name(const std::string& namespace_,
                                                      const std::string& service) {
  auto answer =
      send(Request::get(resource_path({"", "v1", "services"}, {namespace_, service, ""})));
  if (!answer) return std::move(answer.error());
  const auto object = parse_json(answer->body.expose_secret_text());
  if (!object) return object.error();
  const auto* ports = find_member(*object, {"spec", "ports"});
  if (ports == nullptr || !ports->is_array() || ports->get_array().empty()) {
    return Error{Errc::not_found, "service " + namespace_ + "/" + service + " has no ports"};
  }
  return std::string(text_at(ports->get_array().front(), {"name"}));
}

// --- fetch_url ----------------------------------------------------------------------------------

namespace {

struct Fetched {
  std::string body = {};
  std::string location = {};  ///< not empty: look there instead
};

Error fetch_error(std::string_view url, const AnswerHead& head) {
  auto code = head.status >= 500 ? Errc::unavailable : Errc::invalid_input;
  if (head.status == 404) code = Errc::not_found;
  return {code,
          "cannot fetch " + quoted(url) + ": " + std::to_string(head.status) + " " + head.reason};
}

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string head_for(const Url& url, const FetchOptions& options) {
  const bool rooted = url.target.starts_with('/');
  return "GET " + (rooted ? url.target : "/" + url.target) +
         " HTTP/1.1\r\nHost: " + url.host_header() + "\r\nUser-Agent: " + options.user_agent +
         "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

Awaitable<Result<Fetched>> fetch_one(std::shared_ptr<Connection> connection, std::string head,
                                     std::string url_text, std::size_t bytes_max) {
  const auto doing = "Get " + quoted(url_text);
  auto opened = co_await connection->open();
  if (!opened) co_return std::move(opened.error()).during(doing);
  auto written = co_await connection->write(head, "");
  if (!written) co_return std::move(written.error()).during(doing);
  AnswerReader reader(connection, std::nullopt);
  auto answer = co_await reader.read_head();
  if (!answer) co_return std::move(answer.error()).during(doing);
  Fetched fetched;
  if (is_redirect(answer->status) && !answer->location.empty()) {
    fetched.location = std::move(answer->location);
    co_return fetched;
  }
  if (answer->status != 200) co_return fetch_error(url_text, *answer);
  SecretBuffer body;
  while (true) {
    auto more = co_await reader.read_body_some(body);
    if (!more) co_return std::move(more.error()).during(doing);
    if (body.size() > bytes_max) {
      co_return Error{Errc::invalid_input, "the answer of " + quoted(url_text) +
                                               " is larger than " + std::to_string(bytes_max) +
                                               " bytes"};
    }
    if (!*more) break;
  }
  fetched.body = body.expose_secret_text();
  co_return fetched;
}

Result<Fetched> fetch_step(asio::io_context& context, const Url& url, const std::string& url_text,
                           const FetchOptions& options, std::chrono::milliseconds time_left) {
  if (url.scheme != "http" && url.scheme != "https") {
    return Error{Errc::invalid_input,
                 "Get " + quoted(url_text) + ": unsupported protocol scheme " + quoted(url.scheme)};
  }
  ClientConfig config;
  config.server = url.scheme + "://" + url.address();
  auto endpoint = make_endpoint(config);
  if (!endpoint) return std::move(endpoint.error());
  const auto connection = std::make_shared<Connection>(
      context.get_executor(), std::make_shared<const Endpoint>(std::move(*endpoint)));
  connection->set_deadline(time_left);
  auto fetched =
      wait_for(context, fetch_one(connection, head_for(url, options), url_text, options.bytes_max));
  connection->clear_deadline();
  return fetched;
}

std::string text_of(const Url& url) { return url.scheme + "://" + url.host_header() + url.target; }

}  // namespace

Result<std::string> fetch_url(std::string_view text, const FetchOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  asio::io_context context(1);
  std::string url_text(text);
  auto url = parse_url(text);
  for (int step = 0; step <= redirects_max; ++step) {
    if (!url) return std::move(url.error());
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return Error{Errc::unavailable, "Get " + quoted(url_text) + ": no answer in time"};
    }
    auto fetched = fetch_step(context, *url, url_text, options, left);
    if (!fetched) return std::move(fetched.error());
    if (fetched->location.empty()) return std::move(fetched->body);
    const bool secure = url->scheme == "https";
    url = resolve_url(*url, fetched->location);
    if (url && secure && url->scheme != "https") {
      return Error{Errc::invalid_input,
                   "Get " + quoted(url_text) + ": redirected from https to " + url->scheme};
    }
    if (url) url_text = text_of(*url);
  }
  return Error{Errc::unavailable, "Get " + quoted(text) + ": stopped after 10 redirects"};
}

}  // namespace bulla::kube
