// SPDX-License-Identifier: Apache-2.0
// The controller's memory over very many reconciles: objects that change, come and go, do not open,
// and lose their Secrets. It prints the resident memory ten times, and fails when the last one is
// larger than the third by more than a stated bound. usage: soak CONTROLLER [RECONCILES]
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/controller_process.hpp"
#include "tools/sealed_world.hpp"

namespace {

using namespace bulla;
using namespace bulla::test;

constexpr unsigned long reconciles_default = 100'000;
constexpr int checkpoints = 10;
constexpr int settled_at = 3;  ///< by then every buffer and cache has had its use
/// 4,096 Events are remembered, at 650 bytes each, and the allocator's own ups and downs. A leak of
/// 60 bytes a reconcile is more than that over 70,000.
constexpr long growth_kib_max = 4096;

class Soak {
 public:
  explicit Soak(const std::string& program) {
    world_.put_key(key_, "key-0");
    controller_ = std::make_unique<ControllerProcess>(program, world_.server);
  }

  void run(unsigned long reconciles) {
    long settled_kib = 0;
    for (int checkpoint = 1; checkpoint <= checkpoints; ++checkpoint) {
      const auto goal = static_cast<double>(reconciles) * checkpoint / checkpoints;
      double done = 0;
      while ((done = controller_->metric("unseal_requests_total")) < goal) turn();
      const auto usage = controller_->usage();
      std::printf("%7.0f reconciles: resident %ld KiB, at most %ld KiB, CPU time %.1f s\n", done,
                  usage.resident_kib, usage.resident_max_kib, usage.cpu_seconds);
      std::fflush(stdout);
      if (checkpoint == settled_at) settled_kib = usage.resident_kib;
      if (checkpoint == checkpoints) judge(usage.resident_kib - settled_kib);
    }
    controller_->stop();
  }

 private:
  void turn() {
    ++turn_;
    world_.server.forget_requests();
    std::vector<SealedWorld::Object> objects;
    const auto value = "value " + std::to_string(turn_);
    for (int i = 0; i < 80; ++i)
      objects.push_back({"n", "s-" + std::to_string(i), 1, key_.public_key(), value, turn_});
    for (int i = 0; i < 10; ++i) {
      const auto suffix = "-" + std::to_string(i);
      objects.push_back({"n", "bad" + suffix, 1, other_.public_key(), value, turn_});
      objects.push_back(
          {"n", "new-" + std::to_string(turn_) + suffix, 1, key_.public_key(), value});
      world_.server.remove("sealedsecrets", "n", "new-" + std::to_string(turn_ - 1) + suffix);
      world_.server.remove("secrets", "n", "s" + suffix);
    }
    world_.put(objects);
    // Each writes one status at least.
    const bool all = world_.server.wait_for([&] { return world_.reported() >= objects.size(); });
    if (!all) throw std::runtime_error("the controller does not keep up");
  }

  static void judge(long growth_kib) {
    std::printf("grown by %ld KiB since the third line; allowed are %ld\n", growth_kib,
                growth_kib_max);
    if (growth_kib > growth_kib_max) throw std::runtime_error("the controller's memory grows");
  }

  SealedWorld world_;
  PrivateKey key_ = PrivateKey::generate(2048).value();
  PrivateKey other_ = PrivateKey::generate(2048).value();
  std::unique_ptr<ControllerProcess> controller_;
  int turn_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: soak CONTROLLER [RECONCILES]\n");
    return 2;
  }
  try {
    Soak(argv[1]).run(argc == 3 ? std::strtoul(argv[2], nullptr, 10) : reconciles_default);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
