// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api_server.hpp"
#include "controller/controller.hpp"
#include "controller/options.hpp"

namespace bulla::test {

/// An in-memory API server with the CRD of manifests/, and a controller that works in it on a
/// thread of its own, with short back-offs.
class World {
 public:
  struct Settings {
    bool recorded_key = true;  ///< the key that opens the recorded objects is there from the start
    bool start = true;
    bulla::Options options = {};
    ApiServer::Options server = {};
  };
  World() : World(Settings{}) {}
  explicit World(Settings settings);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  ApiServer server;

  void start();
  /// Waits until the controller has listed the Secrets: until then, one that is missing may make
  /// it look twice at an object.
  void wait_until_it_watches();
  /// Asks the controller to stop and waits until it has. True if it ended within the patience of
  /// wait_for().
  void stop();
  [[nodiscard]] Controller& controller() { return *controller_; }
  /// Runs `work` on the controller's thread.
  void post(std::function<void()> work);

  /// As `kubectl apply`: creates the object, or changes it, with a new generation if its spec
  /// changes.
  void apply(const Json& object);
  /// Changes an object in place, without a new generation.
  void edit(std::string_view resource, std::string_view ns, std::string_view name,
            const std::function<void(JsonObject&)>& change);
  void put_recorded_key(std::string_view label = "active");

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

  struct Answer {
    unsigned status = 0;
    std::string body;
  };
  [[nodiscard]] Answer http_get(std::string_view path);
  /// Asks over and over, for what the controller comes to know after the API server has told it.
  /// False when patience (30 s) ran out.
  [[nodiscard]] static bool ask_until(const std::function<bool()>& answered);

 private:
  bulla::Options options_;
  std::unique_ptr<boost::asio::io_context> io_;
  std::unique_ptr<Controller> controller_;
  std::thread thread_;
  int drained_ = 0;
};

/// The recorded object of step `index`, or a whole recorded scenario.
[[nodiscard]] Json scenario(std::string_view name);
[[nodiscard]] Json step_of(const Json& scenario, std::size_t index);
/// A SealedSecret of the recorded key that opens as {"foo": "bar"}, cluster-wide.
[[nodiscard]] Json good_object(std::string_view ns, std::string_view name);

}  // namespace bulla::test
