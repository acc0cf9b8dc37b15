// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <string>
#include <thread>

namespace bulla::test {

TEST_CASE("a process that hangs ends all the same, and says so") {
  std::array<int, 2> pipe_ends{};
  REQUIRE(::pipe(pipe_ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(pipe_ends[1], STDERR_FILENO);
    end_process_within(std::chrono::seconds(1));
    while (true) ::pause();
  }
  ::close(pipe_ends[1]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  std::array<char, 200> said{};
  const auto size = ::read(pipe_ends[0], said.data(), said.size());
  ::close(pipe_ends[0]);
  REQUIRE(size > 0);
  CHECK(std::string(said.data(), static_cast<std::size_t>(size)) ==
        "error: what was under way did not end in time; ending anyway\n");
}

TEST_CASE(
    "a process that holds secrets leaves no core, shows its memory to nobody, outlives a pipe") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    harden_process();
    rlimit core{};
    const bool no_core =
        ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
    struct sigaction pipe {};
    const bool ignores_pipe =
        ::sigaction(SIGPIPE, nullptr, &pipe) == 0 && pipe.sa_handler == SIG_IGN;
    const bool hidden = ::prctl(PR_GET_DUMPABLE) == 0;
    ::_exit((no_core ? 1 : 0) + (ignores_pipe ? 2 : 0) + (hidden ? 4 : 0));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1 + 2 + 4);
}

TEST_CASE("a thread takes what others leave, and it alone") {
  const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
  const int before = niceness();
  int of_the_other = 0;
  std::thread other([&] {
    lower_thread_priority();
    of_the_other = niceness();
  });
  other.join();
  CHECK(of_the_other == 10);
  CHECK(niceness() == before);
}

TEST_CASE("a thread's time is counted while it has a core, not while it waits") {
  std::promise<void> let_go;
  std::chrono::nanoseconds waited{};
  std::thread other([&] {
    const auto start = thread_cpu_time();
    let_go.get_future().wait();
    waited = thread_cpu_time() - start;
  });
  constexpr std::chrono::milliseconds work(50);
  const auto start = thread_cpu_time();
  while (thread_cpu_time() - start < work) {
  }
  let_go.set_value();
  other.join();
  CHECK(waited < work);
}

}  // namespace bulla::test
