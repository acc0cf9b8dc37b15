// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "kube/client_impl.hpp"
#include "kube/object.hpp"

namespace bulla::kube {

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
  if (!value) return value.error().during("reading a watch event");
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
    if (!more) co_return more.error();
    if (!*more) co_return std::optional<WatchEvent>();
  }
}

}  // namespace

Awaitable<Result<Watch>> start_watch(ClientPtr client, Request request,
                                     std::chrono::milliseconds idle_max) {
  co_await wait_for_turn(client);
  if (client->closed) co_return Error{Errc::unavailable, "the client is closed"};
  if (auto prepared = client->prepare(); !prepared) {
    co_return client->named(prepared.error(), request);
  }
  auto head = client->head_of(request);
  if (!head) co_return head.error();
  const auto generation = client->shared->credentials.generation();
  const auto limit = client->shared->config.request_timeout;
  auto connection = client->make_connection();
  auto state = std::make_unique<Watch::Impl>(connection, idle_max);
  connection->set_deadline(limit);
  auto answer = co_await start_exchange(connection, false, *head, request.body, state->reader);
  if (!answer) co_return client->named(answer.error(), request);
  connection->clear_deadline();
  if (answer->status == 200) co_return Watch(std::move(state));
  connection->set_deadline(limit);
  auto body = co_await read_body(state->reader);
  if (!body) co_return client->named(body.error(), request);
  // The next try, which is the watcher's to make, has other credentials.
  if (answer->status == 401) static_cast<void>(client->shared->credentials.refused(generation));
  co_return answer_error(request, *answer, *body);
}

Awaitable<Result<std::optional<WatchEvent>>> Watch::next() { return next_event(*impl_); }

}  // namespace bulla::kube
