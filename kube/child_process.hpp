// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace bulla::kube {

/// A program that was started, and its standard output. However this object ends, the program does
/// before it.
///
/// Where no terminal controls us the program leads a process group of its own, so that what it
/// starts ends with it; a signal that ends us is passed on to that group. At a terminal it stays in
/// ours: there Ctrl-C reaches both, and the program may ask its questions.
class ChildProcess {
 public:
  struct Start {
    std::string path;
    char* const* arguments;    ///< ends with a null pointer, as the next
    char* const* environment;  ///< both are read by start() alone
    bool has_our_input;        ///< else its standard input is empty
  };
  /// Starts it with our standard error, nothing else of ours open, and no signal blocked.
  /// Errors: invalid_input, in the operating system's words alone.
  [[nodiscard]] static Result<ChildProcess> start(const Start& start);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills what still runs.
  ~ChildProcess();

  /// Where its standard output can be read; reading never blocks (EAGAIN).
  [[nodiscard]] int output() const noexcept { return output_.get(); }
  /// Whether it has ended; what it started may go on.
  [[nodiscard]] bool has_ended() const noexcept;
  /// Its status as of waitpid(2), once it has ended: waits for that.
  [[nodiscard]] int wait();
  /// SIGTERM to it and its group, and SIGKILL to what is left when it has ended, or `grace` is
  /// over.
  void stop(std::chrono::milliseconds grace);

 private:
  ChildProcess(pid_t pid, bool leads_group, Descriptor output) noexcept;
  void signal(int number) const noexcept;

  pid_t pid_;  ///< 0: it was waited for
  bool leads_group_;
  Descriptor output_;
};

}  // namespace bulla::kube
