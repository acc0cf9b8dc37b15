// SPDX-License-Identifier: Apache-2.0
// YAML: what is read is written and read back as the same, and as an object too.
#include <algorithm>

#include "base/yaml.hpp"
#include "fuzz/check.hpp"
#include "fuzz/objects.hpp"

namespace {

/// The same value. A whole number that was written as no integer ("08", "8.0") is a double when it
/// is read, and is written as "8", as the reference writes it: numbers are the same by their value.
bool same(const boost::json::value& a, const boost::json::value& b) {
  if (a.is_number() && b.is_number()) {
    if (!a.is_double() && !b.is_double()) return a == b;
    return a.to_number<double>() == b.to_number<double>();
  }
  if (a.is_array() && b.is_array()) {
    return std::ranges::equal(a.get_array(), b.get_array(), same);
  }
  if (a.is_object() && b.is_object()) {
    return a.get_object().size() == b.get_object().size() &&
           std::ranges::all_of(a.get_object(), [&](const auto& member) {
             const auto* other = b.get_object().if_contains(member.key());
             return other != nullptr && same(member.value(), *other);
           });
  }
  return a == b;
}

}  // namespace

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
      FUZZ_CHECK(same(again->front(), value));
    }
  }
  test::check_objects(text);
  return 0;
}
