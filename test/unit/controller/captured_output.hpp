// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <iostream>
#include <string>

namespace bulla::test {

/// What this process writes to standard output and error while it lives: the controllers' log.
class CapturedOutput {
 public:
  CapturedOutput() {
    std::cout.flush();
    ::dup2(file_, STDOUT_FILENO);
    ::dup2(file_, STDERR_FILENO);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() {
    end();
    for (const int descriptor : {file_, stdout_, stderr_}) ::close(descriptor);
  }

  /// Writes on as before, with what was held back first, and returns that.
  std::string end() {
    std::cout.flush();
    ::dup2(stdout_, STDOUT_FILENO);
    ::dup2(stderr_, STDERR_FILENO);
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    REQUIRE(::pread(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    REQUIRE(::ftruncate(file_, 0) == 0);
    std::cout << text << std::flush;
    return text;
  }

 private:
  int file_ = ::memfd_create("output", MFD_CLOEXEC);
  int stdout_ = ::dup(STDOUT_FILENO);
  int stderr_ = ::dup(STDERR_FILENO);
};

}  // namespace bulla::test
