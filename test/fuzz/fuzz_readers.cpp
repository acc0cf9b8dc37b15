// SPDX-License-Identifier: Apache-2.0
// No text makes any reader allocate more than is stated (docs/limits.md), measured at malloc.
#include <algorithm>
#include <string>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "fuzz/check.hpp"
#include "readers/allocation_meter.hpp"
#include "readers/readers.hpp"

namespace {

using namespace bulla;

/// HEAD \0 UNIT \0 TAIL becomes HEAD, so many UNITs that the text is worth measuring, and TAIL:
/// what is bad in small is found so in large. Anything else stays as it is.
std::string grown(std::string_view text) {
  constexpr std::size_t bytes_wanted = 2 * limits::kib;  // twelve readers, thousands of times
  const auto head = text.substr(0, text.find('\0'));
  if (head.size() == text.size()) return std::string(text);
  text.remove_prefix(head.size() + 1);
  const auto unit = text.substr(0, text.find('\0'));
  std::string out(head);
  while (!unit.empty() && out.size() < bytes_wanted) out.append(unit);
  return out.append(text.substr(std::min(unit.size() + 1, text.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = grown(as_text({data, size}));
  for (const auto& reader : test::all_readers()) {
    const test::AllocationMeter meter;
    reader.read(text);
    FUZZ_CHECK(meter.peak_bytes() <= test::reader_bytes_max(text.size()));
  }
  return 0;
}
