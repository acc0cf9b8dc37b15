// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <doctest/doctest.h>
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
