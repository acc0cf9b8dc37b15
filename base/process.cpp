// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <nss.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string_view>

namespace bulla {

namespace {

/// In a signal handler: no lock, no memory, no destructors.
void end_now(int /*signal*/) {
  constexpr std::string_view line =
      "error: what was under way did not end in time; ending anyway\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(1);
}

}  // namespace

void harden_process() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): can't fail for SIGPIPE
#if BULLA_STATIC
  // The modules that nsswitch.conf names are made for the machine's C library, not for ours.
  ::__nss_configure_lookup("hosts", "files dns");
#endif
}

void lower_thread_priority() noexcept {
  constexpr int niceness = 10;
  // On Linux this is a property of threads, and lowering it needs no permission.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

std::chrono::nanoseconds thread_cpu_time() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void end_process_within(std::chrono::seconds limit) noexcept {
  struct sigaction action {};
  action.sa_handler = &end_now;
  ::sigaction(SIGALRM, &action, nullptr);
  ::alarm(static_cast<unsigned>(limit.count()));
}

}  // namespace bulla
