// SPDX-License-Identifier: Apache-2.0
#include "kube/resource_version.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace bulla::kube {

namespace {

std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool is_older_version(std::string_view version, std::string_view than) noexcept {
  const auto left = number_in(version);
  const auto right = number_in(than);
  return left && right && *left < *right;
}

}  // namespace bulla::kube
