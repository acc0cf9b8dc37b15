// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/flags.hpp"
#include "kube/config.hpp"
#include "resource/scope.hpp"

namespace bulla::sealer {

/// The release of Sealed Secrets whose behaviour `kubeseal` has: what `--version` prints, because
/// scripts compare it with the controller's.
inline constexpr std::string_view contract_version = "0.40.0";

/// What the command line and the environment (SEALED_SECRETS_...) ask for.
struct Options {
  std::string certificate;  ///< --cert: a path or a URL; empty: ask the controller
  std::string controller_namespace = "kube-system";
  std::string controller_name = "sealed-secrets-controller";
  kube::ConfigFlags cluster;

  std::string input_file;   ///< empty: standard input
  std::string output_file;  ///< empty: standard output (--re-encrypt -f: in place); "-": that too
  std::string format = "json";
  bool format_given = false;
  Scope scope = Scope::strict;
  std::string name;
  bool allow_empty_data = false;

  bool fetch_certificate = false;
  bool raw = false;
  std::vector<std::string> from_files;
  std::string merge_into;
  bool validate = false;
  bool re_encrypt = false;
  bool recovery_unseal = false;
  std::vector<std::string> recovery_keys;
  bool version = false;
  bool help = false;

  std::vector<std::string> notices;   ///< to print before anything else: deprecated flags
  std::vector<std::string> warnings;  ///< what was typed and changes nothing
  /// A variable of the environment that says what its flag can't. (As a failure of the run, not of
  /// the command line: the reference passes such variables over, and goes on to fail or not.)
  std::optional<Error> environment_error;
};

/// Every flag, in the groups of the help, bound to `options`, which must outlive the set.
[[nodiscard]] FlagSet flags_of(Options& options);

/// Reads `arguments` (without the program's name) and the environment.
/// Errors: invalid_input: a flag that does not exist, or a value that it does not take; also those
/// of check_usage(), unless help or the version is asked for.
[[nodiscard]] Result<Options> parse_options(std::span<const char* const> arguments);

/// What `--help` prints.
[[nodiscard]] std::string help_text();

}  // namespace bulla::sealer
