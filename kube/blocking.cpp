// SPDX-License-Identifier: Apache-2.0
#include "kube/blocking.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "kube/client.hpp"
#include "kube/object.hpp"
#include "kube/wait_for.hpp"

namespace bulla::kube {
namespace asio = boost::asio;

namespace {

Request copy_of(const Request& request) {
  Request copy;
  copy.method = request.method;
  copy.path = request.path;
  copy.query = request.query;
  copy.accept = request.accept;
  copy.content_type = request.content_type;
  copy.body = request.body.clone();
  copy.timeout = request.timeout;
  copy.answer_bytes_max = request.answer_bytes_max;
  return copy;
}

std::string in_seconds(Patience::Time::duration time) {
  return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s";
}

/// The waits of one request.
class Waits {
 public:
  explicit Waits(const Patience& patience) : patience_(patience), start_(patience.now()) {}

  /// Waits as long as the server asks for. False if it asks for nothing, or for too much.
  bool after(const Error& error) {
    if (error.code != Errc::unavailable || !error.retry_after) return false;
    const auto end = start_ + patience_.time_max;
    if (count_ >= patience_.waits_max || patience_.now() + *error.retry_after > end) return false;
    ++count_;
    patience_.wait(*error.retry_after);
    return true;
  }

  [[nodiscard]] Error told(Error error) const {
    if (error.code != Errc::unavailable || !error.retry_after) return error;
    if (count_ == 0) {
      const auto pause = in_seconds(*error.retry_after);
      return std::move(error).hint("the server asks to try again in " + pause);
    }
    return std::move(error).hint("asked " + std::to_string(count_ + 1) + " times within " +
                                 in_seconds(patience_.now() - start_));
  }

 private:
  const Patience& patience_;
  Patience::Time start_;
  int count_ = 0;
};

}  // namespace

struct BlockingClient::Impl {
  asio::io_context context{1};
  std::optional<Client> client = {};
  Patience patience = {};
};

BlockingClient::BlockingClient(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
BlockingClient::BlockingClient(BlockingClient&&) noexcept = default;
BlockingClient& BlockingClient::operator=(BlockingClient&&) noexcept = default;
BlockingClient::~BlockingClient() = default;

Result<BlockingClient> BlockingClient::create(ClientConfig config, std::string user_agent,
                                              Patience patience) {
  auto impl = std::make_unique<Impl>();
  impl->patience = std::move(patience);
  if (!impl->patience.wait)
    impl->patience.wait = [](std::chrono::seconds time) { std::this_thread::sleep_for(time); };
  ClientOptions options;
  options.user_agent = std::move(user_agent);
  auto client = Client::create(impl->context.get_executor(), std::move(config), std::move(options));
  if (!client) return client.error();
  impl->client = std::move(*client);
  return BlockingClient(std::move(impl));
}

Result<Response> BlockingClient::send(const Request& request) {
  Waits waits(impl_->patience);
  while (true) {
    auto answer = wait_for(impl_->context, impl_->client->send(copy_of(request)));
    if (answer) return answer;
    if (!waits.after(answer.error())) return waits.told(std::move(answer).error());
  }
}

Result<std::string> BlockingClient::service_port_name(const std::string& namespace_,
                                                      const std::string& service) {
  auto answer =
      send(Request::get(resource_path({"", "v1", "services"}, {namespace_, service, ""})));
  if (!answer) return answer.error();
  const auto text = answer->body.expose_secret_text();
  const auto object = parse_json(text);
  if (!object) {
    Error error{Errc::unavailable, "the answer is not JSON: " + object.error().message};
    const bool is_page = trim(text).starts_with('<');
    return std::move(error).hint(
        is_page ? "a web page came instead: of a log-in, or of a proxy in between"
                : "is the address in the kubeconfig that of an API server?");
  }
  const auto* ports = find_member(*object, {"spec", "ports"});
  if (ports == nullptr || !ports->is_array() || ports->get_array().empty()) {
    return Error{Errc::not_found, "service " + namespace_ + "/" + service + " has no ports"};
  }
  return std::string(text_at(ports->get_array().front(), {"name"}));
}

}  // namespace bulla::kube
