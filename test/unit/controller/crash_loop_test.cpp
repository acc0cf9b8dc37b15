// SPDX-License-Identifier: Apache-2.0
//
// An object that was being worked on when the process ended is not tried again at once.
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "base/secret.hpp"
#include "controller/crash_marks.hpp"
#include "controller/ledger.hpp"
#include "crypto/envelope.hpp"
#include "json_text.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

using std::chrono::seconds;

/// n/s was being worked on when the last process ended; other/s was not. The clock stands still.
struct AfterCrash {
  AfterCrash() {
    std::string pattern = "/tmp/bulla-marks-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    World::Settings settings;
    settings.start = false;
    settings.crash_marks_file = folder + "/marks";
    settings.timing.now = [this] { return start + passed.load(); };
    world = std::make_unique<World>(settings);
    world->apply(good_object("n", "s"));
    {
      auto marks = CrashMarks::open(settings.crash_marks_file, start).value();
      marks.begin({"n", "s"});
      marks.looks_at({"n", "s"}, digest_of_object(*world->server.get("sealedsecrets", "n", "s")));
    }
    world->apply(good_object("other", "s"));
    world->start();
    world->wait_until_it_watches();
  }
  ~AfterCrash() {
    world.reset();
    std::filesystem::remove_all(folder);
  }
  AfterCrash(const AfterCrash&) = delete;
  AfterCrash& operator=(const AfterCrash&) = delete;

  [[nodiscard]] bool shows(std::size_t set_aside) const {
    return world->metrics().find("sealed_secrets_controller_objects_set_aside " +
                                 std::to_string(set_aside) + "\n") != std::string::npos;
  }

  std::string folder;
  const std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now() + std::chrono::hours(1000);
  std::atomic<seconds> passed{seconds(0)};
  std::unique_ptr<World> world;
};

}  // namespace

TEST_CASE("an object that was being worked on when the process ended waits, the others don't") {
  AfterCrash after;
  World& world = *after.world;
  CHECK(world.wait_for_condition("other", "s", "True"));
  CHECK(world.wait_for_event("n",
                             "Warning ErrUnsealFailed x1: The controller ended while it worked on "
                             "this SealedSecret: it is tried again in 10 s, or when it changes"));
  world.let_the_queue_drain();
  CHECK(world.condition("n", "s").empty());
  CHECK_FALSE(world.has_secret("n", "s"));
  CHECK(after.shows(1));

  SUBCASE("until its time has come") {
    after.passed = seconds(9);
    world.let_the_queue_drain();
    CHECK_FALSE(world.has_secret("n", "s"));
    after.passed = seconds(11);
    world.let_the_queue_drain();
    CHECK(world.wait_for_condition("n", "s", "True"));
    world.let_the_queue_drain();
    CHECK(after.shows(0));
  }
  SUBCASE("until it changes") {
    Json changed = good_object("n", "s");
    changed.at("spec").at("template").at("metadata").as_object()["labels"] = {{"l", "v"}};
    world.apply(changed);
    CHECK(world.wait_for_condition("n", "s", "True"));
    world.let_the_queue_drain();
    CHECK(after.shows(0));
  }
  SUBCASE("or is deleted") {
    world.server.remove("sealedsecrets", "n", "s");
    world.let_the_queue_drain();
    CHECK(after.shows(0));
  }
}

}  // namespace bulla::test
