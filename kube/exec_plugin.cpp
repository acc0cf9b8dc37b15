// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_plugin.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ranges>

#include "base/text.hpp"
#include "kube/child_process.hpp"

namespace bulla::kube {
namespace {

Error invalid(std::string message) { return {Errc::invalid_input, std::move(message)}; }

/// The operating system's words as Go has them: "permission denied".
std::string words_of(int number) { return to_lower(std::strerror(number)); }

/// Text from a kubeconfig, for a message.
std::string shown(std::string_view text, LineEnds line_ends = LineEnds::escaped) {
  constexpr std::size_t shown_bytes_max = 4096;
  return printable(cut_to(text, shown_bytes_max), line_ends);
}

bool is_program(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Error not_found(const ExecPlugin& plugin) {
  auto error = invalid("exec: executable " + shown(plugin.command) + " not found");
  if (!plugin.install_hint.empty()) {
    return std::move(error).hint(shown(plugin.install_hint, LineEnds::kept));
  }
  return std::move(error).hint(
      "the kubeconfig gets credentials from this program: install it, or see https://kubernetes.io"
      "/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins");
}

/// The program's path. In $PATH only absolute folders count: what lies around where we happen to
/// stand is not run.
Result<std::string> find_program(const ExecPlugin& plugin) {
  const auto& command = plugin.command;
  if (command.find('/') != command.npos) {
    if (is_program(command)) return command;
    struct stat status = {};
    if (::stat(command.c_str(), &status) != 0) return not_found(plugin);
    return invalid("exec: executable " + shown(command) + " cannot be run: " +
                   (S_ISREG(status.st_mode) ? words_of(EACCES) : "it is not a file"));
  }
  const char* path = std::getenv("PATH");
  for (const auto folder : split(path == nullptr ? "" : path, ':')) {
    if (!folder.starts_with('/')) continue;
    auto candidate = std::string(folder) + "/" + command;
    if (is_program(candidate)) return candidate;
  }
  return not_found(plugin);
}

Result<bool> decide_interactive(const ExecPlugin& plugin) {
  if (plugin.interactive_mode == exec_never) return false;
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (plugin.interactive_mode == exec_if_available || terminal) return terminal;
  return invalid("exec plugin cannot support interactive mode: standard input is not a terminal");
}

/// "NAME=value" entries for the child, wiped when it has been started.
class ChildEnvironment {
 public:
  ChildEnvironment(const ExecPlugin& plugin, bool interactive) {
    set("KUBERNETES_EXEC_INFO", exec_info(plugin, interactive));
    for (const auto& variable : std::ranges::reverse_view(plugin.environment)) {
      if (!has(variable.name)) set(variable.name, variable.value.expose_secret_text());
    }
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (!has(text.substr(0, text.find('=')))) pointers_.push_back(*entry);
    }
    for (auto& entry : own_) {
      pointers_.push_back(reinterpret_cast<char*>(entry.expose_secret().data()));
    }
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char** pointers() noexcept { return pointers_.data(); }

 private:
  void set(std::string_view name, std::string_view value) {
    SecretBuffer entry;
    entry.reserve(name.size() + value.size() + 2);
    entry.append(name);
    entry.append("=");
    entry.append(value);
    entry.append(std::string_view("\0", 1));
    own_.push_back(std::move(entry));
  }
  [[nodiscard]] bool has(std::string_view name) const {
    for (const auto& entry : own_) {
      const auto text = entry.expose_secret_text();
      if (text.substr(0, text.find('=')) == name) return true;
    }
    return false;
  }
  std::vector<SecretBuffer> own_;
  std::vector<char*> pointers_;
};

std::string name_of(const ExecPlugin& plugin) {
  return "exec: executable " + shown(plugin.command);
}

Result<ChildProcess> start(const ExecPlugin& plugin, const std::string& path, bool interactive) {
  std::vector<std::string> words = {plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ChildEnvironment environment(plugin, interactive);
  auto child = ChildProcess::start({.path = path,
                                    .arguments = arguments.data(),
                                    .environment = environment.pointers(),
                                    .has_our_input = interactive});
  if (child) return child;
  return std::move(child).error().during(name_of(plugin) + " cannot be run");
}

using Clock = std::chrono::steady_clock;
/// Between two looks whether the plugin has ended: its last output is seen at once in any case.
constexpr int look_milliseconds = 10;

Error out_of_time(const ExecPlugin& plugin, std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return Error{Errc::unavailable,
               name_of(plugin) + " did not end within " + std::to_string(seconds) + " s"}
      .hint("it was ended; run it by hand to see what it waits for");
}

/// Appends what there is to read; whether it was the end. Errors: too much; the system's.
Result<bool> read_available(const ExecPlugin& plugin, int pipe, SecretBuffer& output) {
  constexpr std::size_t piece_bytes = 16 * limits::kib;
  const auto what = "exec: read the output of " + shown(plugin.command) + ": ";
  for (;;) {
    const auto size = output.size();
    output.resize(size + piece_bytes);
    const auto got = ::read(pipe, output.expose_secret().data() + size, piece_bytes);
    const int number = errno;
    output.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return true;
    if (output.size() > exec_output_bytes_max)
      return invalid(what + "larger than " + std::to_string(exec_output_bytes_max) + " bytes");
    if (got > 0 || number == EINTR) continue;
    if (number == EAGAIN) return false;
    return Error{Errc::internal, what + words_of(number)};
  }
}

/// All that the plugin prints, when it has ended.
Result<SecretBuffer> read_until_end(const ExecPlugin& plugin, const ChildProcess& child,
                                    std::chrono::milliseconds time_max,
                                    std::chrono::milliseconds output_after_end_max) {
  const auto end = Clock::now() + time_max;
  auto output_end = end;
  bool ended = false;
  bool read_all = false;
  SecretBuffer output;
  while (!ended || !read_all) {
    pollfd readable{.fd = read_all ? -1 : child.output(), .events = POLLIN, .revents = 0};
    (void)::poll(&readable, 1, look_milliseconds);
    if (!ended && child.has_ended()) {
      ended = true;
      output_end = std::min(end, Clock::now() + output_after_end_max);
    }
    if (!read_all) {
      auto at_end = read_available(plugin, child.output(), output);
      if (!at_end) return at_end.error();
      read_all = *at_end;
    }
    if (ended && Clock::now() >= output_end) break;
    if (!ended && Clock::now() >= end) return out_of_time(plugin, time_max);
  }
  return output;
}

/// An error unless `status`, as of waitpid(2), is that of success.
Result<void> check_status(int status, const ExecPlugin& plugin) {
  if (WIFSIGNALED(status))
    return invalid(name_of(plugin) + " was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) == 0) return {};
  return invalid(name_of(plugin) + " failed with exit code " + std::to_string(WEXITSTATUS(status)));
}

Result<SecretBuffer> output_of(const ExecPlugin& plugin, bool interactive,
                               const ExecPatience& patience) {
  auto path = find_program(plugin);
  if (!path) return path.error();
  auto child = start(plugin, *path, interactive);
  if (!child) return child.error();
  const auto time_max =
      interactive ? patience.time_max
                  : std::min(patience.time_max, plugin.time_max.value_or(patience.time_max));
  auto output = read_until_end(plugin, *child, time_max, patience.output_after_end_max);
  if (!output) {
    child->stop(patience.grace);
    return output.error();
  }
  if (auto checked = check_status(child->wait(), plugin); !checked) return checked.error();
  return output;
}

}  // namespace

Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin, const ExecPatience& patience) {
  const auto interactive = decide_interactive(plugin);
  if (!interactive) return interactive.error();
  auto output = output_of(plugin, *interactive, patience);
  if (!output) return output.error();
  return parse_exec_credential(output->expose_secret_text(), plugin.api_version);
}

}  // namespace bulla::kube
