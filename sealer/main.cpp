// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <string>

#include "base/process.hpp"
#include "sealer/commands.hpp"
#include "sealer/options.hpp"
#include "sealer/terminal.hpp"

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

int kubeseal(std::span<const char* const> arguments) {
  const auto options = bulla::sealer::parse_options(arguments);
  if (!options) {
    bulla::sealer::print_error(options.error());
    std::fputs("usage: kubeseal [flags]; see kubeseal --help\n", stderr);
    return exit_usage;
  }
  for (const auto& notice : options->notices) std::printf("%s\n", notice.c_str());
  if (options->version) {
    std::printf("kubeseal version: %s\n", std::string(bulla::sealer::contract_version).c_str());
    return 0;
  }
  if (options->help) {
    std::fputs(bulla::sealer::help_text().c_str(), stdout);
    return 0;
  }
  if (std::fflush(stdout) != 0) return exit_failure;
  for (const auto& warning : options->warnings) bulla::sealer::warn(warning);
  if (const auto done = bulla::sealer::run(*options); !done) {
    bulla::sealer::print_error(done.error());
    return exit_failure;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bulla::harden_process();
  try {
    return kubeseal({argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  } catch (const std::exception&) {
    // Never its text: a library's message may quote what it was working on.
    std::fputs("error: an unexpected failure inside kubeseal; please report it\n", stderr);
  }
  return exit_failure;
}
