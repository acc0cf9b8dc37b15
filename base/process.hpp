// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace bulla {

/// Makes this process fit to hold secrets; call it first in main(), before threads:
/// no core dumps (RLIMIT_CORE 0), no debugger or /proc/PID/mem for the same user (PR_SET_DUMPABLE
/// 0), a broken pipe is an error and not a death (SIGPIPE ignored). Where the program is linked
/// statically, host names are looked up in /etc/hosts and DNS alone: no module of the machine is
/// loaded.
void harden_process() noexcept;

/// Gives this thread only what others leave of the cores (nice 10).
void lower_thread_priority() noexcept;

/// The time that this thread has had a core: what waits, or is held back by a CPU limit, does not
/// count.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time() noexcept;

/// From now on the process ends within `limit`, whatever its threads do then: with a line on
/// standard error and status 1, unless it has ended by itself.
void end_process_within(std::chrono::seconds limit) noexcept;

}  // namespace bulla
