// SPDX-License-Identifier: Apache-2.0
//
// A random schedule of changes and faults, from a seed. BULLA_CHAOS_SEED=N runs that one alone; the
// seed of a failure is in its message. The schedule repeats exactly, the threads' turns do not.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "base/base64.hpp"
#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr int steps = 250;
constexpr int places = 24;  // few enough that each sees many changes
constexpr std::string_view canary = "canary-";
constexpr std::string_view canary_base64 = "Y2FuYXJ5L";  // and whatever follows

bool has_canary(std::string_view text) {
  return text.find(canary) != text.npos || text.find(canary_base64) != text.npos;
}

/// What this process writes to standard output and error while it lives: the controllers' log.
class CapturedOutput {
 public:
  CapturedOutput() {
    std::cout.flush();
    ::dup2(file_, STDOUT_FILENO);
    ::dup2(file_, STDERR_FILENO);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() {
    end();
    for (const int descriptor : {file_, stdout_, stderr_}) ::close(descriptor);
  }

  /// Writes on as before, with what was held back first, and returns that.
  std::string end() {
    std::cout.flush();
    ::dup2(stdout_, STDOUT_FILENO);
    ::dup2(stderr_, STDERR_FILENO);
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    REQUIRE(::pread(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    REQUIRE(::ftruncate(file_, 0) == 0);
    std::cout << text << std::flush;
    return text;
  }

 private:
  int file_ = ::memfd_create("output", MFD_CLOEXEC);
  int stdout_ = ::dup(STDOUT_FILENO);
  int stderr_ = ::dup(STDERR_FILENO);
};

std::vector<std::uint64_t> seeds() {
  const char* given = std::getenv("BULLA_CHAOS_SEED");
  if (given != nullptr) return {std::strtoull(given, nullptr, 10)};
  return {1, 2, 3};
}

/// A world, what is done to it, and what it ought to become.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed) {}

  void run() {
    // Now and then all must come right, faults or not: only then is each blow felt by itself.
    for (int i = 0; i < steps; ++i) {
      step();
      if (below(25) == 0) CHECK(settles());
    }
    world_.server.clear_faults();
    CHECK(settles());
    for (int place = 0; place < places; ++place) below(2) == 0 ? tamper(place) : lose_secret(place);
  }
  /// Every Secret is what its SealedSecret says, none is missing, none is too many.
  [[nodiscard]] std::string difference() const {
    for (int place = 0; place < places; ++place) {
      const auto secret = world_.server.get("secrets", ns_of(place), name_of(place));
      const auto expected = expected_.find(place);
      const auto where = ns_of(place) + "/" + name_of(place);
      if (expected == expected_.end()) {
        if (secret) return where + " is there, but should not be";
        continue;
      }
      if (!secret) return where + " is missing";
      if (text_at(*secret, "data.item") != encode_base64(as_bytes(expected->second)))
        return where + " has another value";
      const auto status = world_.condition(ns_of(place), name_of(place));
      if (status != "True: ") return where + " is right, and its status says " + status;
    }
    return "";
  }
  [[nodiscard]] bool settles() const {
    return world_.server.wait_for([this] { return difference().empty(); });
  }
  [[nodiscard]] bool plaintext_in_events() const {
    for (const Json& event : world_.server.list("events")) {
      if (has_canary(boost::json::serialize(event))) return true;
    }
    return false;
  }

 private:
  static std::string ns_of(int place) { return "n" + std::to_string(place % 4); }
  static std::string name_of(int place) { return "s" + std::to_string(place); }
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3: change(below(places)); break;
      case 4: take_away(below(places)); break;
      case 5: tamper(below(places)); break;
      case 6: lose_secret(below(places)); break;
      case 7:
      case 8: inject(); break;
      case 9: world_.server.close_watches(below(2) == 0); break;
      case 10:
        if (below(4) == 0) world_.server.compact();
        break;
      default: rare(); break;
    }
  }
  void change(int place) {
    const std::string value = std::string(canary) + std::to_string(random_());
    const auto secret =
        kube::parse_json(R"({"metadata":{"name":")" + name_of(place) + R"(","namespace":")" +
                         ns_of(place) + R"("},"stringData":{"item":")" + value + R"("}})");
    world_.apply(seal(Secret::from_json(*secret).value(), key_, Scope::strict).value().to_json());
    expected_[place] = value;
  }
  void take_away(int place) {
    world_.server.remove("sealedsecrets", ns_of(place), name_of(place));
    expected_.erase(place);
  }
  void lose_secret(int place) {
    (void)world_.server.remove("secrets", ns_of(place), name_of(place));
  }
  void tamper(int place) {
    auto secret = world_.server.get("secrets", ns_of(place), name_of(place));
    if (!secret) return;
    secret->as_object()["data"] = {{"item", "eA=="}, {"more", "eA=="}};
    world_.server.put(*secret);
  }
  void inject() {
    constexpr std::array<int, 5> codes = {409, 429, 500, 503, 403};
    constexpr std::array verbs = {"get", "create", "update", "list", "watch"};
    constexpr std::array kinds = {Fault::Kind::error, Fault::Kind::close,
                                  Fault::Kind::commit_then_close, Fault::Kind::delay};
    constexpr std::array of_watches = {
        Fault::Kind::cut,    Fault::Kind::cut_mid_line,     Fault::Kind::malformed_line,
        Fault::Kind::expire, Fault::Kind::duplicate_events, Fault::Kind::split_chunks};
    FaultMatch match;
    match.verb = verbs.at(static_cast<std::size_t>(below(5)));
    const bool of_watch = match.verb == "watch" && below(2) == 0;
    Fault fault = Fault::of(of_watch ? of_watches.at(static_cast<std::size_t>(below(6)))
                                     : kinds.at(static_cast<std::size_t>(below(4))),
                            match);
    fault.delay = std::chrono::milliseconds(20);
    fault.after_events = below(3);
    fault.code = codes.at(static_cast<std::size_t>(below(5)));
    fault.count = 1 + below(4);
    world_.server.inject(fault);
  }
  void rare() {
    switch (below(6)) {
      case 0:
        world_.server.stop();
        change(below(places));
        take_away(below(places));
        world_.server.restart();
        break;
      case 1:
        world_.stop();
        change(below(places));
        tamper(below(places));
        world_.start();
        break;
      case 2: world_.post([&controller = world_.controller()] { controller.renew_key(); }); break;
      default: break;
    }
  }

  std::mt19937_64 random_;
  World world_;
  std::map<int, std::string> expected_;
  PublicKey key_ =
      parse_key_secret(controller_json("key-secret.json"), KeyOrder::certificate_not_before)
          ->key.public_key();
};

}  // namespace

TEST_CASE("whatever happens, every Secret ends as its SealedSecret says") {
  for (const std::uint64_t seed : seeds()) {
    MESSAGE("BULLA_CHAOS_SEED=", seed);
    CAPTURE(seed);
    CapturedOutput output;
    {
      Chaos chaos(seed);
      chaos.run();
      CHECK(chaos.settles());
      CHECK(chaos.difference() == "");
      CHECK_FALSE(chaos.plaintext_in_events());
    }
    const std::string log = output.end();
    CHECK(log.find("msg=\"SealedSecret unsealed successfully\"") != std::string::npos);
    CHECK_FALSE(has_canary(log));
  }
}

}  // namespace bulla::test
