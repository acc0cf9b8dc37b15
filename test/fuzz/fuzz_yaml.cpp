// SPDX-License-Identifier: Apache-2.0
// YAML: what is read is written and read back as the same, and as an object too.
#include "base/yaml.hpp"
#include "fuzz/check.hpp"
#include "fuzz/objects.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  const auto text = as_text({data, size});
  if (const auto values = read_yaml(text)) {
    for (const auto& value : *values) {
      SecretBuffer written;
      append_yaml(written, value);
      const auto again = read_yaml(written.expose_secret_text());
      FUZZ_CHECK(again.has_value());
      FUZZ_CHECK(again->size() == 1);
      FUZZ_CHECK(again->front() == value);
    }
  }
  test::check_objects(text);
  return 0;
}
