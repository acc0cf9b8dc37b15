// SPDX-License-Identifier: Apache-2.0
// JSON, as kubeseal reads it from a file: one value after another.
#include "fuzz/check.hpp"
#include "fuzz/objects.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  const auto text = as_text({data, size});
  if (const auto documents = read_documents(text)) {
    for (const auto& document : *documents) {
      const auto written = print_json(document.value);
      const auto again = read_documents(written.expose_secret_text());
      FUZZ_CHECK(again.has_value());
      FUZZ_CHECK(again->size() == 1);
      FUZZ_CHECK(again->front().value == document.value);
    }
  }
  test::check_objects(text);
  return 0;
}
