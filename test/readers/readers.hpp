// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace bulla::test {

/// Something that reads text which others wrote. What it makes of the text lives while it is
/// measured.
struct Reader {
  std::string_view name;
  void (*read)(std::string_view text);
  /// What is more than this is refused before it is read.
  std::size_t text_bytes_max;
};

/// Every reader there is that neither waits for a network nor for another program.
[[nodiscard]] const std::vector<Reader>& all_readers();

/// The most that any of them may allocate at a time for a text of this size (docs/limits.md).
[[nodiscard]] std::size_t reader_bytes_max(std::size_t text_bytes);

}  // namespace bulla::test
