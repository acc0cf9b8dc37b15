// SPDX-License-Identifier: Apache-2.0
// Plugins that do not end by themselves. What they print is in credentials_test.cpp.
#include "kube/exec_plugin.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/descriptor.hpp"
#include "place.hpp"

namespace bulla::kube {
namespace {

using test::Place;

const std::string answer =
    R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
    R"("status":{"token":"t"}})";

/// A plugin of these lines of shell, which find their folder in $1.
ExecPlugin plugin_of(const Place& place, const std::string& lines) {
  ExecPlugin plugin;
  plugin.command = place.write("plugin", "#!/bin/sh\nset -eu\n" + lines);
  std::filesystem::permissions(plugin.command, std::filesystem::perms::owner_all);
  plugin.arguments = {place.folder};
  plugin.api_version = exec_api_v1;
  plugin.interactive_mode = exec_never;
  return plugin;
}

/// Runs `run` in a process without a terminal, wherever this test runs.
pid_t without_terminal(const std::function<bool()>& run) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  ::setsid();
  (void)::signal(SIGTERM, SIG_DFL);  // doctest handles it
  ::_exit(run() ? 0 : 1);
}

int status_of(pid_t child) {
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

/// A named pipe that says who lives: reading it ends when all who opened it for writing have.
class Lives {
 public:
  explicit Lives(const Place& place) : path_(place.folder / "lives") {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    pipe_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(pipe_);
    REQUIRE(::fcntl(pipe_.get(), F_SETFL, 0) == 0);
    // Else reading ended before anybody has opened it.
    own_end_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  }
  /// Waits for a word: who writes it is there.
  void wait_for_start() {
    char letter = 0;
    REQUIRE(::read(pipe_.get(), &letter, 1) == 1);
    own_end_.close();
  }
  /// Waits until nobody is left.
  void wait_for_end() {
    own_end_.close();
    char letter = 0;
    while (::read(pipe_.get(), &letter, 1) == 1) continue;
  }

 private:
  std::string path_;
  Descriptor pipe_;
  Descriptor own_end_;
};

constexpr ExecPatience hasty{.time_max = std::chrono::milliseconds(50),
                             .output_after_end_max = std::chrono::milliseconds(0),
                             .grace = std::chrono::milliseconds(50)};

}  // namespace

TEST_CASE("a plugin that does not end is ended, even if it ignores SIGTERM") {
  const Place place;
  const auto plugin = plugin_of(place, "trap '' TERM\nexec sleep 1000\n");
  const auto credential = run_exec_plugin(plugin, hasty);
  REQUIRE_FALSE(credential.has_value());
  CHECK(credential.error().code == Errc::unavailable);
  CHECK(credential.error().message ==
        "exec: executable " + plugin.command + " did not end within 1 s");
}

TEST_CASE("the time that a plugin has is that of the request, if it is shorter") {
  const Place place;
  auto plugin = plugin_of(place, "exec sleep 1000\n");
  plugin.time_max = std::chrono::milliseconds(10);
  const auto credential = run_exec_plugin(plugin);
  REQUIRE_FALSE(credential.has_value());
  CHECK(credential.error().code == Errc::unavailable);
}

TEST_CASE("what a plugin started ends with it") {
  const Place place;
  Lives lives(place);
  const auto plugin = plugin_of(place,
                                "trap '' TERM\nexec 9>\"$1/lives\"\n"
                                "sleep 1000 &\necho started >&9\n"
                                "head -c 1100000 /dev/zero\nexec sleep 1000\n");
  const auto child = without_terminal([&] {
    const auto credential = run_exec_plugin(plugin, {.grace = std::chrono::milliseconds(50)});
    return !credential && credential.error().message == "exec: read the output of " +
                                                            plugin.command +
                                                            ": larger than 1048576 bytes";
  });
  lives.wait_for_start();
  CHECK(status_of(child) == 0);
  lives.wait_for_end();
}

TEST_CASE("a signal that ends us ends a plugin, too") {
  const Place place;
  Lives lives(place);
  const auto plugin =
      plugin_of(place, "exec 9>\"$1/lives\"\necho started >&9\nsleep 1000 &\nwait\n");
  const auto child = without_terminal([&] { return run_exec_plugin(plugin).has_value(); });
  lives.wait_for_start();
  REQUIRE(::kill(child, SIGTERM) == 0);
  const int status = status_of(child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  lives.wait_for_end();
}

TEST_CASE("what a plugin leaves running keeps nobody waiting for its output") {
  const Place place;
  const auto plugin =
      plugin_of(place, "sleep 1000 &\necho $! >\"$1/pid\"\nprintf '%s' '" + answer + "'\n");
  const auto credential =
      run_exec_plugin(plugin, {.output_after_end_max = std::chrono::milliseconds(0)});
  CHECK(::kill(std::stoi(place.read("pid")), SIGKILL) == 0);
  REQUIRE(credential.has_value());
  CHECK(credential->token.expose_secret_text() == "t");
}

TEST_CASE("what a filter behind a plugin prints after its end is read") {
  const Place place;
  const auto plugin =
      plugin_of(place, "mkfifo \"$1/ends\"\n(cat \"$1/ends\" >/dev/null; printf '%s' '" + answer +
                           "') &\nexec 9>\"$1/ends\"\n");
  const auto credential =
      run_exec_plugin(plugin, {.output_after_end_max = std::chrono::minutes(5)});
  REQUIRE(credential.has_value());
  CHECK(credential->token.expose_secret_text() == "t");
}

}  // namespace bulla::kube
