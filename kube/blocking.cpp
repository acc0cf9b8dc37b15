// SPDX-License-Identifier: Apache-2.0
#include "kube/blocking.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>

#include "kube/client.hpp"
#include "kube/object.hpp"
#include "kube/wait_for.hpp"

namespace bulla::kube {
namespace asio = boost::asio;

struct BlockingClient::Impl {
  asio::io_context context{1};
  std::optional<Client> client = {};
};

BlockingClient::BlockingClient(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
BlockingClient::BlockingClient(BlockingClient&&) noexcept = default;
BlockingClient& BlockingClient::operator=(BlockingClient&&) noexcept = default;
BlockingClient::~BlockingClient() = default;

Result<BlockingClient> BlockingClient::create(ClientConfig config, std::string user_agent) {
  auto impl = std::make_unique<Impl>();
  ClientOptions options;
  options.user_agent = std::move(user_agent);
  auto client = Client::create(impl->context.get_executor(), std::move(config), std::move(options));
  if (!client) return client.error();
  impl->client = std::move(*client);
  return BlockingClient(std::move(impl));
}

Result<Response> BlockingClient::send(Request request) {
  return wait_for(impl_->context, impl_->client->send(std::move(request)));
}

Result<std::string> BlockingClient::service_port_name(const std::string& namespace_,
                                                      const std::string& service) {
  auto answer =
      send(Request::get(resource_path({"", "v1", "services"}, {namespace_, service, ""})));
  if (!answer) return answer.error();
  const auto object = parse_json(answer->body.expose_secret_text());
  if (!object) return object.error();
  const auto* ports = find_member(*object, {"spec", "ports"});
  if (ports == nullptr || !ports->is_array() || ports->get_array().empty()) {
    return Error{Errc::not_found, "service " + namespace_ + "/" + service + " has no ports"};
  }
  return std::string(text_at(ports->get_array().front(), {"name"}));
}

}  // namespace bulla::kube
