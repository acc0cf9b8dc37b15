// SPDX-License-Identifier: Apache-2.0
//
// How much of verify and rotate one client gets.
#include "controller/sealed_requests.hpp"

#include <doctest/doctest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "controller/key_secret.hpp"
#include "controller/tasks.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/seal.hpp"

namespace bulla::test {

namespace {

namespace net = boost::asio;

const Keyring& ring() {
  static const Keyring keys = [] {
    Keyring one;
    (void)one.add(parse_key_secret(controller_json("key-secret.json"), {}).value());
    return one;
  }();
  return keys;
}

/// A SealedSecret with one item that opens, or with `bogus` items that don't.
std::string sealed_text(std::size_t bogus = 0) {
  const auto secret = kube::parse_json(
      R"({"metadata":{"name":"db","namespace":"prod"},"stringData":{"password":"hunter2"}})");
  const auto& key = ring().newest_first().front()->key.public_key();
  auto sealed = seal(Secret::from_json(*secret).value(), key, Scope::strict).value();
  if (bogus > 0) sealed.encrypted_data.clear();
  for (std::size_t i = 0; i < bogus; ++i) sealed.encrypted_data["i" + std::to_string(i)] = "AgAA";
  return std::string(kube::serialize_json(sealed.to_json()).expose_secret_text());
}

/// The default rate, and a clock that stands still.
struct Desk {
  RateLimiter::Time time{std::chrono::hours(1)};
  net::io_context io{1};
  SealedRequests requests{
      {.ring = [] { return std::make_shared<const Keyring>(copy()); },
       .newest = [] { return ring().newest_first().front(); },
       .rate = {.per_second = 2, .burst = 2, .work_in_full = operations_per_request},
       .now = [this] { return time; }}};

  static Keyring copy() {
    Keyring one;
    (void)one.add(parse_key_secret(controller_json("key-secret.json"), {}).value());
    return one;
  }
  /// The status, and Retry-After where it is 429.
  std::string post(const std::string& body, const std::string& client = "10.0.0.1",
                   std::string_view path = verify_path) {
    const auto admission = requests.admit({"POST", std::string(path), client});
    if (admission.refusal) {
      std::string told = std::to_string(admission.refusal->status);
      for (const auto& [name, value] : admission.refusal->headers) {
        if (name == "Retry-After") told += ", again in " + value;
      }
      return told;
    }
    unsigned status = 0;
    net::co_spawn(
        io,
        [&]() -> net::awaitable<void> {
          HttpRequest request{"POST", std::string(path), SecretBuffer::copy_of(body), client};
          const auto reply = co_await requests.answer(std::move(request));
          status = reply.status;
        },
        net::detached);
    io.restart();
    io.run();
    return std::to_string(status);
  }
};

}  // namespace

TEST_CASE("a file of fifty small documents gets through, and three hundred in seconds") {
  Desk desk;
  const auto body = sealed_text();
  for (int i = 0; i < 50; ++i) CHECK(desk.post(body) == "200");
  int done = 50;
  int seconds = 0;
  while (done < 300) {
    const auto told = desk.post(body);
    if (told == "200") {
      ++done;
      continue;
    }
    REQUIRE(told == "429, again in 1");
    desk.time += std::chrono::seconds(1);
    ++seconds;
  }
  CHECK(seconds == 4);  // 96 at once, and 64 a second
}

TEST_CASE("what a request costs is counted by operations, whether or not it opens") {
  Desk desk;
  CHECK(desk.post(sealed_text(limits::request_items_max)) == "409");
  // 256 operations, of which 96 may come at once: 161 more than the next request needs, at 64/s.
  CHECK(desk.post(sealed_text()) == "429, again in 3");
  CHECK(desk.post(sealed_text(), "10.0.0.2") == "200");
  CHECK(desk.post(sealed_text(), "10.0.0.1", rotate_path) == "200");
  desk.time += std::chrono::seconds(2);
  CHECK(desk.post(sealed_text()) == "429, again in 1");
  desk.time += std::chrono::seconds(1);
  CHECK(desk.post(sealed_text()) == "200");
}

TEST_CASE("bytes that are only read are counted too") {
  Desk desk;
  const std::string junk(limits::request_body_bytes_max, ' ');
  int taken = 0;
  while (taken < 100 && desk.post(junk) == "400") ++taken;
  CHECK(taken == 3);  // each 33 of 96
}

TEST_CASE("who sends a body slowly makes room for the next, of the same client and of others") {
  struct Held {
    Admission admission;
    bool gave_up = false;
  };
  Desk desk;
  std::deque<Held> held;
  const auto send_slowly = [&](const std::string& client) -> Held& {
    auto& one = held.emplace_back();
    one.admission = desk.requests.admit({"POST", std::string(verify_path), client, [&one] {
                                           return std::exchange(one.gave_up, true) == false;
                                         }});
    return one;
  };

  for (std::size_t i = 0; i < limits::requests_at_once_per_client_max; ++i) send_slowly("10.0.0.1");
  CHECK(desk.post(sealed_text()) == "200");
  CHECK(held.at(0).gave_up);
  CHECK_FALSE(held.at(1).gave_up);

  while (held.size() <= limits::requests_at_once_max) send_slowly("10.0.0.2");
  CHECK(desk.post(sealed_text(), "10.0.0.3") == "200");
  CHECK_FALSE(held.at(1).gave_up);  // its client has fewer
  CHECK(held.at(limits::requests_at_once_per_client_max).gave_up);
}

TEST_CASE("what is worked on makes no room") {
  Desk desk;
  std::vector<Admission> working;
  for (std::size_t i = 0; i < limits::requests_at_once_per_client_max; ++i) {
    working.push_back(
        desk.requests.admit({"POST", std::string(verify_path), "10.0.0.1", [] { return false; }}));
    CHECK_FALSE(working.back().refusal);
  }
  CHECK(desk.post(sealed_text()) == "429, again in 1");
  CHECK(desk.post(sealed_text(), "10.0.0.2") == "200");
  working.clear();
  CHECK(desk.post(sealed_text()) == "200");
}

}  // namespace bulla::test
