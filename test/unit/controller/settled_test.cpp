// SPDX-License-Identifier: Apache-2.0
#include "controller/settled.hpp"

#include <doctest/doctest.h>

#include "base/limits.hpp"

namespace bulla::test {

namespace {

const kube::ObjectKey key{"n", "s"};
const Settled::Time start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("a pass that ended badly ends so again while what it looked at is the same") {
  const auto ring = std::make_shared<const Keyring>();
  struct Case {
    const char* name;
    State state;
    Settled::From now;
    bool known;
  };
  const Case cases[] = {
      {"the same", State::no_key, {1, 2, ring}, true},
      {"the object changed", State::no_key, {9, 2, ring}, false},
      {"the keys changed", State::no_key, {1, 2, std::make_shared<const Keyring>()}, false},
      {"the Secret changed, and it does not open anyway", State::no_key, {1, 9, ring}, true},
      {"the Secret changed", State::rejected, {1, 9, ring}, false},
      {"the Secret that is not ours changed", State::synced, {1, 9, ring}, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    Settled settled;
    settled.ended(key, {1, 2, ring}, {.state = c.state, .message = "why"});
    const auto end = settled.end_for(key, c.now, start);
    CHECK(end.has_value() == c.known);
    if (end) CHECK(end->message == "why");
  }
}

TEST_CASE("what is tried again at some time is known until then") {
  Settled settled;
  settled.ended(key, {1, 2, nullptr},
                {.state = State::rejected, .until = start + std::chrono::seconds(5)});
  CHECK(settled.end_for(key, {1, 2, nullptr}, start + std::chrono::seconds(4)));
  CHECK_FALSE(settled.end_for(key, {1, 2, nullptr}, start + std::chrono::seconds(5)));
}

TEST_CASE("a keyring that is gone is no longer the same, and is not kept") {
  auto ring = std::make_shared<const Keyring>();
  Settled settled;
  settled.ended(key, {1, 2, ring}, {.state = State::no_key});
  const std::weak_ptr<const Keyring> watched = ring;
  ring.reset();
  CHECK(watched.expired());
  CHECK_FALSE(settled.end_for(key, {1, 2, std::make_shared<const Keyring>()}, start));
}

TEST_CASE("messages take a bounded number of bytes, and the forgotten make room") {
  Settled settled;
  const Settled::End end{.state = State::broken,
                         .message = std::string(limits::remembered_messages_bytes_max / 2, 'x')};
  const auto known = [&](const char* name) {
    return settled.end_for({"n", name}, {}, start).has_value();
  };
  for (const auto* name : {"1", "2", "3"}) settled.ended({"n", name}, {}, end);
  CHECK(known("1"));
  CHECK(known("2"));
  CHECK_FALSE(known("3"));
  settled.forget({"n", "1"});
  settled.ended({"n", "3"}, {}, end);
  CHECK(known("3"));
}

}  // namespace bulla::test
