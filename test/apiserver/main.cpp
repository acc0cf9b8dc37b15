// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <charconv>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api_server.hpp"

namespace {

constexpr const char* usage =
    "usage: bulla-test-apiserver [--port N] [--token TEXT] [--kubeconfig-out FILE]\n"
    "         [--service-backend NAMESPACE/NAME=HOST:PORT]... [--crd FILE]...\n"
    "SIGHUP restarts it: every connection breaks, the objects stay. SIGTERM ends it.\n";

struct Backend {
  std::string service;
  std::string host;
  std::uint16_t port;
};

struct Arguments {
  bulla::test::ApiServer::Options options;
  std::string kubeconfig_path;
  std::vector<Backend> backends;
  std::vector<std::string> crd_paths;
};

std::uint16_t read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, port).ptr != end || text.empty()) {
    throw std::invalid_argument("\"" + std::string(text) + "\" is no port");
  }
  return port;
}

Backend read_backend(const std::string& text) {
  const auto equal = text.find('=');
  const auto colon = text.rfind(':');
  if (equal == std::string::npos || colon == std::string::npos || colon < equal) {
    throw std::invalid_argument("\"" + text + "\" is not NAMESPACE/NAME=HOST:PORT");
  }
  return {text.substr(0, equal), text.substr(equal + 1, colon - equal - 1),
          read_port(std::string_view(text).substr(colon + 1))};
}

Arguments read_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) throw std::invalid_argument(words[i] + " needs a value");
    const auto& value = words[i + 1];
    if (words[i] == "--port") {
      arguments.options.port = read_port(value);
    } else if (words[i] == "--token") {
      arguments.options.token = value;
    } else if (words[i] == "--kubeconfig-out") {
      arguments.kubeconfig_path = value;
    } else if (words[i] == "--service-backend") {
      arguments.backends.push_back(read_backend(value));
    } else if (words[i] == "--crd") {
      arguments.crd_paths.push_back(value);
    } else {
      throw std::invalid_argument("unknown option \"" + words[i] + "\"");
    }
  }
  return arguments;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::invalid_argument("reading " + path + ": it cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const Arguments& arguments) {
  // Blocked before any thread starts, so that only sigwait() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  bulla::test::ApiServer server(arguments.options);
  for (const auto& path : arguments.crd_paths) server.install_crd(read_file(path));
  for (const auto& backend : arguments.backends) {
    server.set_service_backend(backend.service, backend.host, backend.port);
  }
  if (!arguments.kubeconfig_path.empty()) {
    std::ofstream file(arguments.kubeconfig_path);
    if (!(file << server.kubeconfig() << std::flush)) {
      throw std::invalid_argument("writing " + arguments.kubeconfig_path + " failed");
    }
  }
  std::cout << "listening on " << server.url() << std::endl;
  int signal_number = 0;
  while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGHUP) {
    server.restart();
    std::cout << "listening again" << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "--help") {
    std::cout << usage;
    return 0;
  }
  try {
    run(read_arguments(words));
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n" << usage;
    return 1;
  }
  return 0;
}
