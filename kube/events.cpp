// SPDX-License-Identifier: Apache-2.0
#include "kube/events.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <list>
#include <map>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "kube/backoff.hpp"
#include "kube/fair_queue.hpp"
#include "kube/request.hpp"
#include "kube/status.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

/// Two Events are the same when all of this is the same.
struct Identity {
  ObjectKey key;
  std::string uid;
  EventType type = EventType::normal;
  std::string reason;
  std::string message;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

/// What the API server knows of it, or will.
struct Known {
  EventSubject subject;
  std::string event_name;
  WallTime first{};
  WallTime last{};
  std::uint64_t count = 0;
  bool created = false;
  bool queued = false;  ///< a repeat while it waits only raises the count
};

struct Remembered {
  Identity identity;
  Known known;
};
using Memory = std::list<Remembered>;  ///< the one used last is in front

std::string_view to_text(EventType type) noexcept {
  return type == EventType::normal ? "Normal" : "Warning";
}

std::string namespace_for(const EventSubject& subject) {
  return subject.key.namespace_.empty() ? "default" : subject.key.namespace_;
}

json::value event_object(const Identity& identity, const Known& known,
                         const std::string& component) {
  const auto& subject = known.subject;
  json::object about = {{"apiVersion", subject.api_version},
                        {"kind", subject.kind},
                        {"name", subject.key.name},
                        {"namespace", subject.key.namespace_},
                        {"uid", subject.uid},
                        {"resourceVersion", subject.resource_version}};
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata", {{"name", known.event_name}, {"namespace", namespace_for(subject)}}},
      {"involvedObject", std::move(about)},
      {"type", to_text(identity.type)},
      {"reason", identity.reason},
      {"message", identity.message},
      {"count", known.count},
      {"firstTimestamp", format_rfc3339(known.first)},
      {"lastTimestamp", format_rfc3339(known.last)},
      // Left null: with a time here the server asks for all fields of the newer Event API.
      {"eventTime", nullptr},
      {"source", {{"component", component}}},
      {"reportingComponent", component},
      {"reportingInstance", ""},
  };
}

json::value count_patch(const Identity& identity, const Known& known) {
  return json::object{{"count", known.count},
                      {"lastTimestamp", format_rfc3339(known.last)},
                      {"message", identity.message}};
}

}  // namespace

struct EventRecorder::Impl {
  Impl(const Client& to, EventRecorderOptions how, const Clock& time, Random& chance)
      : client(to.with_own_connections()),
        options(std::move(how)),
        clock(time),
        random(chance),
        bell(client.executor()),
        retry(client.executor()),
        end(client.executor()) {
    bell.expires_at(SteadyTime::max());
  }

  Client client;
  EventRecorderOptions options;
  const Clock& clock;
  Random& random;
  Memory memory = {};
  std::map<Identity, Memory::iterator> index = {};
  FairQueue<Identity> queue{limits::events_waiting_max};
  asio::steady_timer bell;  ///< cancelled when there is something to send or to stop for
  asio::steady_timer retry;
  asio::steady_timer end;
  std::uint64_t dropped = 0;
  bool stopping = false;
  bool closed = false;

  [[nodiscard]] Known& remember(const Identity& identity, const EventSubject& subject);
  void drop(const Identity& identity);
  [[nodiscard]] std::string name_for(const ObjectKey& key);
  [[nodiscard]] Awaitable<void> pause(std::chrono::milliseconds delay);
  [[nodiscard]] Awaitable<Result<Response>> send_once(Remembered entry);
  [[nodiscard]] Awaitable<void> send(Identity identity);
};

/// As client-go names them: the object's name and nanoseconds in hexadecimal. What would be too
/// long for a name is cut, between its letters or digits.
std::string EventRecorder::Impl::name_for(const ObjectKey& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto since_epoch = clock.now().time_since_epoch();
  auto number = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
  // Two Events of one object within the clock's grain must not share a name.
  number ^= random.below(1U << 10U);
  std::string hex;
  for (; number > 0; number >>= 4U) hex.insert(hex.begin(), digits[number & 15U]);
  constexpr std::size_t name_max = 253;
  std::string name = key.name.substr(0, name_max - 1 - hex.size());
  while (name.ends_with('.') || name.ends_with('-')) name.pop_back();
  return name + "." + hex;
}

Known& EventRecorder::Impl::remember(const Identity& identity, const EventSubject& subject) {
  const auto now = clock.now();
  if (const auto found = index.find(identity); found != index.end()) {
    memory.splice(memory.begin(), memory, found->second);
  } else {
    if (memory.size() >= options.remembered_max) {
      index.erase(memory.back().identity);
      memory.pop_back();
    }
    Known fresh;
    fresh.subject = subject;
    fresh.event_name = name_for(subject.key);
    fresh.first = now;
    memory.push_front({identity, std::move(fresh)});
    index.emplace(identity, memory.begin());
  }
  auto& known = memory.front().known;
  known.last = now;
  ++known.count;
  return known;
}

/// The next of its kind is sent again, and counts it.
void EventRecorder::Impl::drop(const Identity& identity) {
  ++dropped;
  const auto found = index.find(identity);
  if (found != index.end()) found->second->known.queued = false;
}

Awaitable<void> EventRecorder::Impl::pause(std::chrono::milliseconds delay) {
  retry.expires_after(delay);
  boost::system::error_code ignored;
  co_await retry.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<Result<Response>> EventRecorder::Impl::send_once(Remembered entry) {
  const ResourceType events{"", "v1", "events"};
  const auto namespace_ = namespace_for(entry.known.subject);
  if (entry.known.created) {
    auto patch = Request::with_json(Method::patch,
                                    resource_path(events, {namespace_, entry.known.event_name, ""}),
                                    count_patch(entry.identity, entry.known));
    patch.content_type = content_merge_patch;
    auto patched = co_await client.send_for_answer(std::move(patch));
    const bool expired = patched && patched->status == 404;
    if (!expired) co_return patched;  // the server keeps Events for an hour
  }
  auto create = Request::with_json(Method::post, resource_path(events, {namespace_, "", ""}),
                                   event_object(entry.identity, entry.known, options.component));
  auto created = co_await client.send_for_answer(std::move(create));
  co_return created;
}

/// Nothing can be created in a namespace that is being terminated; that is no trouble.
bool namespace_goes(const Response& answer) {
  FailedAnswer failed;
  failed.status = answer.status;
  failed.body = answer.body.expose_secret_text();
  return answer.status == 403 && status_error(failed).code == Errc::gone;
}

Awaitable<void> EventRecorder::Impl::send(Identity identity) {
  for (unsigned tries = 1; !closed; ++tries) {
    const auto found = index.find(identity);
    if (found == index.end()) co_return;
    found->second->known.queued = false;
    auto sent = co_await send_once(*found->second);
    // 409 after POST: an earlier try arrived, and only its answer was lost.
    const bool is_there = sent && (sent->status < 300 || sent->status == 409);
    const auto still = index.find(identity);  // it may have been forgotten meanwhile
    if (is_there && still != index.end()) still->second->known.created = true;
    if (is_there) co_return;
    if (sent || stopping || tries >= options.tries_max) {
      ++dropped;
      const auto why = sent ? "status " + std::to_string(sent->status) : sent.error().message;
      if (!closed && !(sent && namespace_goes(*sent)))
        log_error("an Event was not written", {{"reason", why}});
      co_return;
    }
    co_await pause(options.retry_after);
  }
}

EventRecorder::EventRecorder(const Client& client, EventRecorderOptions options, const Clock& clock,
                             Random& random)
    : impl_(std::make_shared<Impl>(client, std::move(options), clock, random)) {}

EventRecorder::~EventRecorder() { impl_->client.close(); }

void EventRecorder::record(const EventSubject& subject, EventType type, std::string_view reason,
                           std::string_view message) {
  Identity identity{
      subject.key, subject.uid, type, std::string(reason),
      std::string(cut_to(printable(message, LineEnds::kept), limits::event_message_bytes_max))};
  const auto known = impl_->index.find(identity);
  const bool waits = known != impl_->index.end() && known->second->known.queued;
  if (!waits && impl_->stopping) {
    ++impl_->dropped;
    return;
  }
  auto& entry = impl_->remember(identity, subject);
  if (entry.queued) return;
  entry.queued = true;
  if (const auto dropped = impl_->queue.push(namespace_for(subject), std::move(identity)))
    impl_->drop(*dropped);
  impl_->bell.cancel();
}

Awaitable<void> EventRecorder::run() {
  const auto self = impl_;
  while (!self->closed) {
    if (auto identity = self->queue.pop()) {
      co_await self->send(std::move(*identity));
      continue;
    }
    if (self->stopping) break;
    boost::system::error_code ignored;
    co_await self->bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  self->dropped += self->queue.size();
  self->queue.clear();
  self->end.cancel();
}

void EventRecorder::stop(std::chrono::milliseconds deadline) {
  impl_->stopping = true;
  impl_->bell.cancel();
  impl_->retry.cancel();  // nobody waits ten seconds for an Event at the end
  impl_->end.expires_after(deadline);
  impl_->end.async_wait([weak = std::weak_ptr(impl_)](const boost::system::error_code& aborted) {
    const auto self = weak.lock();
    if (aborted || !self) return;
    self->closed = true;
    self->client.close();
    self->bell.cancel();
    self->retry.cancel();
  });
}

std::uint64_t EventRecorder::dropped() const noexcept { return impl_->dropped; }

}  // namespace bulla::kube
