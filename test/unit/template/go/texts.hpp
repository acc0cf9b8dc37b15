// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace bulla::test {

/// To compare and print: nothing in these tests is secret.
[[nodiscard]] inline std::string plain(const SecretBuffer& text) {
  return std::string(text.expose_secret_text());
}

/// One argument and what is expected of it.
struct Mapped {
  std::string_view in;
  std::string_view out;
};

}  // namespace bulla::test
