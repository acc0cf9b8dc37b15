// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/secret.hpp"

// Go's package path; path/filepath does the same on Unix.
namespace bulla::tmpl::go {

/// The shortest equivalent path, by its text alone: "." if nothing is left.
[[nodiscard]] SecretBuffer path_clean(std::string_view path);
/// The last element; "." of an empty path, "/" of slashes alone.
[[nodiscard]] std::string_view path_base(std::string_view path) noexcept;
/// All but the last element, cleaned.
[[nodiscard]] SecretBuffer path_dir(std::string_view path);
/// From the last dot of the last element on; may be empty.
[[nodiscard]] std::string_view path_ext(std::string_view path) noexcept;

}  // namespace bulla::tmpl::go
