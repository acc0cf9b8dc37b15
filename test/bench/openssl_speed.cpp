// SPDX-License-Identifier: Apache-2.0
#include "bench/openssl_speed.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace bulla::bench {

double openssl_rate(unsigned threads) {
  const std::string command =
      "openssl speed -mr -seconds 1 -multi " + std::to_string(threads) + " rsa4096 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 1000> line{};
  double found = 0;
  while (pipe && std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    // "+F2:index:bits:private operations a second:public ones"; the sum of several processes is
    // such a line too.
    const std::string text = line.data();
    if (!text.starts_with("+F2:")) continue;
    const auto bits = text.find(":4096:");
    if (bits == std::string::npos) continue;
    found = std::strtod(text.c_str() + bits + 6, nullptr);
  }
  return found;
}

}  // namespace bulla::bench
