// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_plugin.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ranges>

#include "base/file.hpp"
#include "base/text.hpp"

namespace bulla::kube {
namespace {

Error invalid(std::string message) { return {Errc::invalid_input, std::move(message)}; }

/// The operating system's words as Go has them: "permission denied".
std::string words_of(int number) { return to_lower(std::strerror(number)); }

/// Text from a file that may be printed: no escape sequence reaches the terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 4096)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
    out += control ? '?' : c;
  }
  return out;
}

bool is_program(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Error not_found(const ExecPlugin& plugin) {
  auto error = invalid("exec: executable " + printable(plugin.command) + " not found");
  if (!plugin.install_hint.empty()) {
    return std::move(error).hint(printable(plugin.install_hint));
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
    return invalid("exec: executable " + printable(command) + " cannot be run: " +
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

/// How the child starts: standard input as decided, standard output into our pipe, nothing else
/// open but standard error, and signals as a program expects them (we ignore SIGPIPE).
class SpawnOptions {
 public:
  SpawnOptions(bool interactive, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    if (!interactive) {
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    sigset_t defaults;
    sigemptyset(&defaults);
    ::posix_spawnattr_setsigmask(&attributes_, &defaults);
    sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_ = {};
  posix_spawnattr_t attributes_ = {};
};

/// Starts the program; its standard output goes to `output`, which is closed on our side.
Result<pid_t> start(const ExecPlugin& plugin, const std::string& path, bool interactive,
                    int output) {
  std::vector<std::string> words = {plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ChildEnvironment environment(plugin, interactive);
  const SpawnOptions options(interactive, output);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, path.c_str(), options.actions(), options.attributes(),
                                    arguments.data(), environment.pointers());
  ::close(output);
  if (failure == 0) return child;
  return invalid("exec: executable " + printable(plugin.command) +
                 " cannot be run: " + words_of(failure));
}

/// Waits for the child's end; an error unless that was exit status 0.
Result<void> wait_for(pid_t child, const ExecPlugin& plugin) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Error{Errc::internal, "exec: waitpid: " + words_of(errno)};
  }
  const auto name = "exec: executable " + printable(plugin.command);
  if (WIFSIGNALED(status)) {
    return invalid(name + " was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == 0) return {};
  return invalid(name + " failed with exit code " + std::to_string(WEXITSTATUS(status)));
}

Result<SecretBuffer> output_of(const ExecPlugin& plugin, bool interactive) {
  auto path = find_program(plugin);
  if (!path) return path.error();
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error{Errc::internal, "exec: pipe: " + words_of(errno)};
  }
  auto child = start(plugin, *path, interactive, ends[1]);
  if (!child) {
    ::close(ends[0]);
    return child.error();
  }
  auto output =
      read_descriptor(ends[0], "the output of " + printable(plugin.command), exec_output_bytes_max);
  ::close(ends[0]);
  if (!output) ::kill(*child, SIGTERM);  // it would go on writing to nobody
  auto ended = wait_for(*child, plugin);
  if (!output) return output.error().during("exec");
  if (!ended) return ended.error();
  return output;
}

}  // namespace

Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin) {
  const auto interactive = decide_interactive(plugin);
  if (!interactive) return interactive.error();
  auto output = output_of(plugin, *interactive);
  if (!output) return output.error();
  return parse_exec_credential(output->expose_secret_text(), plugin.api_version);
}

}  // namespace bulla::kube
