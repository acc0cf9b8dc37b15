// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bulla::test {

/// Bytes that must not be in some process's memory, and what to call them.
struct Needle {
  std::string what;
  std::string bytes;
  bool may_be_locked = false;  ///< no find where it lies in memory that is never swapped out
};

/// The needle itself, and the base64 text that it leaves wherever it stands in what is encoded;
/// `depth` 2: also that text encoded once more.
[[nodiscard]] std::vector<Needle> with_base64(const Needle& needle, int depth = 1);

struct Find {
  std::string what;
  std::string where;   ///< the mapping, as in /proc/PID/maps, or "anonymous"
  std::string before;  ///< the bytes in front of it and behind it, made printable
  std::string behind;
};

/// Searches everything that the process has mapped and may read.
/// Errors: std::system_error: no such process, or not allowed to (a process that is not dumpable
/// takes CAP_SYS_PTRACE).
[[nodiscard]] std::vector<Find> scan_memory(pid_t process, const std::vector<Needle>& needles);

}  // namespace bulla::test
