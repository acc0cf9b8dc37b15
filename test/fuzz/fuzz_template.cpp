// SPDX-License-Identifier: Apache-2.0
// Templates: any text parses or is refused; what parses prints as a program that is the same; and
// running it ends within its bounds.
#include "fuzz/check.hpp"
#include "template/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulla;
  const auto program = tmpl::Template::parse("t", as_text({data, size}));
  if (!program) return 0;

  const auto printed = program->source();
  const auto again = tmpl::Template::parse("t", printed);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->source() == printed);

  tmpl::RunOptions options;
  options.limits.steps_max = 10'000;
  options.limits.output_bytes_max = 64 * 1024;
  options.limits.value_bytes_max = 64 * 1024;
  options.limits.memory_bytes_max = 1024 * 1024;
  options.limits.list_items_max = 10'000;
  tmpl::Items items;
  items["username"] = SecretBuffer::copy_of(std::string_view("admin"));
  items["password"] = SecretBuffer::copy_of(std::string_view("p@ss w0rd/\xC3\xA9\"'$"));
  items["json"] = SecretBuffer::copy_of(std::string_view("{\"a\":[1,2.5,null,{\"b\":true}]}"));
  items["csv"] = SecretBuffer::copy_of(std::string_view("alpha,beta,gamma"));
  items["bin"] = SecretBuffer::copy_of(std::string_view("a\0\xFF\xC3\xA9", 5));
  if (const auto output = program->run(items, options))
    FUZZ_CHECK(output->size() <= options.limits.output_bytes_max);
  return 0;
}
