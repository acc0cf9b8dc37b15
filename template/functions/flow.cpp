// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"

namespace bulla::tmpl {
namespace {

Result<Value> fail(Context& context, Arguments arguments) {
  // The author's own words, unless they were put together from the items.
  return context.failure("the template says to fail", arguments[0].as_text());
}

Result<Value> hello(Context&, Arguments) { return Value::string("Hello!"); }

constexpr Function table[] = {
    {"fail", {Type::string}, fail},
    {"hello", {}, hello},
};

}  // namespace

std::span<const Function> flow_functions() noexcept { return table; }

}  // namespace bulla::tmpl
