// SPDX-License-Identifier: Apache-2.0
#include "controller/sealed_requests.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "controller/tasks.hpp"
#include "kube/object.hpp"
#include "resource/document.hpp"
#include "resource/rotate.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// What all clients together may do, as a multiple of one client's rate.
constexpr int clients_at_full_rate = 8;

RateLimiter::Rate for_all(const RateLimiter::Rate& one) {
  constexpr int most = RateLimiter::per_second_max / clients_at_full_rate;
  return {std::min(one.per_second, most) * clients_at_full_rate,
          (std::min(one.burst, most) + 1) * clients_at_full_rate - 1, one.work_in_full};
}

/// Whose rate a request counts against: one for each of the two endpoints.
std::string counted_for(std::string_view path, std::string_view client) {
  return std::string(path) + " " + std::string(client);
}

std::string seconds_up(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

HttpReply sentence(unsigned status, std::string text) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(text) + "\n";
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

HttpReply later(unsigned status, std::string text, std::chrono::nanoseconds when) {
  auto reply = sentence(status, std::move(text));
  reply.headers.emplace_back("Retry-After", seconds_up(when));
  return reply;
}

/// The one answer to everything that does not open.
HttpReply does_not_open() {
  HttpReply reply;
  reply.status = 409;
  return reply;
}

HttpReply answer_to(const Error& error) {
  if (error.code == Errc::unavailable)
    return later(503, "there was no time to finish, try again later", std::chrono::seconds(1));
  return does_not_open();
}

Result<SealedSecret> read_sealed_secret(const SecretBuffer& body) {
  const auto bad = [](std::string text) { return Error{Errc::invalid_input, std::move(text)}; };
  // Two: one more than is taken, so that it can be said.
  const auto documents = read_documents(body.expose_secret_text(),
                                        {.documents_max = 2,
                                         .aliases = Aliases::refused,
                                         .reading_bytes_max = limits::request_reading_bytes_max});
  if (!documents) return bad("the request body can't be read: " + documents.error().message);
  if (documents->size() != 1) return bad("the request body must be one SealedSecret");
  const json::value& document = documents->front().value;
  if (kube::text_at(document, {"kind"}) != SealedSecret::kind ||
      kube::text_at(document, {"apiVersion"}) != SealedSecret::api_version)
    return bad("the request body is not a SealedSecret");
  auto sealed = SealedSecret::from_json(document, documents->front().scalars);
  if (!sealed) return bad("the SealedSecret is malformed: " + sealed.error().message);
  if (sealed->encrypted_data.size() > limits::request_items_max)
    return bad("a SealedSecret of more than " + std::to_string(limits::request_items_max) +
               " items is not taken here");
  return sealed;
}

/// Without kind and apiVersion, as the reference writes it.
std::string text_of(const SealedSecret& sealed) {
  const json::value whole = sealed.to_json();
  json::object out;
  for (const auto* member : {"metadata", "spec"}) out.emplace(member, whole.at(member));
  return std::string(kube::serialize_json(out).expose_secret_text());
}

/// A request with all that its work needs; on the pool's thread.
struct Work {
  bool wants_rotation = false;
  SecretBuffer body = {};
  std::shared_ptr<const Keyring> ring = {};
  Keyring::Entry newest = {};
  StrangerOptions options = {};

  HttpReply operator()() const {
    const auto sealed = read_sealed_secret(body);
    if (!sealed) return sentence(400, sealed.error().message);
    HttpReply reply;
    if (wants_rotation) {
      const auto out = rotate(*sealed, ring->newest_first(), newest->key.public_key(), options);
      if (!out) return answer_to(out.error());
      reply.body = text_of(*out);
    } else if (const auto opens = check_opens(*sealed, ring->newest_first(), options); !opens) {
      return answer_to(opens.error());
    }
    return reply;
  }
};

}  // namespace

/// Requests that are read or worked on, the oldest first.
struct SealedRequests::Slots {
  struct Slot {
    std::string client;
    std::function<bool()> give_up;  ///< as in HttpHead
  };
  using Place = std::shared_ptr<Slot>;

  [[nodiscard]] std::size_t count_of(const std::string& client) const {
    const auto is_its = [&client](const Place& slot) { return slot->client == client; };
    return static_cast<std::size_t>(std::count_if(taken.begin(), taken.end(), is_its));
  }

  /// Whether one more of `client` finds a place. Where there is none, the body that was awaited
  /// longest makes room: of that client if it has all it may have, else of the one with most. So
  /// nobody holds a place by sending slowly.
  bool make_room_for(const std::string& client) {
    const bool has_its_share = count_of(client) >= limits::requests_at_once_per_client_max;
    if (!has_its_share && taken.size() < limits::requests_at_once_max) return true;
    auto candidates = taken;
    if (has_its_share)
      std::erase_if(candidates, [&client](const Place& slot) { return slot->client != client; });
    std::stable_sort(candidates.begin(), candidates.end(), [this](const Place& a, const Place& b) {
      return count_of(a->client) > count_of(b->client);
    });
    const auto gave_up = std::find_if(candidates.begin(), candidates.end(), [](const Place& slot) {
      return slot->give_up && slot->give_up();
    });
    if (gave_up == candidates.end()) return false;
    std::erase(taken, *gave_up);
    return true;
  }

  /// The place is taken until the result is released, or until it has made room.
  static std::shared_ptr<void> take(const std::shared_ptr<Slots>& slots, const HttpHead& head) {
    auto slot = std::make_shared<Slot>(Slot{head.client, head.give_up});
    slots->taken.push_back(slot);
    return {slot.get(), [slots, slot](void*) { std::erase(slots->taken, slot); }};
  }

  std::vector<Place> taken = {};
};

SealedRequests::SealedRequests(Parts parts)
    : parts_(std::move(parts)),
      per_client_(parts_.rate),
      all_(for_all(parts_.rate)),
      slots_(std::make_shared<Slots>()) {
  boost::asio::post(pool_, &lower_thread_priority);
}

SealedRequests::~SealedRequests() { pool_.join(); }

Admission SealedRequests::admit(const HttpHead& head) {
  Admission admission;
  admission.body_bytes_max = 0;
  if (head.method != "POST") {
    admission.refusal = sentence(405, "method not allowed");
    admission.refusal->headers.emplace_back("Allow", "POST");
    return admission;
  }
  const auto now = parts_.now();
  const std::string client = counted_for(head.path, head.client);
  const auto own = per_client_.take(client, now);
  admission.headers = {{"X-Ratelimit-Limit", std::to_string(own.limit)},
                       {"X-Ratelimit-Remaining", std::to_string(own.remaining)},
                       {"X-Ratelimit-Reset", seconds_up(own.reset)}};
  if (!own.allowed) {
    admission.refusal = later(429, "limit exceeded", own.retry_after);
    return admission;
  }
  const auto everybody = all_.take({}, now);
  const bool room = everybody.allowed && slots_->make_room_for(head.client);
  if (!room) {
    per_client_.give_back(client);
    if (everybody.allowed) all_.give_back({});
    const auto wait =
        std::max<std::chrono::nanoseconds>(everybody.retry_after, std::chrono::milliseconds(1));
    admission.refusal = later(429, "limit exceeded", wait);
    return admission;
  }
  admission.held = Slots::take(slots_, head);
  admission.body_bytes_max = limits::request_body_bytes_max;
  return admission;
}

void SealedRequests::charge(const HttpRequest& request, std::size_t operations) {
  const auto now = parts_.now();
  per_client_.charge(counted_for(request.path, request.client), operations, now);
  all_.charge({}, operations, now);
}

boost::asio::awaitable<HttpReply> SealedRequests::answer(HttpRequest request) {
  charge(request, request.body.size() / parts_.bytes_per_operation);
  Work work;
  work.wants_rotation = request.path == rotate_path;
  work.body = std::move(request.body);
  work.ring = parts_.ring();
  work.newest = parts_.newest();
  if (work.newest == nullptr)
    co_return later(503, "there is no sealing key yet", std::chrono::seconds(1));
  const auto deadline = parts_.now() + parts_.time_max;
  std::atomic<std::size_t> operations = 0;
  work.options = {parts_.accept_deprecated_data,
                  [this, deadline] { return !stopped_ && parts_.now() < deadline; },
                  [&operations] { ++operations; }};
  auto reply = co_await run_on(pool_, std::move(work));
  if (operations > 1) charge(request, operations - 1);  // it was let in for one
  co_return reply;
}

}  // namespace bulla
