// SPDX-License-Identifier: Apache-2.0
#include "kube/election.hpp"

#include <doctest/doctest.h>

#include "kube/object.hpp"

namespace bulla::kube {
namespace {

using namespace std::chrono_literals;

const SteadyTime start = SteadyTime() + 1000s;

LeaseRecord held_by(const std::string& holder, const std::string& renewed = "r1") {
  return {.holder = holder,
          .duration_s = 15,
          .acquire_time = "a",
          .renew_time = renewed,
          .transitions = 3};
}

Election elector() { return {"me", {}}; }

}  // namespace

TEST_CASE("a Lease may be taken when it is nobody's, ours, or not renewed for its duration") {
  struct Case {
    const char* name;
    LeaseRecord record;
    SteadyTime now;
    bool may;
  };
  const Case cases[] = {
      {"released", held_by(""), start, true},
      {"ours", held_by("me"), start, true},
      {"theirs", held_by("you"), start, false},
      {"theirs, nearly over", held_by("you"), start + 14999ms, false},
      {"theirs, over", held_by("you"), start + 15s, true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto election = elector();
    election.observe(c.record, start);
    CHECK(election.may_take(c.now) == c.may);
  }
  CHECK(elector().may_take(start));  // there is none yet
}

TEST_CASE("only a change of the Lease starts its duration anew") {
  auto election = elector();
  election.observe(held_by("you"), start);
  election.observe(held_by("you"), start + 10s);  // the same again
  CHECK(election.may_take(start + 15s));
  election.observe(held_by("you", "r2"), start + 10s);
  CHECK_FALSE(election.may_take(start + 24s));
  CHECK(election.free_at() == start + 25s);
}

TEST_CASE("the times in a Lease are not compared with ours") {
  auto election = elector();
  auto record = held_by("you", "1970-01-01T00:00:00.000000Z");
  election.observe(record, start);
  CHECK_FALSE(election.may_take(start + 14s));
  record.renew_time = "2999-01-01T00:00:00.000000Z";
  election.observe(record, start + 14s);
  CHECK(election.may_take(start + 29s));
}

TEST_CASE("a duration that would block everybody is cut") {
  auto election = elector();
  auto record = held_by("you");
  record.duration_s = 1'000'000'000;
  election.observe(record, start);
  CHECK(election.may_take(start + 10min));
  record.duration_s = -5;
  election.observe(record, start);
  CHECK(election.may_take(start));
}

TEST_CASE("what is written is what client-go writes") {
  const auto wall = *parse_rfc3339("2026-01-02T15:04:05.000042Z");
  const std::string now = "2026-01-02T15:04:05.000042Z";
  SUBCASE("the first of all") { CHECK(elector().claim(wall) == LeaseRecord{"me", 4, now, now, 0}); }
  SUBCASE("taking over") {
    auto election = elector();
    election.observe(held_by("you"), start);
    CHECK(election.claim(wall) == LeaseRecord{"me", 4, now, now, 4});
  }
  SUBCASE("taking what was released") {
    auto election = elector();
    election.observe(held_by(""), start);
    CHECK(election.claim(wall) == LeaseRecord{"me", 4, now, now, 4});
  }
  SUBCASE("renewing") {
    auto election = elector();
    election.observe(held_by("me"), start);
    CHECK(election.claim(wall) == LeaseRecord{"me", 4, "a", now, 3});
  }
  SUBCASE("letting go") {
    auto election = elector();
    election.observe(held_by("me"), start);
    CHECK(election.release(wall) == LeaseRecord{"", 1, now, now, 3});
  }
}

TEST_CASE("leadership ends before anybody else may take over") {
  auto election = elector();
  auto other = Election("you", {});
  CHECK_FALSE(election.leads(start));
  const auto claim = election.claim(WallTime());
  election.claimed(claim, start);
  other.observe(claim, start + 1ms);  // at the earliest
  CHECK(election.leads(start + 2499ms));
  CHECK_FALSE(election.leads(start + 2500ms));
  CHECK_FALSE(other.may_take(start + 4s));
  CHECK(other.may_take(start + 4001ms));
  election.give_up();
  CHECK_FALSE(election.leads(start));
}

TEST_CASE("timings that cannot work are refused") {
  CHECK(ElectionTimings().check().has_value());
  CHECK_FALSE(ElectionTimings{.lease = 4s, .renew_deadline = 4s}.check().has_value());
  CHECK_FALSE(ElectionTimings{.renew_deadline = 1200ms, .retry = 1s}.check().has_value());
  CHECK_FALSE(ElectionTimings{.retry = 0s}.check().has_value());
  CHECK_FALSE(ElectionTimings{.lease = 4500ms}.check().has_value());
  CHECK(ElectionTimings{15s, 10s, 2s}.check().has_value());  // client-go's own
}

TEST_CASE("a Lease keeps what electors know nothing of") {
  auto lease = *parse_json(R"({"metadata":{"name":"l","annotations":{"a":"b"}},
      "spec":{"holderIdentity":"you","strategy":"OldestEmulationVersion","leaseTransitions":"x"}})");
  CHECK(lease_record_of(lease) == LeaseRecord{.holder = "you"});
  const LeaseRecord record = {"me", 4, "a", "r", 1};
  set_lease_record(lease, record);
  CHECK(lease_record_of(lease) == record);
  CHECK(text_at(lease, {"spec", "strategy"}) == "OldestEmulationVersion");
  CHECK(text_at(lease, {"metadata", "annotations", "a"}) == "b");
}

TEST_CASE("a MicroTime has six digits") {
  CHECK(format_micro_time(WallTime()) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_micro_time(WallTime() + 1234567us) == "1970-01-01T00:00:01.234567Z");
  CHECK(format_micro_time(WallTime() - 1us) == "1969-12-31T23:59:59.999999Z");
}

}  // namespace bulla::kube
