// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/limits.hpp"
#include "kube/exec_credential.hpp"

namespace bulla::kube {

/// What a plugin may print. A token and a certificate with its chain are some kilobytes.
constexpr std::size_t exec_output_bytes_max = 1 * limits::mib;

/// Runs the plugin and reads what it prints.
///
/// The plugin has our environment and its own variables, our standard error, and our standard
/// input if its interactiveMode allows and that is a terminal. It inherits nothing else that is
/// open. What it prints is kept in memory that is wiped.
///
/// Blocks until the plugin ends: without a time limit, because it may be waiting for a person to
/// log in.
///
/// Errors: invalid_input, in client-go's words: `exec: executable aws not found` (with the
/// plugin's installHint as a hint), `exec: executable aws failed with exit code 1`, `exec plugin
/// cannot support interactive mode: standard input is not a terminal`, more output than
/// exec_output_bytes_max, and those of parse_exec_credential().
[[nodiscard]] Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin);

}  // namespace bulla::kube
