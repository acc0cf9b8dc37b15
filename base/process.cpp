// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <nss.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace bulla {

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

}  // namespace bulla
