// SPDX-License-Identifier: Apache-2.0
#include "sealer/cluster.hpp"

#include "kube/blocking.hpp"
#include "kube/config.hpp"
#include "kube/request.hpp"

namespace bulla::sealer {

namespace {

struct Controller {
  kube::BlockingClient client;
  std::string port_name;
};

Result<Controller> reach_controller(const Options& options) {
  auto config = kube::load_config(options.cluster, kube::process_environment());
  if (!config) return config.error();
  auto client = kube::BlockingClient::create(std::move(*config), "kubeseal/" BULLA_VERSION);
  if (!client) return client.error();
  auto port = client->service_port_name(options.controller_namespace, options.controller_name);
  if (!port) {
    return std::move(port)
        .error()
        .during("cannot get sealed secret service")
        .hint("use --controller-name and --controller-namespace if the controller is elsewhere")
        .hint("or seal offline, with --cert and a certificate that was fetched before");
  }
  return Controller{std::move(*client), std::move(*port)};
}

std::string endpoint_path(const Options& options, const Controller& controller,
                          std::string_view endpoint) {
  return kube::service_proxy_path(
      {options.controller_namespace, options.controller_name, controller.port_name}, endpoint);
}

}  // namespace

Result<std::string> controller_certificate(const Options& options) {
  auto controller = reach_controller(options);
  if (!controller) return controller.error();
  auto request = kube::Request::get(endpoint_path(options, *controller, "v1/cert.pem"));
  auto answer = controller->client.send(std::move(request));
  if (!answer) return std::move(answer).error().during("cannot fetch certificate");
  return std::string(answer->body.expose_secret_text());
}

Result<SecretBuffer> post_to_controller(const Options& options, std::string_view endpoint,
                                        const SecretBuffer& sealed_secret) {
  auto controller = reach_controller(options);
  if (!controller) return controller.error();
  kube::Request request;
  request.method = kube::Method::post;
  request.path = endpoint_path(options, *controller, endpoint);
  request.content_type = kube::content_json;
  request.body = sealed_secret.clone();
  auto answer = controller->client.send(std::move(request));
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Result<std::string> namespace_of_context(const Options& options) {
  return kube::current_namespace(options.cluster, kube::process_environment());
}

}  // namespace bulla::sealer
