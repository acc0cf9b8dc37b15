// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "controller/controller.hpp"
#include "controller/options.hpp"
#include "crypto/key.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"

namespace {

namespace net = boost::asio;
using bulla::Result;

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
/// After this a pod is killed (terminationGracePeriodSeconds, 30 s) without a word.
constexpr std::chrono::seconds stop_time_max(28);

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// Inside of a pod, the pod's own account; --kubeconfig, where given, goes first; $KUBECONFIG and
/// ~/.kube/config are for running outside of a cluster.
Result<bulla::kube::ClientConfig> find_cluster(const bulla::Options& options) {
  bulla::kube::ConfigFlags flags;
  flags.kubeconfig = options.kubeconfig;
  bulla::kube::Environment environment = bulla::kube::process_environment();
  const bool in_pod = environment.variable("KUBERNETES_SERVICE_HOST").has_value();
  if (in_pod && !options.kubeconfig) {
    environment.variable =
        [variable = environment.variable](const char* name) -> std::optional<std::string> {
      const std::string_view wanted(name);
      if (wanted == "KUBECONFIG" || wanted == "HOME") return std::nullopt;
      return variable(name);
    };
  }
  return load_config(flags, environment);
}

/// The exit status.
Result<int> run(bulla::Options options) {
  auto environment = bulla::kube::process_environment();
  options.own_namespace = bulla::own_namespace(environment.variable("POD_NAMESPACE"),
                                               environment.service_account_directory);
  auto config = find_cluster(options);
  if (!config) return config.error();

  net::io_context io;
  bulla::kube::ClientOptions client_options;
  client_options.user_agent = "sealed-secrets-controller/" BULLA_VERSION;
  auto client = bulla::kube::Client::create(io.get_executor(), std::move(*config), client_options);
  if (!client) return client.error();
  auto controller = bulla::Controller::create(
      {std::move(options), *client, bulla::system_clock(), bulla::system_random()});
  if (!controller) return controller.error();

  net::signal_set stop_signals(io, SIGTERM, SIGINT);
  stop_signals.async_wait([&](boost::system::error_code error, int) {
    if (error) return;
    bulla::end_process_within(stop_time_max);
    (*controller)->stop();
  });
  net::signal_set renew_signal(io, SIGUSR1);
  std::function<void()> wait_for_renewal = [&] {
    renew_signal.async_wait([&](boost::system::error_code error, int) {
      if (error) return;
      (*controller)->renew_key();
      wait_for_renewal();
    });
  };
  wait_for_renewal();

  int status = 0;
  net::co_spawn(io, (*controller)->run(), [&](std::exception_ptr failure, Result<void> ended) {
    stop_signals.cancel();
    renew_signal.cancel();
    if (failure) std::rethrow_exception(failure);
    if (!ended) status = exit_failure;
  });
  io.run();
  return status;
}

int controller_program(std::span<const char* const> arguments) {
  auto line = bulla::parse_command_line(arguments);
  if (!line) {
    std::string text = "error: " + line.error().message + "\n";
    for (const auto& hint : line.error().hints) text += "hint: " + hint + "\n";
    print(stderr, text + "Usage: controller [flags] (see --help)\n");
    return exit_usage;
  }
  if (line->mode == bulla::CommandLine::Mode::help) {
    print(stdout, bulla::help_text());
    return 0;
  }
  if (line->mode == bulla::CommandLine::Mode::version) {
    print(stdout, "controller version: " + std::string(bulla::contract_version) + "\n");
    return 0;
  }

  bulla::configure_log(line->options.log);
  for (const auto& sentence : line->notices) bulla::log_info(sentence);
  const auto status = run(std::move(line->options));
  if (status) return *status;
  bulla::log_error("Error starting the controller", {{"error", status.error().message}});
  return exit_failure;
}

}  // namespace

int main(int argc, char** argv) {
  bulla::harden_process();
  bulla::protect_private_keys(bulla::limits::key_heap_bytes);
  try {
    return controller_program(
        {argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  } catch (const std::exception&) {
    // Never its text: a library's message may quote what it was working on.
    std::fputs("error: an unexpected failure inside the controller; please report it\n", stderr);
  }
  return exit_failure;
}
