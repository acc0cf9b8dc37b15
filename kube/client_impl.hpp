// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "kube/answer_reader.hpp"
#include "kube/client.hpp"
#include "kube/connection.hpp"
#include "kube/credentials.hpp"

// What is behind a Client: private to this room.
namespace bulla::kube {

struct Client::Impl {
  struct IdleConnection {
    std::shared_ptr<Connection> connection;
    SteadyTime since;
  };
  /// What connections of several handles share: where to, and as whom.
  struct Shared {
    Shared(ClientConfig the_config, ClientOptions the_options)
        : config(std::move(the_config)),
          options(std::move(the_options)),
          credentials(config, options.token_max_age) {}

    ClientConfig config;
    ClientOptions options;
    Credentials credentials;
    std::shared_ptr<const Endpoint> endpoint = {};
    std::string endpoint_certificate = {};  ///< of the plugin, that the endpoint shows
  };

  boost::asio::any_io_executor executor;
  std::shared_ptr<Shared> shared;
  WriteGuard guard = {};                            ///< none: every write passes
  std::shared_ptr<Pace> pace = {};                  ///< none: a request goes at once
  std::set<boost::asio::steady_timer*> waits = {};  ///< of requests for their turn
  std::deque<IdleConnection> idle = {};
  std::vector<std::weak_ptr<Connection>> open = {};
  bool closed = false;

  /// Fresh credentials, and an endpoint that shows their certificate. Blocks while a plugin runs.
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] std::shared_ptr<Connection> take_idle();
  [[nodiscard]] std::shared_ptr<Connection> make_connection();
  void keep(std::shared_ptr<Connection> connection);
  /// The request line and headers. Holds credentials.
  [[nodiscard]] Result<SecretBuffer> head_of(const Request& request) const;
  /// `Get "https://host/path": ...`, as people know it from kubectl.
  [[nodiscard]] Error named(Error error, const Request& request) const;

 private:
  [[nodiscard]] Result<std::string> target_of(const Request& request) const;
  void append_credentials(SecretBuffer& head) const;
};

using ClientPtr = std::shared_ptr<Client::Impl>;

// Arguments of coroutines are values, or belong to the caller that waits for the result.

/// Sends on `connection`, opening it first if need be, and reads the head of the answer.
[[nodiscard]] Awaitable<Result<AnswerHead>> start_exchange(std::shared_ptr<Connection> connection,
                                                           bool is_open, const SecretBuffer& head,
                                                           const SecretBuffer& body,
                                                           AnswerReader& reader);
[[nodiscard]] Awaitable<Result<SecretBuffer>> read_body(AnswerReader& reader);
/// What an answer that is no success means.
[[nodiscard]] Error answer_error(const Request& request, const AnswerHead& head,
                                 const SecretBuffer& body);

/// Waits until a request may go, or the client is closed.
[[nodiscard]] Awaitable<void> wait_for_turn(ClientPtr client);

/// One request and its answer. `any_answer`: one of any status is a Response.
[[nodiscard]] Awaitable<Result<Response>> send_request(ClientPtr client, Request request,
                                                       bool any_answer = false);
[[nodiscard]] Awaitable<Result<Watch>> start_watch(ClientPtr client, Request request,
                                                   std::chrono::milliseconds idle_max);

}  // namespace bulla::kube
