// SPDX-License-Identifier: Apache-2.0
// kubeseal's command line. One argument a line, as a script would have put them together.
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "sealer/options.hpp"

namespace {

constexpr std::size_t arguments_max = 256;

bool is_one_line(const std::string& text) { return text.find('\n') == std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> lines;
  for (const auto line : bulla::split(text, '\n')) lines.emplace_back(line);
  lines.resize(std::min(lines.size(), arguments_max));
  std::vector<const char*> arguments;
  for (const auto& line : lines) arguments.push_back(line.c_str());

  const auto options = bulla::sealer::parse_options(arguments);
  if (!options) {
    FUZZ_CHECK(!options.error().message.empty());
    FUZZ_CHECK(is_one_line(options.error().message));
    return 0;
  }
  // What was read depends on nothing but the arguments: getopt keeps state between calls.
  const auto again = bulla::sealer::parse_options(arguments);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->input_file == options->input_file);
  FUZZ_CHECK(again->from_files == options->from_files);
  FUZZ_CHECK(again->scope == options->scope);
  return 0;
}
