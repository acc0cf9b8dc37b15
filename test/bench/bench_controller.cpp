// SPDX-License-Identifier: Apache-2.0
// The controller as a whole process against the in-memory API server: what a cold start, a warm
// restart and a change cost. Numbers are printed and never judged: machines are shared, and here
// the server works on the same cores. usage: bench_controller CONTROLLER [COUNT ITEMS KEYS]
//
// Without sizes: 1,000 and 10,000 SealedSecrets of one item and one key.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "bench/openssl_speed.hpp"
#include "tools/controller_process.hpp"
#include "tools/sealed_world.hpp"

namespace {

using namespace bulla;
using test::ControllerProcess;
using test::SealedWorld;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t other_secrets_a_sealed_one = 3;
constexpr std::size_t keys_in_use = 3;  ///< the objects are under these, whatever the ring holds
constexpr int changes = 21;

struct Sizes {
  std::size_t objects;
  std::size_t items;
  std::size_t keys;
};

double since(Clock::time_point start) { return Seconds(Clock::now() - start).count(); }

class Bench {
 public:
  Bench(std::string program, const Sizes& sizes) : program_(std::move(program)), sizes_(sizes) {
    std::printf("--- %zu SealedSecrets of %zu items, %zu keys\n", sizes.objects, sizes.items,
                sizes.keys);
    std::fflush(stdout);
    std::vector<PrivateKey> keys;
    const auto pem = read_file(BULLA_TEST_DATA "/keys/rsa4096-d.pkcs1.pem", limits::mib);
    keys.push_back(PrivateKey::from_pem(pem.value().expose_secret_text()).value());
    std::vector<std::optional<PrivateKey>> more(sizes.keys - 1);
    parallel_for(more.size(), [&](std::size_t i) { more[i] = PrivateKey::generate(4096).value(); });
    for (auto& key : more) keys.push_back(std::move(*key));
    for (std::size_t i = 0; i < keys.size(); ++i)
      world_.put_key(keys[i], "key-" + std::to_string(i), std::chrono::hours(720 * i + 1));
    for (std::size_t i = 0; i < std::min(keys_in_use, keys.size()); ++i)
      in_use_.push_back(keys[i].public_key());
    world_.fill(sizes.objects, sizes.items, in_use_);
  }

  void run() {
    cores_ = std::max(1U, std::thread::hardware_concurrency());
    one_core_ = bench::openssl_rate(1);
    all_cores_ = bench::openssl_rate(cores_);
    cold_start();
    world_.put_other_secrets(sizes_.objects * other_secrets_a_sealed_one);
    warm_restart();
  }

 private:
  /// Also how soon what is new is opened meanwhile.
  void cold_start() {
    const auto start = Clock::now();
    ControllerProcess controller(program_, world_.server);
    test::wait_until("first Secrets", [&] { return world_.reported() > sizes_.objects / 10; });
    const double newcomer = time_of({"team-0", "newcomer", 1, in_use_.front(), "new"});
    test::wait_until("Secrets", [&] { return world_.reported() > sizes_.objects; });
    const double took = since(start);
    const auto operations = controller.metric("private_key_operations_total");
    const auto usage = controller.usage();
    std::printf("cold start: %.2f s, %zu requests, %.0f private-key operations (%.3f an item)\n",
                took, world_.server.requests().size(), operations,
                operations / static_cast<double>(sizes_.objects * sizes_.items + 1));
    std::printf("  %.0f operations/s; openssl speed: %.0f/s on %u cores, %.0f/s on one",
                operations / took, all_cores_, cores_, one_core_);
    if (one_core_ > 0)
      std::printf("; ratio %.3f; %.2f ms of other CPU time an object",
                  operations / took / all_cores_,
                  1000 * (usage.cpu_seconds - operations / one_core_) /
                      static_cast<double>(sizes_.objects));
    std::printf("\n  a new SealedSecret meanwhile: %.0f ms\n", 1000 * newcomer);
    report(usage);
    if (world_.without_secret() > 0) throw std::runtime_error("some Secrets are missing");
    controller.stop();
  }

  void warm_restart() {
    world_.server.forget_requests();
    const auto start = Clock::now();
    ControllerProcess controller(program_, world_.server);
    // Labelled keys, retired ones, the legacy key; and once all SealedSecrets are listed and all
    // Secrets after them, the metadata of the latter.
    test::wait_until("watches", [&] { return world_.server.open_watches("secrets") == 5; });
    const double took = since(start);
    const auto requests = world_.server.requests();
    const auto writes = std::count_if(requests.begin(), requests.end(),
                                      [](const auto& request) { return request.is_write(); });
    std::printf(
        "warm restart, %zu other Secrets: %.2f s, %zu requests, %td writes, %.0f operations\n",
        sizes_.objects * other_secrets_a_sealed_one, took, requests.size(), writes,
        controller.metric("private_key_operations_total"));
    report(controller.usage());
    change_latency();
    controller.stop();
  }

  void change_latency() {
    std::array<double, changes> times{};
    for (std::size_t i = 0; i < times.size(); ++i)
      times.at(i) = time_of(
          {"team-0", "sealed-0", 1, in_use_.front(), std::to_string(i), static_cast<int>(i) + 2});
    std::ranges::sort(times);
    std::printf("one change, idle: %.1f ms at the median, %.1f at most; one operation: %.1f ms\n",
                1000 * times.at(changes / 2), 1000 * times.back(), 1000 / one_core_);
  }

  /// From the moment that the SealedSecret is in the server to that of its Secret.
  double time_of(const SealedWorld::Object& object) {
    const auto old = world_.server.get("secrets", object.namespace_, object.name);
    const auto before = old ? test::text_at(*old, "metadata.resourceVersion") : std::string();
    world_.put({object});
    const auto start = Clock::now();
    const bool came = world_.server.wait_for([&] {
      const auto now = world_.server.get("secrets", object.namespace_, object.name);
      return now && test::text_at(*now, "metadata.resourceVersion") != before;
    });
    if (!came) throw std::runtime_error("a changed SealedSecret is not opened");
    return since(start);
  }

  static void report(const ControllerProcess::Usage& usage) {
    std::printf("  resident: %.1f MiB, at most %.1f MiB; CPU time: %.2f s\n",
                static_cast<double>(usage.resident_kib) / 1024,
                static_cast<double>(usage.resident_max_kib) / 1024, usage.cpu_seconds);
    std::fflush(stdout);
  }

  std::string program_;
  Sizes sizes_;
  SealedWorld world_;
  std::vector<PublicKey> in_use_;
  unsigned cores_ = 1;
  double one_core_ = 0;
  double all_cores_ = 0;
};

std::vector<Sizes> sizes_of(int argc, char** argv) {
  if (argc == 2) return {{1'000, 1, 1}, {10'000, 1, 1}};
  const auto number = [&](int index) { return std::strtoul(argv[index], nullptr, 10); };
  return {{number(2), number(3), std::max(number(4), 1UL)}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: bench_controller CONTROLLER [COUNT ITEMS KEYS]\n");
    return 2;
  }
  try {
    for (const auto& sizes : sizes_of(argc, argv)) Bench(argv[1], sizes).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
