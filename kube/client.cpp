// SPDX-License-Identifier: Apache-2.0
#include "kube/client.hpp"

#include <algorithm>
#include <deque>

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "kube/backoff.hpp"
#include "kube/connection.hpp"
#include "kube/object.hpp"
#include "kube/status.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t token_bytes_max = 64 * limits::kib;  // it has to fit into a header
constexpr std::chrono::seconds watch_grace{5};

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

}  // namespace

struct Client::Impl {
  struct IdleConnection {
    std::shared_ptr<Connection> connection;
    SteadyTime since;
  };
  /// What connections of several handles share: where to, and as whom.
  struct Shared {
    ClientConfig config;
    ClientOptions options;
    std::shared_ptr<const Endpoint> endpoint;
    SecretBuffer token;  ///< as last read from the file
    SteadyTime token_read_at{};
  };

  asio::any_io_executor executor;
  std::shared_ptr<Shared> shared;
  std::deque<IdleConnection> idle = {};
  std::vector<std::weak_ptr<Connection>> open = {};
  bool closed = false;

  [[nodiscard]] std::shared_ptr<Connection> take_idle();
  [[nodiscard]] std::shared_ptr<Connection> make_connection();
  void keep(std::shared_ptr<Connection> connection);
  [[nodiscard]] Result<void> refresh_token();
  [[nodiscard]] Result<SecretBuffer> head_of(const Request& request);
  void append_credentials(SecretBuffer& head) const;
  [[nodiscard]] Error named(Error error, const Request& request) const;
  void note_failure(unsigned status) {
    if (status == 401) shared->token_read_at = SteadyTime();
  }
};

std::shared_ptr<Connection> Client::Impl::take_idle() {
  const auto now = std::chrono::steady_clock::now();
  while (!idle.empty()) {
    auto kept = std::move(idle.back());  // the one used last is the likeliest to be alive
    idle.pop_back();
    const bool fresh = now - kept.since < shared->options.idle_connection_max;
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

/// Reads the token file when the cached token has aged. If that fails the old token stays in use.
Result<void> Client::Impl::refresh_token() {
  auto& state = *shared;
  if (state.config.token_file.empty()) return {};
  const auto now = std::chrono::steady_clock::now();
  const bool known = !state.token.empty() && state.token_read_at != SteadyTime();
  if (known && now - state.token_read_at < state.options.token_max_age) return {};
  auto text = read_file(state.config.token_file, token_bytes_max);
  if (text && trim(text->expose_secret_text()).empty()) {
    text = Error{Errc::invalid_input, state.config.token_file + " is empty"};
  }
  if (!text) {
    if (!state.token.empty()) return {};
    return std::move(text.error()).during("reading the token");
  }
  state.token = SecretBuffer::copy_of(trim(text->expose_secret_text()));
  state.token_read_at = now;
  return {};
}

void Client::Impl::append_credentials(SecretBuffer& head) const {
  if (!shared->endpoint->tls) return;  // never in the clear
  const auto& config = shared->config;
  const auto& token = config.token_file.empty() ? config.token : shared->token;
  if (!token.empty()) {
    head.append("Authorization: Bearer ");
    head.append(token.expose_secret_text());
    head.append("\r\n");
  } else if (!config.username.empty()) {
    auto pair = SecretBuffer::copy_of(config.username + ":");
    pair.append(config.password.expose_secret_text());
    head.append("Authorization: Basic ");
    head.append(encode_base64_secret(pair.expose_secret()).expose_secret_text());
    head.append("\r\n");
  }
  if (!config.as_user.empty()) append_header(head, "Impersonate-User", config.as_user);
  for (const auto& group : config.as_groups) append_header(head, "Impersonate-Group", group);
  if (!config.as_uid.empty()) append_header(head, "Impersonate-Uid", config.as_uid);
}

/// The request line and headers. Holds credentials.
Result<SecretBuffer> Client::Impl::head_of(const Request& request) {
  const auto target = shared->endpoint->base_path + request.target();
  if (!is_target(target)) {
    return Error{Errc::invalid_input, "the path " + quoted(target) + " cannot be sent"};
  }
  if (shared->endpoint->tls) {
    if (auto read = refresh_token(); !read) return read.error();
  }
  SecretBuffer head;
  head.reserve(4 * limits::kib);
  head.append(std::string(to_text(request.method)) + " " + target + " HTTP/1.1\r\n");
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

/// `Get "https://host/path": ...`, as people know it from kubectl.
Error Client::Impl::named(Error error, const Request& request) const {
  const auto& url = shared->endpoint->url;
  const auto text = url.scheme + "://" + url.host_header() + shared->endpoint->base_path;
  return std::move(error).during(verb_of(request.method) + " " + quoted(text + request.target()));
}

namespace {

/// Credentials go into header lines as they are, so they must not hold line breaks.
Result<void> check_credentials(const ClientConfig& config) {
  bool fine = is_one_line(config.token.expose_secret_text()) && is_one_line(config.as_user) &&
              is_one_line(config.as_uid);
  for (const auto& group : config.as_groups) fine = fine && is_one_line(group);
  if (fine) return {};
  return Error{Errc::invalid_input, "the token or a name to impersonate holds a control character"};
}

using ImplPtr = std::shared_ptr<Client::Impl>;

/// Sends on `connection` and reads the head of the answer.
Awaitable<Result<AnswerHead>> start_exchange(std::shared_ptr<Connection> connection, bool is_open,
                                             const SecretBuffer& head, const SecretBuffer& body,
                                             AnswerReader& reader) {
  if (!is_open) {
    auto opened = co_await connection->open();
    if (!opened) co_return std::move(opened.error());
  }
  connection->expect_answer();
  auto written = co_await connection->write(head.expose_secret_text(), body.expose_secret_text());
  // A server may answer and close before it has read everything: then the answer counts.
  auto answer = co_await reader.read_head();
  if (!answer && !written) co_return std::move(written.error());
  co_return answer;
}

Awaitable<Result<SecretBuffer>> read_body(AnswerReader& reader) {
  SecretBuffer body;
  while (true) {
    auto more = co_await reader.read_body_some(body);
    if (!more) co_return std::move(more.error());
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

bool is_success(unsigned status) noexcept { return status >= 200 && status < 300; }

Awaitable<Result<Response>> send_on(ImplPtr impl, std::shared_ptr<Connection> connection,
                                    bool is_open, const Request& request, bool any_answer) {
  auto head = impl->head_of(request);
  if (!head) co_return std::move(head.error());
  AnswerReader reader(connection, limits::response_body_bytes_max);
  auto answer = co_await start_exchange(connection, is_open, *head, request.body, reader);
  if (!answer) co_return impl->named(std::move(answer.error()), request);
  auto body = co_await read_body(reader);
  if (!body) co_return impl->named(std::move(body.error()), request);
  connection->clear_deadline();
  if (reader.keep_alive()) impl->keep(connection);
  if (!answer->warning.empty()) log_info("the API server warns", {{"warning", answer->warning}});
  impl->note_failure(answer->status);
  if (!is_success(answer->status) && !any_answer) {
    co_return answer_error(request, *answer, *body);
  }
  Response response;
  response.status = answer->status;
  response.content_type = std::move(answer->content_type);
  response.body = std::move(*body);
  co_return response;
}

Awaitable<Result<Response>> send_request(ImplPtr impl, Request request, bool any_answer = false) {
  if (impl->closed) co_return Error{Errc::unavailable, "the client is closed"};
  const auto limit = request.timeout.value_or(impl->shared->config.request_timeout);
  auto connection = impl->take_idle();
  const bool reused = connection != nullptr;
  if (!reused) connection = impl->make_connection();
  connection->set_deadline(limit);
  auto response = co_await send_on(impl, connection, reused, request, any_answer);
  connection->clear_deadline();
  // The server may close a kept connection just as we write to it. Reading again is harmless.
  const bool stale = reused && !response && request.method == Method::get && !impl->closed &&
                     !connection->timed_out() && !connection->received_anything();
  if (!stale) co_return response;
  connection = impl->make_connection();
  connection->set_deadline(limit);
  auto second = co_await send_on(impl, connection, false, request, any_answer);
  connection->clear_deadline();
  co_return second;
}

Awaitable<Result<json::value>> send_for_value(ImplPtr impl, Request request) {
  auto response = co_await send_request(std::move(impl), std::move(request));
  if (!response) co_return std::move(response.error());
  auto value = parse_json(response->body.expose_secret_text());
  if (!value) {
    // What is not JSON came from something between us and the server: time may cure it.
    co_return Error{Errc::unavailable, "the server's answer is " + value.error().message};
  }
  co_return value;
}

Awaitable<Result<void>> send_removal(ImplPtr impl, Request request) {
  auto response = co_await send_request(std::move(impl), std::move(request));
  if (!response) co_return std::move(response.error());
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

Awaitable<Result<ListPage>> request_page(ImplPtr impl, Request request) {
  auto answer = co_await send_for_value(std::move(impl), std::move(request));
  if (!answer) co_return std::move(answer.error());
  ListPage page;
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

// --- Watch --------------------------------------------------------------------------------------

struct Watch::Impl {
  Impl(std::shared_ptr<Connection> to, std::chrono::milliseconds idle)
      : connection(to), reader(std::move(to), std::nullopt), idle_max(idle) {}

  std::shared_ptr<Connection> connection;
  AnswerReader reader;
  std::chrono::milliseconds idle_max;
  SecretBuffer pending = {};
  std::size_t begin = 0;    ///< of the line that is being received
  std::size_t scanned = 0;  ///< no line feed before this

  /// The next whole line, without its line feed; valid until the next read.
  [[nodiscard]] std::optional<std::string_view> take_line();
  void drop_taken();
};

std::optional<std::string_view> Watch::Impl::take_line() {
  const auto text = pending.expose_secret_text();
  const auto end = text.find('\n', scanned);
  if (end == text.npos) {
    scanned = text.size();
    return std::nullopt;
  }
  const auto line = text.substr(begin, end - begin);
  begin = scanned = end + 1;
  return line;
}

void Watch::Impl::drop_taken() {
  const auto bytes = pending.expose_secret();
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.end(), bytes.begin());
  pending.resize(bytes.size() - begin);
  scanned -= begin;
  begin = 0;
}

Watch::Watch(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&&) noexcept = default;
Watch::~Watch() {
  if (!impl_) return;
  impl_->connection->clear_deadline();
  impl_->connection->close();
}

namespace {

Result<std::optional<WatchEvent>> parse_event(std::string_view line) {
  auto value = parse_json(line);
  if (!value) return std::move(value.error()).during("reading a watch event");
  auto* members = value->if_object();
  auto* object = members == nullptr ? nullptr : members->if_contains("object");
  const auto type = text_at(*value, {"type"});
  if (object == nullptr || type.empty()) {
    return Error{Errc::invalid_input, "a line of the watch is not a watch event"};
  }
  WatchEvent event;
  event.type = type;
  event.object = std::move(*object);
  return std::optional<WatchEvent>(std::move(event));
}

Awaitable<Result<std::optional<WatchEvent>>> next_event(Watch::Impl& watch) {
  while (true) {
    const auto line = watch.take_line();
    if (line && trim(*line).empty()) continue;
    if (line) co_return parse_event(*line);
    watch.drop_taken();
    if (watch.pending.size() > limits::watch_line_bytes_max) {
      co_return Error{Errc::invalid_input, "a line of the watch is longer than " +
                                               std::to_string(limits::watch_line_bytes_max) +
                                               " bytes"};
    }
    watch.connection->set_deadline(watch.idle_max);
    auto more = co_await watch.reader.read_body_some(watch.pending);
    watch.connection->clear_deadline();
    if (!more) co_return std::move(more.error());
    if (!*more) co_return std::optional<WatchEvent>();
  }
}

Awaitable<Result<Watch>> start_watch(ImplPtr impl, Request request,
                                     std::chrono::milliseconds idle_max) {
  if (impl->closed) co_return Error{Errc::unavailable, "the client is closed"};
  auto head = impl->head_of(request);
  if (!head) co_return std::move(head.error());
  auto connection = impl->make_connection();
  auto state = std::make_unique<Watch::Impl>(connection, idle_max);
  connection->set_deadline(impl->shared->config.request_timeout);
  auto answer = co_await start_exchange(connection, false, *head, request.body, state->reader);
  if (!answer) co_return impl->named(std::move(answer.error()), request);
  connection->clear_deadline();
  if (answer->status == 200) co_return Watch(std::move(state));
  connection->set_deadline(impl->shared->config.request_timeout);
  auto body = co_await read_body(state->reader);
  if (!body) co_return impl->named(std::move(body.error()), request);
  impl->note_failure(answer->status);
  co_return answer_error(request, *answer, *body);
}

}  // namespace

Awaitable<Result<std::optional<WatchEvent>>> Watch::next() { return next_event(*impl_); }

// --- Client -------------------------------------------------------------------------------------

Client::Client(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Result<Client> Client::create(asio::any_io_executor executor, ClientConfig config,
                              ClientOptions options) {
  if (auto checked = check_credentials(config); !checked) return checked.error();
  auto endpoint = make_endpoint(config);
  if (!endpoint) return std::move(endpoint.error());
  auto impl = std::make_shared<Impl>();
  impl->executor = std::move(executor);
  impl->shared = std::make_shared<Impl::Shared>();
  impl->shared->config = std::move(config);
  impl->shared->options = std::move(options);
  impl->shared->endpoint = std::make_shared<const Endpoint>(std::move(*endpoint));
  return Client(std::move(impl));
}

Client Client::with_own_connections() const {
  auto impl = std::make_shared<Impl>();
  impl->executor = impl_->executor;
  impl->shared = impl_->shared;
  return Client(std::move(impl));
}

void Client::close() const noexcept {
  impl_->closed = true;
  for (const auto& weak : impl_->open) {
    if (const auto connection = weak.lock()) connection->close();
  }
  impl_->idle.clear();
}

asio::any_io_executor Client::executor() const { return impl_->executor; }

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
