// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "json_text.hpp"

namespace bulla::test {

namespace net = boost::asio;

namespace {

constexpr std::string_view key_namespace = "kube-system";

std::string crd() {
  auto text = read_file(BULLA_MANIFESTS "/crd.yaml", limits::mib);
  return std::string(text.value().expose_secret_text());
}

void set_election(bulla::Options& options, bool quick) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  options.lease_duration = quick ? seconds(2) : seconds(10);
  options.renew_deadline = quick ? milliseconds(1500) : seconds(8);
  options.retry_period = quick ? milliseconds(200) : seconds(1);
}

kube::Client client_of(const ApiServer& server, const net::any_io_executor& executor,
                       const std::string& token) {
  kube::ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.token = SecretBuffer::copy_of(token.empty() ? server.token() : token);
  return kube::Client::create(executor, std::move(config)).value();
}

}  // namespace

ControllerTiming quick_timing() {
  using std::chrono::milliseconds;
  ControllerTiming timing;
  timing.informer.backoff = {milliseconds(5), milliseconds(50), milliseconds(1000)};
  timing.informer.short_lived = milliseconds(1);
  timing.retry = {milliseconds(1), milliseconds(50)};
  timing.refused_retry = milliseconds(1);
  timing.store_look = milliseconds(50);
  timing.drift_wait = milliseconds(1);
  return timing;
}

Reply http_exchange(std::uint16_t port, const std::string& text) {
  net::io_context io;
  net::ip::tcp::socket socket(io);
  socket.connect({net::ip::make_address("127.0.0.1"), port});
  boost::system::error_code ignored;  // refused early: the answer is there all the same
  net::write(socket, net::buffer(text), ignored);
  std::string answer;
  net::read(socket, net::dynamic_buffer(answer), ignored);
  const auto blank = answer.find("\r\n\r\n");
  REQUIRE(blank != std::string::npos);
  return {static_cast<unsigned>(std::stoul(answer.substr(9, 3))), answer.substr(0, blank + 2),
          answer.substr(blank + 4)};
}

Reply http_get(std::uint16_t port, std::string_view path) {
  return http_exchange(
      port, "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

Reply http_post(std::uint16_t port, std::string_view path, std::string_view body) {
  return http_exchange(port, "POST " + std::string(path) +
                                 " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                 "Content-Type: application/json\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

Replica::Replica(const ApiServer& server, const bulla::Options& options, const Clock& clock,
                 const std::string& token, const ControllerTiming& timing)
    : controller_(Controller::create({options, client_of(server, io_.get_executor(), token), clock,
                                      system_random(), timing})
                      .value()),
      http_port(controller_->http_port()),
      metrics_port(controller_->metrics_port()) {
  net::co_spawn(io_, controller_->run(), [this](std::exception_ptr failure, Result<void> ended) {
    if (failure) std::rethrow_exception(failure);
    lost_ = !ended;
  });
  thread_ = std::thread([this] { io_.run(); });
}

Replica::~Replica() {
  thaw();
  post([this] { controller_->stop(); });
  thread_.join();
}

void Replica::post(std::function<void()> work) { net::post(io_, std::move(work)); }

void Replica::freeze() {
  thawed_ = {};
  frozen_ = true;
  std::promise<void> stands_still;
  post([&stands_still, thawed = thawed_.get_future().share()] {
    stands_still.set_value();
    thawed.wait();
  });
  stands_still.get_future().wait();
}

void Replica::thaw() {
  if (std::exchange(frozen_, false)) thawed_.set_value();
}

bool Replica::leads() const {
  return metrics().find("sealed_secrets_controller_leader 1\n") != std::string::npos;
}

World::World(Settings settings)
    : server(settings.server),
      options_(std::move(settings.options)),
      clock_(settings.clock != nullptr ? *settings.clock : system_clock()),
      timing_(std::move(settings.timing)) {
  options_.own_namespace = key_namespace;
  options_.listen_addr = "127.0.0.1:0";
  options_.listen_metrics_addr = "127.0.0.1:0";
  options_.key_size = 2048;
  options_.crash_marks_file = settings.crash_marks_file;
  options_.key_renew_period = settings.key_renew_period;
  set_election(options_, settings.quick_election);
  server.install_crd(settings.crd_text.empty() ? crd() : settings.crd_text);
  if (settings.recorded_key) put_recorded_key();
  if (!settings.start) return;
  start();
  wait_until_it_watches();
}

World::~World() {
  server.clear_faults();
  stop();
}

void World::start() { replica_ = another(); }

std::unique_ptr<Replica> World::another(const std::string& token,
                                        const std::string& own_namespace) {
  bulla::Options options = options_;
  if (!own_namespace.empty()) options.own_namespace = own_namespace;
  return std::make_unique<Replica>(server, options, clock_, token, timing_);
}

void World::stop() { replica_.reset(); }

void World::apply(const Json& object) {
  Json next = object;
  const std::string ns = text_at(object, "metadata.namespace");
  const std::string name = text_at(object, "metadata.name");
  const bool sealed = text_at(object, "kind") == "SealedSecret";
  const auto old = server.get(sealed ? "sealedsecrets" : "secrets", ns, name);
  if (sealed) {
    std::int64_t generation = old ? find(*old, "metadata.generation")->as_int64() : 0;
    const bool changed = !old || *find(*old, "spec") != *find(next, "spec");
    next.at("metadata").as_object()["generation"] = generation + (changed ? 1 : 0);
    if (old && find(*old, "status") != nullptr) next.as_object()["status"] = *find(*old, "status");
  }
  server.put(std::move(next));
}

void World::edit(std::string_view resource, std::string_view ns, std::string_view name,
                 const std::function<void(JsonObject&)>& change) {
  Json object = server.get(resource, ns, name).value();
  change(object.as_object());
  server.put(std::move(object));
}

void World::put_recorded_key(std::string_view label) {
  Json secret = controller_json("key-secret.json");
  secret.at("metadata").at("labels").as_object()["sealedsecrets.bitnami.com/sealed-secrets-key"] =
      label;
  server.put(std::move(secret));
}

namespace {

bool keeps_lost_key(const Json& secret) {
  const Json* labels = find(secret, "metadata.labels");
  const auto* label =
      labels == nullptr
          ? nullptr
          : labels->as_object().if_contains("sealedsecrets.bitnami.com/sealed-secrets-key");
  return label != nullptr && *label == "lost";
}

}  // namespace

std::vector<Json> World::key_secrets() const {
  auto all = server.list("secrets", key_namespace);
  std::erase_if(all, keeps_lost_key);
  return all;
}

std::vector<Json> World::lost_key_secrets() const {
  auto all = server.list("secrets", key_namespace);
  std::erase_if(all, [](const Json& secret) { return !keeps_lost_key(secret); });
  return all;
}

std::string World::condition(std::string_view ns, std::string_view name,
                             std::string_view type) const {
  const auto object = server.get("sealedsecrets", ns, name);
  const Json* all = object ? find(*object, "status.conditions") : nullptr;
  if (all == nullptr || !all->is_array()) return "";
  for (const Json& one : all->as_array()) {
    if (text_at(one, "type") == type)
      return text_at(one, "status") + ": " + text_at(one, "message");
  }
  return "";
}

std::string World::reason(std::string_view ns, std::string_view name) const {
  const auto object = server.get("sealedsecrets", ns, name);
  const Json* all = object ? find(*object, "status.conditions") : nullptr;
  return all == nullptr ? "" : text_at(all->as_array().at(0), "reason");
}

std::int64_t World::observed_generation(std::string_view ns, std::string_view name) const {
  const auto object = server.get("sealedsecrets", ns, name);
  const Json* observed = object ? find(*object, "status.observedGeneration") : nullptr;
  return observed == nullptr ? 0 : observed->as_int64();
}

std::vector<Json> World::secrets(std::string_view ns) const {
  auto all = server.list("secrets", ns);
  for (Json& secret : all) {
    auto& metadata = secret.at("metadata").as_object();
    for (const auto* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
      metadata.erase(field);
    if (auto* owners = metadata.if_contains("ownerReferences")) {
      for (Json& owner : owners->as_array()) owner.as_object().erase("uid");
    }
  }
  return all;
}

bool World::has_secret(std::string_view ns, std::string_view name) const {
  return server.get("secrets", ns, name).has_value();
}

std::vector<std::string> World::events(std::string_view ns) const {
  std::vector<std::string> lines;
  for (const Json& event : server.list("events", ns)) {
    const Json* count = find(event, "count");
    lines.push_back(text_at(event, "type") + " " + text_at(event, "reason") + " x" +
                    (count == nullptr ? "?" : std::to_string(count->as_int64())) + ": " +
                    text_at(event, "message"));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool World::wait_for_event(std::string_view ns, const std::string& event) const {
  const bool seen = server.wait_for([&] {
    const auto all = events(ns);
    return std::find(all.begin(), all.end(), event) != all.end();
  });
  if (!seen) {
    for (const auto& line : events(ns)) MESSAGE("there is: ", line);
  }
  return seen;
}

bool World::wait_for_condition(std::string_view ns, std::string_view name,
                               std::string_view start) const {
  const bool seen = server.wait_for([&] { return condition(ns, name).starts_with(start); });
  if (!seen) MESSAGE("it is: ", condition(ns, name));
  return seen;
}

void World::let_the_queue_drain() {
  const std::string ns = "drain" + std::to_string(++drained_);
  apply(good_object(ns, "s"));
  REQUIRE(wait_for_condition(ns, "s", "True"));
}

void World::wait_until_it_watches() {
  // Labelled keys, retired ones, lost ones, the legacy key, and the metadata of all Secrets.
  const std::size_t watches = options_.skip_recreate ? 4 : 5;
  REQUIRE(server.wait_for([&] { return server.open_watches("secrets") >= watches; }));
}

bool World::ask_until(const std::function<bool()>& answered) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (answered()) return true;
  }
  return false;
}

Json scenario(std::string_view name) { return controller_json(std::string(name) + ".json"); }

Json step_of(const Json& scenario, std::size_t index) {
  const Json& step = scenario.at("steps").at(index);
  const Json* object = find(step, "create");
  return object != nullptr ? *object : step.at("apply");
}

Json good_object(std::string_view ns, std::string_view name) {
  Json object = step_of(scenario("11-scope-annotation"), 0);
  object.at("metadata") = {{"namespace", ns},
                           {"name", name},
                           {"annotations", {{"sealedsecrets.bitnami.com/cluster-wide", "true"}}}};
  return object;
}

}  // namespace bulla::test
