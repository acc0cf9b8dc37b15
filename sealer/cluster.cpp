// SPDX-License-Identifier: Apache-2.0
#include "sealer/cluster.hpp"

#include <thread>

#include "kube/config.hpp"
#include "kube/request.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// --request-timeout bounds a request with its waits, as it does for kubectl.
kube::Patience patience_of(const Options& options, const kube::ClientConfig& config) {
  kube::Patience patience;
  const bool bounded = options.cluster.request_timeout && config.request_timeout.count() > 0;
  if (bounded) patience.time_max = config.request_timeout;
  patience.wait = [](std::chrono::seconds time) {
    constexpr std::chrono::seconds long_wait(5);
    if (time >= long_wait)
      tell_terminal("(the server asks to wait " + std::to_string(time.count()) + " s)");
    std::this_thread::sleep_for(time);
  };
  return patience;
}

}  // namespace

Controller::Controller(kube::BlockingClient client, kube::ServiceProxy proxy)
    : client_(std::move(client)), proxy_(std::move(proxy)) {}

Result<Controller> Controller::reach(const Options& options) {
  auto config = kube::load_config(options.cluster, kube::process_environment());
  if (!config) return config.error();
  auto patience = patience_of(options, *config);
  auto client = kube::BlockingClient::create(std::move(*config), "kubeseal/" BULLA_VERSION,
                                             std::move(patience));
  if (!client) return client.error();
  auto port = client->service_port_name(options.controller_namespace, options.controller_name);
  if (!port) {
    auto error = port.error().during("cannot get sealed secret service");
    // The reference's sentence, which people search the web for; there it stands whatever failed.
    if (error.code != Errc::not_found) return error;
    error.message +=
        ".\nPlease, use the flag --controller-name and --controller-namespace to set up the name "
        "and namespace of the sealed secrets controller";
    return error;
  }
  return Controller(std::move(*client),
                    {options.controller_namespace, options.controller_name, std::move(*port)});
}

Result<std::string> Controller::certificate() {
  auto request = kube::Request::get(kube::service_proxy_path(proxy_, "v1/cert.pem"));
  auto answer = client_.send(request);
  if (!answer) return answer.error().during("cannot fetch certificate");
  return std::string(answer->body.expose_secret_text());
}

Result<SecretBuffer> Controller::post(std::string_view endpoint, SecretBuffer sealed_secret) {
  kube::Request request;
  request.method = kube::Method::post;
  request.path = kube::service_proxy_path(proxy_, endpoint);
  request.content_type = kube::content_json;
  request.body = std::move(sealed_secret);
  auto answer = client_.send(request);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Result<std::string> namespace_of_context(const Options& options) {
  return kube::current_namespace(options.cluster, kube::process_environment());
}

}  // namespace bulla::sealer
