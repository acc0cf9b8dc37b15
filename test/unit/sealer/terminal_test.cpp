// SPDX-License-Identifier: Apache-2.0
#include "sealer/terminal.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <termios.h>

#include <csignal>

#include "unit/sealer/terminal_errors.hpp"

namespace bulla::test {

namespace {

bool shows_typing(int terminal) {
  termios settings{};
  REQUIRE(::tcgetattr(terminal, &settings) == 0);
  return (settings.c_lflag & ECHO) != 0;
}

/// A terminal that is standard input while it lives.
class TerminalInput {
 public:
  TerminalInput() : terminal_(open_terminal()), old_(::dup(STDIN_FILENO)) {
    REQUIRE(::dup2(terminal_.program, STDIN_FILENO) >= 0);
  }
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;
  ~TerminalInput() {
    ::dup2(old_, STDIN_FILENO);
    for (const int file : {old_, terminal_.program, terminal_.screen}) ::close(file);
  }
  [[nodiscard]] bool shows() const { return shows_typing(terminal_.program); }

 private:
  PseudoTerminal terminal_;
  int old_;
};

}  // namespace

TEST_CASE("what is typed does not show while it is hidden, and shows again") {
  const TerminalInput input;
  CHECK(input.shows());
  {
    const sealer::HiddenTyping hidden;
    CHECK_FALSE(input.shows());
  }
  CHECK(input.shows());
}

TEST_CASE("a terminal shows what is typed again when its program is interrupted") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    CAPTURE(signal);
    const TerminalInput input;
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      (void)::signal(signal, SIG_DFL);  // who runs the tests may ignore it: nohup
      const sealer::HiddenTyping hidden;
      ::raise(signal);
      ::_exit(7);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(input.shows());
  }
}

}  // namespace bulla::test
