// SPDX-License-Identifier: Apache-2.0
#include "tools/controller_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bulla::test {

namespace net = boost::asio;

namespace {

constexpr auto poll = std::chrono::milliseconds(50);
constexpr auto patience = std::chrono::minutes(10);
constexpr std::size_t log_end_bytes = 2000;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string make_folder() {
  std::string name = std::filesystem::temp_directory_path() / "bulla-controller-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

/// "HTTP/1.1 200 OK ... body" as "200 body".
std::string send_and_read(std::uint16_t port, const std::string& request) {
  net::io_context io;
  net::ip::tcp::socket socket(io);
  socket.connect({net::ip::make_address("127.0.0.1"), port});
  boost::system::error_code ignored;  // refused early: the answer is there all the same
  net::write(socket, net::buffer(request), ignored);
  std::string answer;
  net::read(socket, net::dynamic_buffer(answer), ignored);
  const auto blank = answer.find("\r\n\r\n");
  if (blank == std::string::npos) throw std::runtime_error("the controller does not answer");
  return answer.substr(9, 4) + answer.substr(blank + 4);
}

}  // namespace

void wait_until(const std::string& what, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("no " + what + " in time");
    std::this_thread::sleep_for(poll);  // another process: there is nothing to wait on
  }
}

ControllerProcess::ControllerProcess(const std::string& program, const ApiServer& server,
                                     const std::vector<std::string>& flags)
    : folder_(make_folder()) {
  std::ofstream(folder_ + "/kubeconfig") << server.kubeconfig();
  start(program, flags);
  wait_until("controller", [this] {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      fail("the controller has ended at once");
    }
    http_port_ = port_after("HTTP server serving");
    metrics_port_ = port_after("HTTP metrics server serving");
    return http_port_ != 0 && metrics_port_ != 0;
  });
}

void ControllerProcess::start(const std::string& program, const std::vector<std::string>& flags) {
  std::vector<std::string> words = {
      program, "--kubeconfig=" + folder_ + "/kubeconfig", "--listen-addr=127.0.0.1:0",
      "--listen-metrics-addr=127.0.0.1:0", "--crash-marks-file=" + folder_ + "/marks"};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string own_namespace = "POD_NAMESPACE=kube-system";
  std::vector<char*> environment = {own_namespace.data(), nullptr};

  const std::string log = folder_ + "/log";
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const int failed =
      ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("can't run " + program);
}

ControllerProcess::~ControllerProcess() {
  if (pid_ != 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ControllerProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  if (status != 0) fail("the controller ended with status " + std::to_string(status));
}

std::uint16_t ControllerProcess::port_after(std::string_view message) const {
  const std::string text = log();
  const auto line = text.find(message);
  const auto address = text.find("addr=127.0.0.1:", line);
  if (line == std::string::npos || address == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::strtoul(text.c_str() + address + 15, nullptr, 10));
}

std::string ControllerProcess::log() const { return contents_of(folder_ + "/log"); }

void ControllerProcess::fail(const std::string& what) const {
  const std::string text = log();
  const auto end = text.size() > log_end_bytes ? text.size() - log_end_bytes : 0;
  throw std::runtime_error(what + "\n" + text.substr(end));
}

double ControllerProcess::metric(std::string_view name) const {
  const std::string text =
      send_and_read(metrics_port_, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string wanted = "\nsealed_secrets_controller_" + std::string(name) + " ";
  const auto line = text.find(wanted);
  if (line == std::string::npos) return 0;
  return std::strtod(text.c_str() + line + wanted.size(), nullptr);
}

std::string ControllerProcess::ask(std::string_view path, std::string_view body) const {
  return send_and_read(http_port_,
                       std::string(body.empty() ? "GET " : "POST ") + std::string(path) +
                           " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

ControllerProcess::Usage ControllerProcess::usage() const {
  const std::string proc = "/proc/" + std::to_string(pid_);
  const std::string status = contents_of(proc + "/status");
  const auto kib = [&status](const std::string& name) {
    const auto line = status.find("\n" + name + ":");
    return line == std::string::npos
               ? 0
               : std::strtol(status.c_str() + line + name.size() + 2, nullptr, 10);
  };
  // proc(5): the second field is the name in parentheses; the 14th and 15th are the times.
  const std::string stat = contents_of(proc + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return {kib("VmRSS"), kib("VmHWM"),
          (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

}  // namespace bulla::test
