// SPDX-License-Identifier: Apache-2.0
#include "api_server.hpp"

#include <stdexcept>
#include <utility>

#include "base/base64.hpp"
#include "listener.hpp"
#include "server_state.hpp"

namespace bulla::test {

bool LoggedRequest::is_write() const {
  return verb == "create" || verb == "update" || verb == "patch" || verb == "delete" ||
         verb == "deletecollection";
}

struct ApiServer::Impl {
  explicit Impl(Options options) : state(std::move(options)) {
    state.cluster.on_change([this] { changed(); });
    listen(state.options.port);
    port = listener->port();
  }
  ~Impl() { close(); }

  void listen(std::uint16_t wanted) {
    auto made = std::make_unique<Listener>(state, wanted);
    const std::scoped_lock lock(mutex);
    listener = std::move(made);
  }

  void close() {
    std::unique_ptr<Listener> closed;
    {
      const std::scoped_lock lock(mutex);
      closed = std::move(listener);
    }
    // Destroyed without the lock: its thread may be waiting for it in changed().
  }

  void changed() {
    with_listener([](Listener& open) { open.wake(); });
    state.something_happened();
  }

  template <class Do>
  void with_listener(Do act) {
    const std::scoped_lock lock(mutex);
    if (listener) act(*listener);
  }

  ServerState state;
  std::mutex mutex;
  std::unique_ptr<Listener> listener;  // guarded by mutex; null while stopped
  std::uint16_t port = 0;
};

ApiServer::ApiServer() : ApiServer(Options{}) {}
ApiServer::ApiServer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
ApiServer::~ApiServer() = default;

std::uint16_t ApiServer::port() const { return impl_->port; }
std::string ApiServer::url() const { return "https://127.0.0.1:" + std::to_string(impl_->port); }
std::string ApiServer::ca_certificate_pem() const {
  return impl_->state.identity.ca_certificate_pem;
}
std::string ApiServer::token() const { return impl_->state.token(); }
void ApiServer::change_token(std::string token) { impl_->state.change_token(std::move(token)); }

std::string ApiServer::kubeconfig() const {
  const auto ca = ca_certificate_pem();
  const auto* ca_bytes = reinterpret_cast<const std::uint8_t*>(ca.data());
  return "apiVersion: v1\n"
         "kind: Config\n"
         "current-context: test\n"
         "clusters:\n"
         "- name: test\n"
         "  cluster:\n"
         "    server: " +
         url() +
         "\n"
         "    certificate-authority-data: " +
         encode_base64({ca_bytes, ca.size()}) +
         "\n"
         "users:\n"
         "- name: test\n"
         "  user:\n"
         "    token: " +
         token() +
         "\n"
         "contexts:\n"
         "- name: test\n"
         "  context:\n"
         "    cluster: test\n"
         "    user: test\n"
         "    namespace: default\n";
}

void ApiServer::install_crd(const std::string& definition) { put(json_from_yaml(definition)); }

Json ApiServer::put(Json object) { return *impl_->state.cluster.place(std::move(object)); }

std::optional<Json> ApiServer::get(std::string_view resource, std::string_view ns,
                                   std::string_view name) const {
  const auto object = impl_->state.cluster.peek(resource, ns, name);
  if (!object) return std::nullopt;
  return *object;
}

std::vector<Json> ApiServer::list(std::string_view resource, std::string_view ns) const {
  std::vector<Json> objects;
  for (const auto& object : impl_->state.cluster.peek_all(resource, ns)) {
    objects.push_back(*object);
  }
  return objects;
}

bool ApiServer::remove(std::string_view resource, std::string_view ns, std::string_view name) {
  return impl_->state.cluster.take(resource, ns, name) != nullptr;
}

std::vector<std::string> ApiServer::resources() const {
  std::vector<std::string> keys;
  for (const auto& resource : impl_->state.cluster.resources()) keys.push_back(resource->key());
  return keys;
}

std::string ApiServer::resource_version() const {
  return std::to_string(impl_->state.cluster.version());
}

bool ApiServer::wait_for(const std::function<bool()>& predicate,
                         std::chrono::milliseconds patience) const {
  return impl_->state.wait_for(predicate, patience);
}

std::vector<LoggedRequest> ApiServer::requests() const { return impl_->state.requests(); }
std::size_t ApiServer::count_requests(const FaultMatch& match) const {
  return impl_->state.count_requests(match);
}
void ApiServer::forget_requests() { impl_->state.forget_requests(); }
std::size_t ApiServer::open_watches(std::string_view resource) const {
  return impl_->state.open_watches(resource);
}

std::uint64_t ApiServer::inject(Fault fault) {
  return impl_->state.faults.inject(std::move(fault));
}

void ApiServer::clear_fault(std::uint64_t id) {
  impl_->state.faults.clear(id);
  impl_->changed();
}

void ApiServer::clear_faults() {
  impl_->state.faults.clear();
  impl_->changed();
}

std::size_t ApiServer::faults_met() const { return impl_->state.faults.strikes(); }

void ApiServer::compact() { impl_->state.cluster.compact(); }

class ApiServer::Snapshot {
 public:
  Store store;
};

std::shared_ptr<const ApiServer::Snapshot> ApiServer::take_snapshot() const {
  return std::make_shared<const Snapshot>(Snapshot{impl_->state.cluster.snapshot()});
}

void ApiServer::restore(const Snapshot& snapshot) { impl_->state.cluster.restore(snapshot.store); }

void ApiServer::close_watches(bool mid_line) {
  impl_->with_listener([=](Listener& open) { open.close_watches(mid_line); });
}

void ApiServer::send_bookmarks() {
  impl_->with_listener([](Listener& open) { open.send_bookmarks(); });
}

void ApiServer::stop() { impl_->close(); }

void ApiServer::restart(Data data) {
  impl_->close();
  if (data == Data::lose) impl_->state.cluster.clear();
  impl_->listen(impl_->port);
}

void ApiServer::set_service_backend(const std::string& ns_and_name, const std::string& host,
                                    std::uint16_t port) {
  impl_->state.set_backend(ns_and_name, {host, port});
}

}  // namespace bulla::test
