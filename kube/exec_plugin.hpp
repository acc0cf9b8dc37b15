// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "kube/exec_credential.hpp"

namespace bulla::kube {

/// What a plugin may print. A token and a certificate with its chain are some kilobytes.
constexpr std::size_t exec_output_bytes_max = 1 * limits::mib;

/// What a plugin's time is made of.
struct ExecPatience {
  /// Until it has printed all and ended. A person may be logging in, in a browser or at a
  /// telephone.
  std::chrono::milliseconds time_max = std::chrono::minutes(10);
  /// From its end until nobody holds its output any more: a filter behind it may still be writing,
  /// what it left running in the background never ends.
  std::chrono::milliseconds output_after_end_max = std::chrono::seconds(5);
  /// From SIGTERM to SIGKILL when its time is over.
  std::chrono::milliseconds grace = std::chrono::seconds(3);
};

/// Runs the plugin and reads what it prints.
///
/// The plugin has our environment and its own variables, our standard error, and our standard
/// input if its interactiveMode allows and that is a terminal. It inherits nothing else that is
/// open. What it prints is kept in memory that is wiped.
///
/// Blocks until the plugin ends, at most `patience.time_max`; where it can't ask a person, at most
/// plugin.time_max too. Then it is ended, with what it started (see ChildProcess).
///
/// Errors: unavailable: `exec: executable aws did not end within 600 s`; invalid_input, in
/// client-go's words: `exec: executable aws not found` (with the plugin's installHint as a hint),
/// `exec: executable aws failed with exit code 1`, `exec plugin cannot support interactive mode:
/// standard input is not a terminal`, more output than exec_output_bytes_max, and those of
/// parse_exec_credential().
[[nodiscard]] Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin,
                                                     const ExecPatience& patience = {});

}  // namespace bulla::kube
