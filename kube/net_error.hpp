// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace bulla::kube {

/// The operating system's words, as a clause: "connection refused".
[[nodiscard]] inline std::string words_of(const boost::system::error_code& code) {
  auto words = code.message();
  if (words.size() > 1 && words[1] >= 'a' && words[1] <= 'z') {
    words[0] = to_lower(words.substr(0, 1))[0];
  }
  return words;
}

[[nodiscard]] inline Error unavailable(std::string message) {
  return {Errc::unavailable, std::move(message)};
}

}  // namespace bulla::kube
