// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace bulla::test {

/// A terminal: what is written to `program` shows on `screen`.
struct PseudoTerminal {
  int screen = -1;
  int program = -1;
};
inline PseudoTerminal open_terminal() {
  PseudoTerminal terminal{::posix_openpt(O_RDWR | O_NOCTTY)};
  REQUIRE(terminal.screen >= 0);
  REQUIRE(::grantpt(terminal.screen) == 0);
  REQUIRE(::unlockpt(terminal.screen) == 0);
  std::array<char, 128> name{};
  REQUIRE(::ptsname_r(terminal.screen, name.data(), name.size()) == 0);
  terminal.program = ::open(name.data(), O_RDWR | O_NOCTTY);
  REQUIRE(terminal.program >= 0);
  return terminal;
}

/// A terminal that is standard error while it lives. It holds what was written: some kilobytes.
class TerminalErrors {
 public:
  TerminalErrors() : old_(::dup(STDERR_FILENO)) {
    const auto terminal = open_terminal();
    screen_ = terminal.screen;
    REQUIRE(::dup2(terminal.program, STDERR_FILENO) >= 0);
    ::close(terminal.program);
    ::setenv("TERM", "xterm", 1);  // NOLINT(concurrency-mt-unsafe)
    ::setenv("NO_COLOR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  }
  TerminalErrors(const TerminalErrors&) = delete;
  TerminalErrors& operator=(const TerminalErrors&) = delete;
  ~TerminalErrors() {
    ::dup2(old_, STDERR_FILENO);
    ::close(old_);
    ::close(screen_);
  }

  /// What was written since the last call.
  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    std::string out;
    pollfd ready{screen_, POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
      std::array<char, 4096> buffer{};
      const auto count = ::read(screen_, buffer.data(), buffer.size());
      if (count <= 0) break;
      out.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return out;
  }

 private:
  int screen_ = -1;
  int old_;
};

}  // namespace bulla::test
