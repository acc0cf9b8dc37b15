// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"
#include "template/functions/json_text.hpp"

namespace bulla::tmpl {
namespace {

constexpr JsonStyle compact = {true, false};
constexpr JsonStyle pretty = {true, true};
constexpr JsonStyle raw = {false, false};

/// The text, or "" where there is none.
template <const JsonStyle& style>
Result<Value> write(Context& context, Arguments arguments) {
  auto written = to_json(context, arguments[0], style);
  if (!written) return std::move(written).error();
  return Value::string(std::move(written->text));
}

template <const JsonStyle& style>
Result<Value> must_write(Context& context, Arguments arguments) {
  auto written = to_json(context, arguments[0], style);
  if (!written) return std::move(written).error();
  if (!written->unsupported.empty())
    return context.failure("json: the value has no JSON form", written->unsupported);
  return Value::string(std::move(written->text));
}

Result<Value> read(Context& context, Arguments arguments) {
  auto read = from_json(context, arguments[0].as_text());
  if (!read) return std::move(read).error();
  return std::move(read->value);
}

Result<Value> must_read(Context& context, Arguments arguments) {
  auto read = from_json(context, arguments[0].as_text());
  if (!read) return std::move(read).error();
  if (!read->wrong.empty()) return context.failure("the text is not JSON", read->wrong);
  return std::move(read->value);
}

constexpr Function table[] = {
    {"fromJson", {Type::string}, read},
    {"mustFromJson", {Type::string}, must_read},
    {"mustToJson", {Type::any}, must_write<compact>},
    {"mustToPrettyJson", {Type::any}, must_write<pretty>},
    {"mustToRawJson", {Type::any}, must_write<raw>},
    {"toJson", {Type::any}, write<compact>},
    {"toPrettyJson", {Type::any}, write<pretty>},
    {"toRawJson", {Type::any}, must_write<raw>},  // sprig panics
};

}  // namespace

std::span<const Function> json_functions() noexcept { return table; }

}  // namespace bulla::tmpl
