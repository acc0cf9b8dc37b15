// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/limits.hpp"

namespace bulla {

/// What a first look at an object may cost. Whatever needs more gets it, behind what is new.
struct QuickLook {
  std::size_t operations;               ///< with private keys
  std::chrono::milliseconds templates;  ///< of processor time
};

/// While so many namespaces want something: all their looks together take about as long as
/// limits::full_quick_looks of full length, until each is at its least.
[[nodiscard]] constexpr QuickLook quick_look_among(std::size_t namespaces) {
  const auto share = [namespaces](std::size_t full, std::size_t least) {
    if (namespaces <= limits::full_quick_looks) return full;
    return std::max(least, full * limits::full_quick_looks / namespaces);
  };
  return {share(limits::quick_operations_max, limits::quick_operations_min),
          std::chrono::milliseconds(share(limits::quick_template_milliseconds_max,
                                          limits::quick_template_milliseconds_min))};
}

}  // namespace bulla
