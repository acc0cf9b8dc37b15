// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace bulla {

/// How many bytes must be put in, taken out, replaced, or swapped with their neighbour to turn `a`
/// into `b`: to tell what a typing error meant. Both should be short: the work is size times size.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace bulla
