// SPDX-License-Identifier: Apache-2.0
//
// A random schedule of changes and faults, from a seed. BULLA_CHAOS_SEED=N runs that one alone; the
// seed of a failure is in its message. The schedule repeats exactly, the threads' turns do not.
#include <doctest/doctest.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/base64.hpp"
#include "captured_output.hpp"
#include "controller/key_secret.hpp"
#include "json_text.hpp"
#include "kube/object.hpp"
#include "resource/seal.hpp"
#include "world.hpp"

namespace bulla::test {

namespace {

constexpr int steps = 250;
constexpr int renewed_every = 40;  // steps
constexpr int places = 24;         // few enough that each sees many changes
constexpr std::string_view canary = "canary-";
constexpr std::string_view canary_base64 = "Y2FuYXJ5L";  // and whatever follows

bool has_canary(std::string_view text) {
  return text.find(canary) != text.npos || text.find(canary_base64) != text.npos;
}

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
    // Later renewals may come too late to be sealed with: a key takes its time.
    REQUIRE(world_.server.wait_for([&] { return keys() == 1; }));
    renew_key();
    REQUIRE(world_.server.wait_for([&] { return keys() == 2; }));
    // Now and then all must come right, faults or not: only then is each blow felt by itself.
    for (int i = 0; i < steps; ++i) {
      if (i % renewed_every == renewed_every / 2) renew_key();
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
      if (items_of(*secret) != expected->second) return where + " has other items";
      const auto status = world_.condition(ns_of(place), name_of(place));
      if (status != "True: ") return where + " is right, and its status says " + status;
    }
    return "";
  }
  [[nodiscard]] bool settles() const {
    return world_.server.wait_for([this] { return difference().empty(); });
  }
  /// What others may read: Events, SealedSecrets with their status, Leases, metrics.
  [[nodiscard]] bool plaintext_is_told() const {
    for (const auto* resource : {"events", "sealedsecrets", "leases"}) {
      for (const Json& object : world_.server.list(resource)) {
        if (has_canary(boost::json::serialize(object))) return true;
      }
    }
    const auto metrics = world_.metrics();
    CHECK(metrics.find("unseal") != metrics.npos);
    return has_canary(metrics);
  }
  [[nodiscard]] std::size_t faults_met() const { return world_.server.faults_met(); }
  /// How many sealing keys there are, and how many of them objects were sealed for.
  [[nodiscard]] std::size_t keys() const { return active_keys().size(); }
  [[nodiscard]] std::size_t keys_used() const { return keys_used_.size(); }

 private:
  using Items = std::map<std::string, std::string>;  ///< base64, as in a Secret

  static Items items_of(const Json& secret) {
    Items items;
    const auto* data = kube::find_member(secret, {"data"});
    if (data == nullptr) return items;
    for (const auto& item : data->as_object())
      items.emplace(item.key(), std::string_view(item.value().as_string()));
    return items;
  }
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
  /// A new object, or a new version: up to three items, any scope, now and then a template, and any
  /// of the keys, as of people who renewed their certificate long ago or just now.
  void change(int place) {
    const auto keys = active_keys();
    if (keys.empty()) return;  // the controller has not yet made one
    const auto& key = keys.at(static_cast<std::size_t>(below(static_cast<int>(keys.size()))));
    JsonObject values;
    Items items;
    for (int i = below(3); i >= 0; --i) {
      const auto item = "item" + std::to_string(i);
      const auto value = std::string(canary) + std::to_string(random_());
      values[item] = value;
      items[item] = encode_base64(as_bytes(value));
    }
    const bool has_template = below(3) == 0;
    if (has_template) {
      items["file"] = encode_base64(as_bytes("key = " + std::string(values["item0"].as_string())));
    }
    const Json secret = {{"metadata", {{"name", name_of(place)}, {"namespace", ns_of(place)}}},
                         {"stringData", values}};
    constexpr std::array scopes = {Scope::strict, Scope::namespace_wide, Scope::cluster_wide};
    auto sealed =
        seal(Secret::from_json(secret).value(), key, scopes.at(static_cast<std::size_t>(below(3))))
            .value();
    if (has_template) sealed.secret_template.data["file"] = "key = {{ .item0 }}";
    world_.apply(sealed.to_json());
    keys_used_.insert(key.fingerprint());
    expected_[place] = items;
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
  void renew_key() {
    world_.post([&controller = world_.controller()] { controller.renew_key(); });
  }
  [[nodiscard]] std::vector<PublicKey> active_keys() const {
    std::vector<PublicKey> keys;
    for (const Json& secret : world_.server.list("secrets")) {
      if (kube::label_of(secret, key_label) != "active") continue;
      keys.push_back(
          parse_key_secret(secret, KeyOrder::certificate_not_before).value().key.public_key());
    }
    return keys;
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
      case 2: renew_key(); break;
      default: break;
    }
  }

  std::mt19937_64 random_;
  World world_;
  std::map<int, Items> expected_;
  std::set<std::string> keys_used_;
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
      CHECK_FALSE(chaos.plaintext_is_told());
      CHECK(chaos.faults_met() > 0);
      CHECK(chaos.keys() > 1);
      CHECK(chaos.keys_used() > 1);
    }
    const std::string log = output.end();
    CHECK(log.find("msg=\"SealedSecret unsealed successfully\"") != std::string::npos);
    CHECK_FALSE(has_canary(log));
  }
}

}  // namespace bulla::test
