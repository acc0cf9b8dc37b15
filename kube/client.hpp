// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "kube/config.hpp"
#include "kube/pace.hpp"
#include "kube/request.hpp"
#include "kube/watch_types.hpp"

namespace bulla::kube {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

struct ClientOptions {
  std::string user_agent = "bulla/" BULLA_VERSION;  ///< "name/version"; names the field manager
  std::size_t idle_connections_max = 20;            ///< a controller's 16 workers, and its Events
  std::chrono::milliseconds idle_connection_max = std::chrono::seconds(60);
  /// The age at which a cached bearer token is read again from its file.
  std::chrono::milliseconds token_max_age = std::chrono::seconds(50);
};

/// What to list or to watch.
struct ListOptions {
  std::string path = {};  ///< of a collection: resource_path()
  std::string label_selector = {};
  std::string field_selector = {};
  bool metadata_only = false;
  std::size_t page_objects = limits::list_page_objects;
};

/// A watch that the server accepted: one connection of its own. Move-only.
class Watch {
 public:
  struct Impl;
  explicit Watch(std::unique_ptr<Impl> impl) noexcept;
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();

  /// The next event; nothing when the server ended the stream (an incomplete last line is
  /// dropped). Errors: unavailable (connection lost, or silent for longer than the idle time),
  /// invalid_input (a line that is no watch event, or longer than limits::watch_line_bytes_max:
  /// the watch is of no further use). The object lies in wiping memory.
  [[nodiscard]] Awaitable<Result<std::optional<WatchEvent>>> next();

 private:
  std::unique_ptr<Impl> impl_;
};

/// Asked just before each write of a client (every request but GET) is sent. An Error is what the
/// write then comes to: nothing is sent.
using WriteGuard = std::function<Result<void>()>;

/// A client of one API server.
///
/// A handle: copies share connections and credentials. Connections are kept alive and used again;
/// a GET that finds a kept connection dead is sent once more on a new one, nothing else is ever
/// sent twice, but for what the server answered with 401 while an exec plugin has the credentials:
/// the plugin runs once more. A plugin blocks the executor while it runs. Plaintext passes through
/// wiping memory only.
///
/// Threads: one; everything runs on the executor given, which must be that of a single-threaded
/// io_context (or a strand). Lifetime: an operation under way keeps what it needs.
///
/// Errors of every request: those of status_error(), and unavailable for what the network does:
/// `Get "URL": dial tcp ADDRESS: connect: connection refused`, time-out, TLS. An answer larger
/// than limits allow is `rejected`.
class Client {
 public:
  /// Errors: invalid_input (a bad URL, CA, certificate or key, each named). No traffic yet.
  [[nodiscard]] static Result<Client> create(boost::asio::any_io_executor executor,
                                             ClientConfig config, ClientOptions options = {});

  [[nodiscard]] Awaitable<Result<Response>> send(Request request) const;
  /// The same, but an answer of any status is a Response: only the network fails.
  [[nodiscard]] Awaitable<Result<Response>> send_for_answer(Request request) const;
  /// As send(), with the answer's JSON.
  [[nodiscard]] Awaitable<Result<boost::json::value>> send_for_json(Request request) const;

  [[nodiscard]] Awaitable<Result<boost::json::value>> get(std::string path) const;
  [[nodiscard]] Awaitable<Result<boost::json::value>> get_metadata(std::string path) const;
  /// POST to a collection.
  [[nodiscard]] Awaitable<Result<boost::json::value>> create_object(
      std::string path, boost::json::value object) const;
  /// PUT; `object` must carry metadata.resourceVersion as it was read.
  [[nodiscard]] Awaitable<Result<boost::json::value>> update(std::string path,
                                                             boost::json::value object) const;
  /// PATCH with a JSON merge patch (RFC 7386).
  [[nodiscard]] Awaitable<Result<boost::json::value>> merge_patch(std::string path,
                                                                  boost::json::value patch) const;
  /// DELETE. `uid`, if not empty, is a precondition: another object of that name stays (conflict).
  [[nodiscard]] Awaitable<Result<void>> remove(std::string path, std::string uid = {}) const;

  /// One page; the first one with an empty `continue_token`. A page of several objects that is
  /// larger than limits::list_page_bytes_max is `rejected`: ask for fewer (see PageSize). Items of
  /// a built-in list carry no kind and apiVersion.
  [[nodiscard]] Awaitable<Result<ListPage>> list_page(ListOptions options,
                                                      std::string continue_token) const;

  /// Starts a watch after `resource_version`. The server ends it after `timeout`; it counts as
  /// dead when it stays silent for that and five seconds more.
  [[nodiscard]] Awaitable<Result<Watch>> watch(ListOptions options, std::string resource_version,
                                               std::chrono::milliseconds timeout) const;

  /// A client for the same server and user, with connections of its own, that can be closed alone.
  /// What guards this client's writes guards those of the new one; and what paces its requests
  /// paces both together.
  [[nodiscard]] Client with_own_connections() const;
  /// The same, whose writes `guard` has to let pass. This client must not have one yet.
  [[nodiscard]] Client with_write_guard(WriteGuard guard) const;
  /// The same, whose requests, and starts of watches, wait for their turn. The wait is no part of
  /// their time-outs.
  [[nodiscard]] Client with_rate(RequestRate rate) const;
  /// Breaks off every request and watch of this handle and its copies; later ones fail at once
  /// with `unavailable`.
  void close() const noexcept;
  /// Breaks off every request and watch that is under way; later ones make new connections.
  void break_off() const noexcept;
  [[nodiscard]] boost::asio::any_io_executor executor() const;
  /// What the API server calls us in managedFields, where a request names no other.
  [[nodiscard]] std::string field_manager() const;

  struct Impl;

 private:
  explicit Client(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

/// The JSON object in an answer, on wiping_memory(). Parsed, it may take many times the bytes of
/// the answer. Errors: unavailable: it is none, and came from something between us and the server.
[[nodiscard]] Result<boost::json::value> object_in(const Response& response);

}  // namespace bulla::kube
