// SPDX-License-Identifier: Apache-2.0
// Electors on clocks that have nothing in common, a slow and forgetful network between them and the
// Lease, and processes that die: never do two lead at once, and somebody leads again soon.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "kube/election.hpp"

namespace bulla::kube {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds step = 10ms;
constexpr milliseconds answer_max = 1250ms;  // then a request counts as failed
constexpr ElectionTimings timings = {};

/// The API server's side.
struct Store {
  std::optional<LeaseRecord> record = {};
  std::uint64_t version = 0;
};

/// A write on its way there and back.
struct Write {
  LeaseRecord claim;
  std::uint64_t version;
  milliseconds sent_at, arrives_at, answered_at;
  bool arrived = false;
  bool accepted = false;
  bool answer_lost = false;
};

struct Elector {
  std::string identity;
  milliseconds offset;  ///< of its steady clock
  WallTime wall;        ///< the time of day that it believes in
  Election election{identity, timings};
  milliseconds next_try = 0ms;
  std::optional<Write> write = {};
  bool alive = true;

  [[nodiscard]] SteadyTime clock(milliseconds now) const { return SteadyTime() + offset + now; }
  [[nodiscard]] bool leads(milliseconds now) const { return alive && election.leads(clock(now)); }
};

class World {
 public:
  explicit World(unsigned seed) : chance_(seed) {
    for (const char* name : {"a", "b", "c"}) electors_.push_back(make(name));
  }

  void run(milliseconds time) {
    for (const auto end = now_ + time; now_ < end; now_ += step) {
      for (auto& elector : electors_) turn(elector);
      leaders_max_ = std::max(leaders_max_, leaders());
    }
  }
  /// The leader dies without a word; another process starts in its place.
  void kill_leader() {
    for (auto& elector : electors_) {
      if (elector.leads(now_)) elector = make("after-" + elector.identity);
    }
  }
  [[nodiscard]] long leaders() const {
    return std::ranges::count_if(electors_, [&](const Elector& e) { return e.leads(now_); });
  }
  [[nodiscard]] long leaders_max() const { return leaders_max_; }
  void heal() { trouble_percent_ = 0; }

 private:
  Elector make(const std::string& identity) {
    return {.identity = identity,
            .offset = milliseconds(below(1'000'000'000)),
            .wall = WallTime(std::chrono::hours(below(500'000)))};
  }
  unsigned below(unsigned bound) {
    return static_cast<unsigned>(std::uniform_int_distribution<unsigned>(0, bound - 1)(chance_));
  }
  bool trouble() { return below(100) < trouble_percent_; }

  void turn(Elector& elector) {
    if (elector.write) return proceed(elector);
    if (now_ < elector.next_try) return;
    elector.next_try = now_ + timings.retry + milliseconds(below(1200));
    if (elector.leads(now_)) elector.next_try = now_ + timings.retry;
    if (trouble()) return;  // the server could not be read
    if (store_.record) elector.election.observe(*store_.record, elector.clock(now_));
    if (!elector.election.may_take(elector.clock(now_))) return;
    const milliseconds there(below(trouble() ? 3000 : 50));
    const milliseconds back(below(trouble() ? 3000 : 50));
    elector.write = Write{.claim = elector.election.claim(elector.wall + now_),
                          .version = store_.version,
                          .sent_at = now_,
                          .arrives_at = now_ + there,
                          .answered_at = now_ + there + back,
                          .answer_lost = trouble()};
  }

  void proceed(Elector& elector) {
    auto& write = *elector.write;
    if (!write.arrived && now_ >= write.arrives_at) {
      write.arrived = true;
      write.accepted = write.version == store_.version;
      if (write.accepted) store_ = {write.claim, store_.version + 1};
    }
    const bool late = now_ - write.sent_at >= answer_max;
    if (!late && now_ >= write.answered_at && !write.answer_lost) {
      const auto& clock = elector.clock(write.sent_at);
      if (write.accepted) elector.election.claimed(write.claim, clock);
      elector.write.reset();
    } else if (late && write.arrived) {
      elector.write.reset();  // it may have been accepted: we do not know
    }
  }

  std::mt19937 chance_;
  Store store_ = {};
  std::vector<Elector> electors_ = {};
  milliseconds now_ = 0ms;
  unsigned trouble_percent_ = 20;
  long leaders_max_ = 0;
};

}  // namespace

TEST_CASE("never two leaders, and always one again") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    World world(seed);
    for (int i = 0; i < 5; ++i) {
      world.run(60s);
      world.kill_leader();
    }
    CHECK(world.leaders_max() == 1);
    world.heal();
    world.run(10s);  // what is on its way arrives
    REQUIRE(world.leaders() == 1);
    world.kill_leader();
    // A lease that was just renewed, and the longest wait between two looks without a watch.
    world.run(timings.lease + timings.retry + 1200ms + 200ms);
    CHECK(world.leaders() == 1);
    CHECK(world.leaders_max() == 1);
  }
}

}  // namespace bulla::kube
