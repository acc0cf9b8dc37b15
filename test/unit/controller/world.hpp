// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api_server.hpp"
#include "base/clock.hpp"
#include "controller/controller.hpp"
#include "controller/options.hpp"

namespace bulla::test {

/// A clock that a test sets. Threads: any.
class SetClock final : public Clock {
 public:
  explicit SetClock(std::string_view rfc3339) { set(rfc3339); }
  void set(std::string_view rfc3339) { set(parse_rfc3339(rfc3339).value()); }
  void set(WallTime time) { now_ = time; }
  [[nodiscard]] WallTime now() const override { return now_; }

 private:
  std::atomic<WallTime> now_;
};

struct Reply {
  unsigned status = 0;
  std::string head;
  std::string body;
};
/// One request to 127.0.0.1, sent as it is; reads until the other side closes.
[[nodiscard]] Reply http_exchange(std::uint16_t port, const std::string& text);
[[nodiscard]] Reply http_get(std::uint16_t port, std::string_view path);
[[nodiscard]] Reply http_post(std::uint16_t port, std::string_view path, std::string_view body);

/// Short back-offs.
[[nodiscard]] ControllerTiming quick_timing();

/// A controller on a thread of its own.
class Replica {
 public:
  /// `token`: whom the API server takes it for.
  Replica(const ApiServer& server, const bulla::Options& options, const Clock& clock,
          const std::string& token, const ControllerTiming& timing = quick_timing());
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  /// Runs `work` on the controller's thread.
  void post(std::function<void()> work);
  /// Hangs its thread, so that it neither renews nor writes, as a process that is paused or killed;
  /// and wakes it up again.
  void freeze();
  void thaw();
  /// run() has ended, because leadership was lost.
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] bool leads() const;
  [[nodiscard]] Controller& controller() { return *controller_; }
  [[nodiscard]] Reply get(std::string_view path) const { return http_get(http_port, path); }
  [[nodiscard]] std::string metrics() const { return http_get(metrics_port, "/metrics").body; }

 private:
  boost::asio::io_context io_{1};
  std::unique_ptr<Controller> controller_;
  std::atomic<bool> lost_ = false;
  std::promise<void> thawed_;
  bool frozen_ = false;
  std::thread thread_;

 public:
  const std::uint16_t http_port;
  const std::uint16_t metrics_port;
};

/// An in-memory API server with the CRD of manifests/, and a controller that works in it on a
/// thread of its own, with short back-offs.
class World {
 public:
  struct Settings {
    bool recorded_key = true;  ///< the key that opens the recorded objects is there from the start
    bool start = true;
    bulla::Options options = {};
    ApiServer::Options server = {};
    const Clock* clock = nullptr;  ///< null: the machine's
    /// Of keys; 0: none, so that a recorded key is never too old.
    std::chrono::nanoseconds key_renew_period = {};
    std::string crd_text = {};  ///< empty: that of manifests/
    /// Leader election with the shortest times; else with such that no slow machine loses a Lease.
    bool quick_election = false;
    ControllerTiming timing = quick_timing();
    std::string crash_marks_file = {};  ///< empty: none
  };
  World() : World(Settings{}) {}
  explicit World(Settings settings);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  ApiServer server;

  void start();
  /// For controllers that start from now on.
  void change_options(const std::function<void(bulla::Options&)>& change) { change(options_); }
  /// Waits until the controller has listed the Secrets: until then, one that is missing may make
  /// it look twice at an object.
  void wait_until_it_watches();
  /// Asks the controller to stop and waits until it has. True if it ended within the patience of
  /// wait_for().
  void stop();
  [[nodiscard]] Controller& controller() { return replica_->controller(); }
  [[nodiscard]] Replica& replica() { return *replica_; }
  /// One more controller with the same options, beside the first. An empty token is the first's,
  /// and an empty namespace the one that it lives in.
  [[nodiscard]] std::unique_ptr<Replica> another(const std::string& token = "",
                                                 const std::string& own_namespace = "");
  /// Runs `work` on the controller's thread.
  void post(std::function<void()> work) { replica_->post(std::move(work)); }

  /// As `kubectl apply`: creates the object, or changes it, with a new generation if its spec
  /// changes.
  void apply(const Json& object);
  /// Changes an object in place, without a new generation.
  void edit(std::string_view resource, std::string_view ns, std::string_view name,
            const std::function<void(JsonObject&)>& change);
  void put_recorded_key(std::string_view label = "active");

  /// The Secrets of the controller's namespace, without those that keep lost keys.
  [[nodiscard]] std::vector<Json> key_secrets() const;
  [[nodiscard]] std::vector<Json> lost_key_secrets() const;

  /// A condition of a SealedSecret as "True: message", "False: message"; "" when there is none.
  [[nodiscard]] std::string condition(std::string_view ns, std::string_view name,
                                      std::string_view type = "Synced") const;
  [[nodiscard]] std::string reason(std::string_view ns, std::string_view name) const;
  [[nodiscard]] std::int64_t observed_generation(std::string_view ns, std::string_view name) const;
  /// The Secrets of a namespace without what differs from run to run.
  [[nodiscard]] std::vector<Json> secrets(std::string_view ns) const;
  [[nodiscard]] bool has_secret(std::string_view ns, std::string_view name) const;
  /// Events as "type reason xCOUNT: message", sorted.
  [[nodiscard]] std::vector<std::string> events(std::string_view ns) const;
  [[nodiscard]] bool wait_for_event(std::string_view ns, const std::string& event) const;
  [[nodiscard]] bool wait_for_condition(std::string_view ns, std::string_view name,
                                        std::string_view start) const;
  /// Puts an object into a namespace of its own and waits until it is open: whatever was queued
  /// before it has had its turn.
  void let_the_queue_drain();

  [[nodiscard]] Reply http_get(std::string_view path) const { return replica_->get(path); }
  [[nodiscard]] Reply http_post(std::string_view path, std::string_view body) const {
    return test::http_post(replica_->http_port, path, body);
  }
  [[nodiscard]] std::uint16_t replica_port() const { return replica_->http_port; }
  [[nodiscard]] std::string metrics() const { return replica_->metrics(); }
  /// Asks over and over, for what the controller comes to know after the API server has told it.
  /// False when patience (30 s) ran out.
  [[nodiscard]] static bool ask_until(const std::function<bool()>& answered);

 private:
  bulla::Options options_;
  const Clock& clock_;
  ControllerTiming timing_;
  std::unique_ptr<Replica> replica_;
  int drained_ = 0;
};

/// The recorded object of step `index`, or a whole recorded scenario.
[[nodiscard]] Json scenario(std::string_view name);
[[nodiscard]] Json step_of(const Json& scenario, std::size_t index);
/// A SealedSecret of the recorded key that opens as {"foo": "bar"}, cluster-wide.
[[nodiscard]] Json good_object(std::string_view ns, std::string_view name);

}  // namespace bulla::test
