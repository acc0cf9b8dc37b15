// SPDX-License-Identifier: Apache-2.0
// Electors against the in-memory API server. Its Lease lasts a second here, the least that the
// format can say.
#include "kube/leader_election.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <thread>

#include "api_server.hpp"
#include "json.hpp"

namespace bulla::kube {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::ApiServer;
using test::Fault;
using test::Json;

class FixedClock final : public Clock {
 public:
  explicit FixedClock(const char* time) : time_(*parse_rfc3339(time)) {}
  [[nodiscard]] WallTime now() const override { return time_; }

 private:
  WallTime time_;
};

/// A process that competes: a thread with an elector, which can be stopped or killed.
class Replica {
 public:
  Replica(const ApiServer& server, const std::string& identity,
          const Clock& clock = system_clock()) {
    ClientConfig config;
    config.server = server.url();
    config.ca_pem = server.ca_certificate_pem();
    config.token = SecretBuffer::copy_of(server.token());
    auto client = Client::create(context_.get_executor(), std::move(config));
    BULLA_ASSERT(client.has_value());
    client_.emplace(std::move(*client));
    LeaderElectionOptions options;
    options.namespace_ = "default";
    options.name = "lease";
    options.identity = identity;
    options.timings = {.lease = 1s, .renew_deadline = 600ms, .retry = 100ms};
    options.clock = &clock;
    elector_.emplace(*client_, options, system_random());
    leadership_ = elector_->leadership();
    boost::asio::co_spawn(
        context_,
        elector_->run({[this] { led_ = true; },
                       [this] {
                         interrupted_ = true;
                         // At that moment, and so before another one can take over.
                         CHECK_FALSE(leadership_.holds());
                       },
                       [this] { ++older_leases_; }}),
        [this](std::exception_ptr, LeaderElector::Outcome outcome) { outcome_ = outcome; });
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Replica() { kill(); }
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  void stop() {
    boost::asio::post(context_, [this] { elector_->stop(); });
  }
  /// Without a word to anybody.
  void kill() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    client_->close();
  }
  /// Waits for run() to return.
  LeaderElector::Outcome outcome() {
    thread_.join();
    BULLA_ASSERT(outcome_.has_value());
    return *outcome_;
  }
  [[nodiscard]] bool led() const noexcept { return led_; }
  [[nodiscard]] int older_leases() const noexcept { return older_leases_; }
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
  [[nodiscard]] bool is_healthy(SteadyTime now) const { return elector_->is_healthy(now); }
  [[nodiscard]] bool holds() const noexcept { return leadership_.holds(); }

 private:
  boost::asio::io_context context_{1};
  std::optional<Client> client_ = {};
  std::optional<LeaderElector> elector_ = {};
  Leadership leadership_ = {};
  std::atomic<bool> led_ = false;
  std::atomic<bool> interrupted_ = false;
  std::atomic<int> older_leases_ = 0;
  std::optional<LeaderElector::Outcome> outcome_ = {};
  std::thread thread_;
};

std::string holder_in(const ApiServer& server) {
  const auto lease = server.get("leases", "default", "lease");
  return lease ? test::text_at(*lease, "spec.holderIdentity") : "";
}

bool wait_for_holder(const ApiServer& server, const std::string& identity) {
  return server.wait_for([&] { return holder_in(server) == identity; });
}

}  // namespace

TEST_CASE("the first leads, the second stands by and writes nothing") {
  ApiServer server;
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  Replica second(server, "second");
  REQUIRE(server.wait_for([&] { return server.open_watches("leases") == 1; }));
  CHECK(server.wait_for([&] { return first.holds(); }));
  CHECK_FALSE(second.led());
  CHECK(server.count_requests({.verb = "create", .resource = "leases"}) == 1);
}

TEST_CASE("a killed leader is replaced") {
  ApiServer server;
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  Replica second(server, "second");
  REQUIRE(server.wait_for([&] { return server.open_watches("leases") == 1; }));
  first.kill();
  REQUIRE(wait_for_holder(server, "second"));
  CHECK_FALSE(first.holds());  // whatever it still believes, its time is over
  const auto lease = *server.get("leases", "default", "lease");
  CHECK(test::find(lease, "spec.leaseTransitions")->as_int64() == 1);
}

TEST_CASE("a leader that stops hands over at once") {
  ApiServer server;
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  Replica second(server, "second");
  REQUIRE(server.wait_for([&] { return server.open_watches("leases") == 1; }));
  first.stop();
  CHECK(first.outcome() == LeaderElector::Outcome::stopped);
  CHECK_FALSE(first.holds());
  CHECK(wait_for_holder(server, "second"));
}

TEST_CASE("a leader that stops tries more than once to let go") {
  ApiServer server;
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  auto stumble = Fault::error(500, {.verb = "update", .resource = "leases"});
  SUBCASE("refused") {}
  SUBCASE("no answer") { stumble.kind = Fault::Kind::close; }
  stumble.count = 2;
  server.inject(stumble);
  first.stop();
  CHECK(first.outcome() == LeaderElector::Outcome::stopped);
  CHECK(holder_in(server).empty());
}

TEST_CASE("without permission to watch, a stand-by looks now and then") {
  ApiServer server;
  server.inject(Fault::forbid({.verb = "watch", .resource = "leases"}));
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  Replica second(server, "second");
  REQUIRE(server.wait_for(
      [&] { return server.count_requests({.verb = "watch", .resource = "leases"}) >= 1; }));
  first.stop();
  CHECK(wait_for_holder(server, "second"));
}

TEST_CASE("without permission to use Leases a replica is the only one") {
  ApiServer server;
  const char* verb = "";
  SUBCASE("get") { verb = "get"; }
  SUBCASE("create") { verb = "create"; }
  server.inject(Fault::forbid({.verb = verb, .resource = "leases"}));
  Replica replica(server, "only");
  CHECK(replica.outcome() == LeaderElector::Outcome::not_permitted);
  CHECK(replica.holds());
}

TEST_CASE("a leader that can't renew leads no more, and again when it can and nobody else did") {
  ApiServer server;
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  SUBCASE("the server is gone") { server.stop(); }
  SUBCASE("it is silent") { server.inject(Fault::of(Fault::Kind::hold, {.resource = "leases"})); }
  SUBCASE("permission is withdrawn: that is not being the only one") {
    server.inject(Fault::forbid({.resource = "leases"}));
  }
  const auto patience = std::chrono::steady_clock::now() + 30s;
  while (!replica.interrupted() && std::chrono::steady_clock::now() < patience)
    std::this_thread::yield();
  REQUIRE(replica.interrupted());
  CHECK_FALSE(replica.holds());

  server.clear_faults();
  server.stop();
  server.restart();
  REQUIRE(server.wait_for([&] { return replica.holds(); }));
  const auto lease = *server.get("leases", "default", "lease");
  CHECK(test::find(lease, "spec.leaseTransitions")->as_int64() == 0);
}

TEST_CASE("a leader that can't renew is lost once another one has led") {
  ApiServer server;
  Replica first(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  auto cut = Fault::of(Fault::Kind::close, {.user = "test-admin"});
  cut.count = Fault::forever;
  const auto fault = server.inject(cut);
  auto lease = [&] { return *server.get("leases", "default", "lease"); };
  SUBCASE("and still does") {
    Json taken = lease();
    test::object_in(taken.as_object(), "spec")["holderIdentity"] = "second";
    server.put(taken);
  }
  SUBCASE("and has let go") {
    Json released = lease();
    test::object_in(released.as_object(), "spec")["holderIdentity"] = "";
    server.put(released);
  }
  SUBCASE("and its Lease was deleted") { server.remove("leases", "default", "lease"); }
  const auto patience = std::chrono::steady_clock::now() + 30s;
  while (!first.interrupted() && std::chrono::steady_clock::now() < patience)
    std::this_thread::yield();
  REQUIRE(first.interrupted());
  server.clear_fault(fault);
  CHECK(first.outcome() == LeaderElector::Outcome::lost);
  CHECK_FALSE(first.holds());
}

TEST_CASE("a conflict that somebody else's change caused does not cost the Lease") {
  ApiServer server;
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  auto lease = *server.get("leases", "default", "lease");
  test::object_in(test::object_in(lease.as_object(), "metadata"), "annotations")["a"] = "b";
  const auto before = test::text_at(server.put(lease), "metadata.resourceVersion");
  REQUIRE(server.wait_for([&] {
    return test::text_at(*server.get("leases", "default", "lease"), "metadata.resourceVersion") !=
           before;
  }));
  lease = *server.get("leases", "default", "lease");
  CHECK(test::text_at(lease, "spec.holderIdentity") == "first");
  CHECK(test::text_at(lease, "metadata.annotations.a") == "b");
  replica.stop();
  CHECK(replica.outcome() == LeaderElector::Outcome::stopped);
}

TEST_CASE("a leader whose Lease another one took stops at once") {
  ApiServer server;
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  auto lease = *server.get("leases", "default", "lease");
  test::object_in(lease.as_object(), "spec")["holderIdentity"] = "thief";
  server.put(lease);
  CHECK(replica.outcome() == LeaderElector::Outcome::lost);
  CHECK(holder_in(server) == "thief");
}

TEST_CASE("of several that start together one leads, whatever the time of day they believe in") {
  ApiServer server;
  const FixedClock past("1999-01-01T00:00:00Z");
  const FixedClock future("2199-01-01T00:00:00Z");
  auto conflict = Fault::error(409, {.verb = "create", .resource = "leases"});
  server.inject(conflict);
  Replica a(server, "a", past);
  Replica b(server, "b", future);
  Replica c(server, "c", past);
  REQUIRE(server.wait_for([&] { return a.led() || b.led() || c.led(); }));
  CHECK(a.holds() + b.holds() + c.holds() <= 1);
  Replica& leader = a.led() ? a : b.led() ? b : c;
  const auto before = holder_in(server);
  leader.kill();
  REQUIRE(server.wait_for([&] { return holder_in(server) != before; }));
  CHECK(server.wait_for([&] { return a.led() + b.led() + c.led() == 2; }));
}

TEST_CASE("who does not lead sends no write, and reads all the same") {
  ApiServer server;
  boost::asio::io_context context;
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.token = SecretBuffer::copy_of(server.token());
  const Client client = Client::create(context.get_executor(), std::move(config)).value();
  const LeaderElector elector(client, {.namespace_ = "default", .name = "lease", .identity = "me"},
                              system_random());  // it never runs: nobody leads
  const json::value secret = {
      {"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "s"}}}};
  const auto path = resource_path({"", "v1", "secrets"}, {.namespace_ = "default"});
  const auto write = [&](Client by) -> Awaitable<void> {
    const auto created = co_await by.create_object(path, secret);
    REQUIRE_FALSE(created.has_value());
    CHECK(created.error().code == Errc::unavailable);
    CHECK_FALSE((co_await by.update(path + "/s", secret)).has_value());
    CHECK_FALSE((co_await by.merge_patch(path + "/s", secret)).has_value());
    CHECK_FALSE((co_await by.remove(path + "/s")).has_value());
    CHECK((co_await by.get(path)).has_value());
  };
  const auto fenced_client = fenced(client, elector.leadership());
  boost::asio::co_spawn(context, write(fenced_client), boost::asio::detached);
  boost::asio::co_spawn(context, write(fenced_client.with_own_connections()),
                        boost::asio::detached);
  context.run();
  for (const auto& request : server.requests()) CHECK_FALSE(request.is_write());
  CHECK(server.count_requests({.verb = "list", .resource = "secrets"}) == 2);
}

TEST_CASE("an elector that still runs long after its leadership ended is not healthy") {
  ApiServer server;
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  REQUIRE(server.wait_for([&] { return replica.holds(); }));
  replica.kill();  // it hangs: run() does not return
  const auto now = std::chrono::steady_clock::now();
  CHECK(replica.is_healthy(now));
  CHECK(replica.is_healthy(now + 20s));
  CHECK_FALSE(replica.is_healthy(now + 22s));  // deadline, lease and 20 s
}

TEST_CASE("a Lease that somebody deletes is made again") {
  ApiServer server;
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  REQUIRE(server.remove("leases", "default", "lease"));
  CHECK(wait_for_holder(server, "first"));
  CHECK(replica.holds());
}

TEST_CASE("a store that goes back in time is noticed by the Lease, leader or not") {
  ApiServer server;
  Replica leader(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  const auto then = server.take_snapshot();
  Replica stands_by(server, "second");
  REQUIRE(server.wait_for([&] { return server.open_watches("leases") == 1; }));
  const auto renewals = [&] {
    return server.count_requests({.verb = "update", .resource = "leases"});
  };
  const auto before = renewals();
  REQUIRE(server.wait_for([&] { return renewals() >= before + 3; }));
  CHECK(leader.older_leases() == 0);
  for (int i = 0; i < 1000; ++i)  // renewals alone would soon get there again
    server.put({{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", {{"namespace", "default"}, {"name", "s"}}}});

  server.restore(*then);
  CHECK(server.wait_for([&] { return leader.older_leases() == 1; }));
  CHECK(server.wait_for([&] { return stands_by.older_leases() == 1; }));
  // Once only, and the same one leads.
  const auto after = renewals();
  REQUIRE(server.wait_for([&] { return renewals() >= after + 3; }));
  CHECK(leader.older_leases() == 1);
  CHECK(stands_by.older_leases() == 1);
  CHECK(holder_in(server) == "first");
}

TEST_CASE("a Lease that is gone may be one of a store that went back in time") {
  ApiServer server;
  const auto then = server.take_snapshot();
  Replica replica(server, "first");
  REQUIRE(wait_for_holder(server, "first"));
  server.restore(*then);
  CHECK(server.wait_for([&] { return replica.older_leases() == 1; }));
  REQUIRE(wait_for_holder(server, "first"));
  const auto renewals = [&] {
    return server.count_requests({.verb = "update", .resource = "leases"});
  };
  const auto before = renewals();
  REQUIRE(server.wait_for([&] { return renewals() >= before + 3; }));
  CHECK(replica.older_leases() == 1);
}

}  // namespace bulla::kube
