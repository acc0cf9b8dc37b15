// SPDX-License-Identifier: Apache-2.0
#include "kube/client.hpp"

#include <algorithm>

#include "kube/client_impl.hpp"
#include "kube/object.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::chrono::seconds watch_grace{5};

/// Text that can stand in a header line without ending it.
bool is_one_line(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Credentials go into header lines as they are, so they must not hold line breaks.
Result<void> check_credentials(const ClientConfig& config) {
  bool fine = is_one_line(config.token.expose_secret_text()) && is_one_line(config.as_user) &&
              is_one_line(config.as_uid);
  for (const auto& group : config.as_groups) fine = fine && is_one_line(group);
  for (const auto& extra : config.as_user_extra) fine = fine && is_one_line(extra.second);
  if (fine) return {};
  return Error{Errc::invalid_input, "the token or a name to impersonate holds a control character"};
}

Awaitable<Result<json::value>> send_for_value(ClientPtr client, Request request) {
  auto response = co_await send_request(std::move(client), std::move(request));
  if (!response) co_return response.error();
  co_return object_in(*response);
}

Awaitable<Result<void>> send_removal(ClientPtr client, Request request) {
  auto response = co_await send_request(std::move(client), std::move(request));
  if (!response) co_return response.error();
  co_return Result<void>();
}

Request list_request(const ListOptions& options) {
  auto request = Request::get(options.path);
  if (options.metadata_only) request.accept = accept_metadata_list;
  if (!options.label_selector.empty()) {
    request.query.emplace_back("labelSelector", options.label_selector);
  }
  if (!options.field_selector.empty()) {
    request.query.emplace_back("fieldSelector", options.field_selector);
  }
  return request;
}

Awaitable<Result<ListPage>> request_page(ClientPtr client, Request request) {
  auto response = co_await send_request(std::move(client), std::move(request));
  if (!response) co_return response.error();
  auto answer = object_in(*response);
  if (!answer) co_return answer.error();
  ListPage page;
  page.bytes = response->body.size();
  page.continue_token = text_at(*answer, {"metadata", "continue"});
  page.resource_version = resource_version_of(*answer);
  auto* object = answer->if_object();
  auto* items = object == nullptr ? nullptr : object->if_contains("items");
  if (items != nullptr && items->is_array()) {
    for (auto& item : items->get_array()) page.items.push_back(std::move(item));
  } else if (items == nullptr || !items->is_null()) {
    co_return Error{Errc::unavailable, "the server's answer is not a list"};
  }
  co_return page;
}

}  // namespace

Result<json::value> object_in(const Response& response) {
  auto value = parse_json(response.body.expose_secret_text());
  if (!value) {
    // What is not JSON came from something between us and the server: time may cure it.
    return Error{Errc::unavailable, "the server's answer is " + value.error().message};
  }
  if (!value->is_object())
    return Error{Errc::unavailable, "the server's answer is not a JSON object"};
  return value;
}

Client::Client(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Result<Client> Client::create(asio::any_io_executor executor, ClientConfig config,
                              ClientOptions options) {
  if (auto checked = check_credentials(config); !checked) return checked.error();
  auto endpoint = make_endpoint(config);
  if (!endpoint) return endpoint.error();
  auto impl = std::make_shared<Impl>();
  impl->executor = std::move(executor);
  impl->shared = std::make_shared<Impl::Shared>(std::move(config), std::move(options));
  impl->shared->endpoint = std::make_shared<const Endpoint>(std::move(*endpoint));
  return Client(std::move(impl));
}

Client Client::with_own_connections() const {
  auto impl = std::make_shared<Impl>();
  impl->executor = impl_->executor;
  impl->shared = impl_->shared;
  impl->guard = impl_->guard;
  impl->pace = impl_->pace;
  return Client(std::move(impl));
}

Client Client::with_write_guard(WriteGuard guard) const {
  BULLA_ASSERT(!impl_->guard);
  auto client = with_own_connections();
  client.impl_->guard = std::move(guard);
  return client;
}

Client Client::with_rate(RequestRate rate) const {
  auto client = with_own_connections();
  client.impl_->pace = std::make_shared<Pace>(rate);
  return client;
}

void Client::close() const noexcept {
  impl_->closed = true;
  for (auto* wait : impl_->waits) wait->cancel();
  break_off();
}

void Client::break_off() const noexcept {
  for (const auto& weak : impl_->open) {
    if (const auto connection = weak.lock()) connection->close();
  }
  impl_->idle.clear();
}

asio::any_io_executor Client::executor() const { return impl_->executor; }

std::string Client::field_manager() const {
  const std::string& agent = impl_->shared->options.user_agent;
  return agent.substr(0, agent.find('/'));
}

Awaitable<Result<Response>> Client::send(Request request) const {
  return send_request(impl_, std::move(request));
}

Awaitable<Result<Response>> Client::send_for_answer(Request request) const {
  return send_request(impl_, std::move(request), true);
}

Awaitable<Result<json::value>> Client::send_for_json(Request request) const {
  return send_for_value(impl_, std::move(request));
}

Awaitable<Result<json::value>> Client::get(std::string path) const {
  return send_for_value(impl_, Request::get(std::move(path)));
}

Awaitable<Result<json::value>> Client::get_metadata(std::string path) const {
  auto request = Request::get(std::move(path));
  request.accept = accept_metadata;
  return send_for_value(impl_, std::move(request));
}

Awaitable<Result<json::value>> Client::create_object(std::string path, json::value object) const {
  return send_for_value(impl_, Request::with_json(Method::post, std::move(path), object));
}

Awaitable<Result<json::value>> Client::update(std::string path, json::value object) const {
  return send_for_value(impl_, Request::with_json(Method::put, std::move(path), object));
}

Awaitable<Result<json::value>> Client::merge_patch(std::string path, json::value patch) const {
  auto request = Request::with_json(Method::patch, std::move(path), patch);
  request.content_type = content_merge_patch;
  return send_for_value(impl_, std::move(request));
}

Awaitable<Result<void>> Client::remove(std::string path, std::string uid) const {
  json::object options = {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  if (!uid.empty()) options["preconditions"] = {{"uid", uid}};
  return send_removal(impl_, Request::with_json(Method::delete_, std::move(path), options));
}

Awaitable<Result<ListPage>> Client::list_page(ListOptions options,
                                              std::string continue_token) const {
  auto request = list_request(options);
  request.query.emplace_back("limit", std::to_string(options.page_objects));
  if (options.page_objects > 1) request.answer_bytes_max = limits::list_page_bytes_max;
  if (!continue_token.empty()) request.query.emplace_back("continue", std::move(continue_token));
  return request_page(impl_, std::move(request));
}

Awaitable<Result<Watch>> Client::watch(ListOptions options, std::string resource_version,
                                       std::chrono::milliseconds timeout) const {
  auto request = list_request(options);
  if (options.metadata_only) request.accept = accept_metadata;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  request.query.emplace_back("watch", "true");
  request.query.emplace_back("resourceVersion", std::move(resource_version));
  request.query.emplace_back("allowWatchBookmarks", "true");
  request.query.emplace_back("timeoutSeconds", std::to_string(seconds));
  return start_watch(impl_, std::move(request), timeout + watch_grace);
}

}  // namespace bulla::kube
