// SPDX-License-Identifier: Apache-2.0
//
// The controller program, killed in the middle of a pass.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "tools/controller_process.hpp"
#include "tools/sealed_world.hpp"

namespace bulla::test {

namespace {

struct MarksFolder {
  MarksFolder() {
    path = "/tmp/bulla-marks-XXXXXX";
    path = ::mkdtemp(path.data());
  }
  ~MarksFolder() { std::filesystem::remove_all(path); }
  MarksFolder(const MarksFolder&) = delete;
  MarksFolder& operator=(const MarksFolder&) = delete;
  std::string path;
};

}  // namespace

TEST_CASE("a controller that is killed in the middle of a pass sets that object aside") {
  const MarksFolder folder;
  const std::vector<std::string> flags{"--crash-marks-file=" + folder.path + "/marks"};
  SealedWorld world;
  const auto key = PrivateKey::generate(2048).value();
  world.put_key(key, "key-");
  world.put({{"n", "s", 1, key.public_key()}});
  world.server.inject(
      Fault::of(Fault::Kind::hold, {.verb = "get", .resource = "secrets", .ns = "n", .name = "s"}));
  auto controller = std::make_unique<ControllerProcess>(BULLA_CONTROLLER, world.server, flags);
  REQUIRE(world.server.wait_for([&] {
    return world.server.count_requests(
               {.verb = "get", .resource = "secrets", .ns = "n", .name = "s"}) > 0;
  }));
  controller.reset();  // SIGKILL
  world.server.clear_faults();

  world.put({{"other", "s", 1, key.public_key()}});
  controller = std::make_unique<ControllerProcess>(BULLA_CONTROLLER, world.server, flags);
  const auto is_open = [&](const char* ns) {
    return world.server.get("secrets", ns, "s").has_value();
  };
  CHECK(world.server.wait_for([&] { return is_open("other"); }));
  CHECK(world.server.wait_for([&] { return is_open("n"); }));
  controller->stop();
  // How long it waits is counted from the start: the Lease of the killed one takes some of it.
  const auto log = controller->log();
  const auto told = log.find("it is set aside\" key=n/s times=1 ");
  CHECK(told != std::string::npos);
  CHECK(told < log.find("msg=Updating key=n/s"));
}

}  // namespace bulla::test
