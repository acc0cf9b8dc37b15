// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults.hpp"
#include "json.hpp"
#include "timestamps.hpp"

namespace bulla::test {

/// A request that the server has received, refused ones included, in order of arrival.
struct LoggedRequest {
  std::string method;
  std::string target;  ///< path and query as received
  std::string verb;    ///< get list watch create ...; empty for /version and the like
  std::string group;
  std::string resource;  ///< with subresource: "sealedsecrets/status"
  std::string ns;
  std::string name;
  std::string user;  ///< empty when it could not be authenticated
  std::string accept;
  std::string content_type;

  /// True for create, update, patch, delete and deletecollection.
  [[nodiscard]] bool is_write() const;
};

/// An in-memory Kubernetes API server on 127.0.0.1, over TLS with bearer tokens, for tests in
/// the same process and, as a program, for the demo.
///
/// It behaves as a real one where a client can tell: resourceVersions and conflicts, watches
/// with bookmarks and 410, the status subresource, CRDs, validation of Secrets, garbage
/// collection, Status bodies with the real words. It lacks what no client of ours needs: no
/// server-side apply (415), no protobuf but for what kubectl sends, no real RBAC (see
/// Fault::forbid), no controllers other than garbage collection and namespace deletion.
///
/// Threads: every member function may be called from any thread, stop() and restart() from one
/// at a time. One I/O thread serves all connections.
/// Errors:  the constructor and restart() throw std::runtime_error when the port cannot be had.
class ApiServer {
 public:
  struct Options {
    std::uint16_t port = 0;  ///< 0: any free one
    std::string token = "test-token";
    std::string user = "test-admin";
    std::map<std::string, std::string> more_users = {};  ///< token -> user name
    /// How often a watch that asked for bookmarks gets one; see also send_bookmarks().
    std::chrono::milliseconds bookmark_interval = std::chrono::minutes(1);
    /// A watch from a forgotten version is refused with HTTP 410 instead of an ERROR event.
    bool gone_as_http_status = false;
    bool collect_garbage = true;
    std::uint64_t seed = 0;  ///< of uids and generated names; 0 draws one
    WallClock now = std::chrono::system_clock::now;
  };

  ApiServer();
  explicit ApiServer(Options options);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // ---- how to reach it ----

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  ///< "https://127.0.0.1:PORT"
  [[nodiscard]] std::string ca_certificate_pem() const;
  [[nodiscard]] std::string token() const;
  [[nodiscard]] std::string kubeconfig() const;  ///< YAML; context and cluster are called "test"
  /// From now on only this token is good for the first user: others answer 401.
  void change_token(std::string token);

  // ---- the world, without HTTP, admission or faults ----
  // Resources are named by plural ("secrets") or, when that is not enough, with their group
  // ("sealedsecrets.bitnami.com"). `ns` is empty for cluster-scoped objects.

  /// Installs a CustomResourceDefinition (YAML or JSON text).
  void install_crd(const std::string& definition);
  /// Adds or replaces an object as it is, valid or not; makes up uid, creationTimestamp and its
  /// namespace when they are missing. Returns it as stored. Throws std::invalid_argument when
  /// its kind is not served.
  Json put(Json object);
  [[nodiscard]] std::optional<Json> get(std::string_view resource, std::string_view ns,
                                        std::string_view name) const;
  /// All namespaces when `ns` is empty.
  [[nodiscard]] std::vector<Json> list(std::string_view resource, std::string_view ns = "") const;
  /// False when there was none.
  bool remove(std::string_view resource, std::string_view ns, std::string_view name);
  /// The storage keys of everything that is served: "secrets", "sealedsecrets.bitnami.com", ...
  [[nodiscard]] std::vector<std::string> resources() const;
  [[nodiscard]] std::string resource_version() const;

  /// Waits until `predicate` holds, looking again whenever an object changed, a request came
  /// in or a watch began or ended. False when `patience` ran out first. The predicate may call
  /// this server.
  [[nodiscard]] bool wait_for(const std::function<bool()>& predicate,
                              std::chrono::milliseconds patience = std::chrono::seconds(30)) const;

  // ---- what was asked ----

  [[nodiscard]] std::vector<LoggedRequest> requests() const;
  [[nodiscard]] std::size_t count_requests(const FaultMatch& match) const;
  void forget_requests();
  /// Watches that are open now; of one resource, or all.
  [[nodiscard]] std::size_t open_watches(std::string_view resource = "") const;

  // ---- what goes wrong ----

  /// Returns an id for clear_fault().
  std::uint64_t inject(Fault fault);
  void clear_fault(std::uint64_t id);
  void clear_faults();
  /// How often a fault has struck a request, since the server was made.
  [[nodiscard]] std::size_t faults_met() const;
  /// Forgets history: continue tokens and watches from before now are answered with 410.
  void compact();
  /// Objects and their versions, as an etcd snapshot keeps them. Definitions stay as they are.
  class Snapshot;
  [[nodiscard]] std::shared_ptr<const Snapshot> take_snapshot() const;
  /// Goes back to it, with open watches left as they are: a watch from a version that is in the
  /// future now tells nothing, not even a bookmark, until the store gets there.
  void restore(const Snapshot& snapshot);
  /// Ends all watches: at a line's end, or in the middle of a line with the connection.
  void close_watches(bool mid_line = false);
  /// A bookmark now, to every watch that asked for bookmarks.
  void send_bookmarks();
  /// Closes the port and cuts all connections. Objects stay.
  void stop();
  /// Listens again on the same port, with the same certificate and token.
  enum class Data { keep, lose };
  void restart(Data data = Data::keep);

  /// Where /api/v1/namespaces/NS/services/NAME/proxy/ leads: plain HTTP to host:port. Without
  /// an entry, the first address of the Endpoints object is used.
  void set_service_backend(const std::string& ns_and_name, const std::string& host,
                           std::uint16_t port);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla::test
