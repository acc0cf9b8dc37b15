// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "template/functions/common.hpp"

// Runs of integers.
namespace bulla::tmpl {
namespace {

std::int64_t plus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// From `start` by `step` as long as `stop` isn't reached; nothing if it leads away from it.
Result<std::vector<std::int64_t>> steps(Context& context, std::int64_t start, std::int64_t stop,
                                        std::int64_t step) {
  std::vector<std::int64_t> out;
  const bool down = stop < start;
  if (down ? step >= 0 : step <= 0) return out;
  for (auto i = start; down ? i > stop : i < stop;) {
    out.push_back(i);
    if (auto affordable = context.afford_items(out.size()); !affordable)
      return std::move(affordable).error();
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return out;
}

Result<Value> int_list(Result<std::vector<std::int64_t>> numbers) {
  if (!numbers) return std::move(numbers).error();
  Values out;
  out.reserve(numbers->size());
  for (const auto number : *numbers) out.push_back(Value::integer(number));
  return Value::list(Type::int_list, std::move(out));
}

Result<Value> until(Context& context, Arguments arguments) {
  const auto count = arguments[0].as_integer();
  return int_list(steps(context, 0, count, count < 0 ? -1 : 1));
}

Result<Value> until_step(Context& context, Arguments arguments) {
  return int_list(steps(context, arguments[0].as_integer(), arguments[1].as_integer(),
                        arguments[2].as_integer()));
}

/// As the shell's seq: end, start and end, or start, step and end; the end belongs to it.
Result<Value> seq(Context& context, Arguments arguments) {
  if (arguments.empty() || arguments.size() > 3) return Value::string("");
  const auto start = arguments.size() == 1 ? 1 : arguments[0].as_integer();
  const auto end = arguments.back().as_integer();
  const std::int64_t direction = end < start ? -1 : 1;
  const auto step = arguments.size() == 3 ? arguments[1].as_integer() : direction;
  if (direction < 0 && step > 0) return Value::string("");
  auto numbers = steps(context, start, plus(end, direction), step);
  if (!numbers) return std::move(numbers).error();
  SecretBuffer out;
  for (const auto number : *numbers) {
    if (!out.empty()) out.append(" ");
    out.append(std::to_string(number));
  }
  return Value::string(std::move(out));
}

constexpr Function table[] = {
    {"seq", {{}, Type::int_}, seq},
    {"until", {Type::int_}, until},
    {"untilStep", {Type::int_, Type::int_, Type::int_}, until_step},
};

}  // namespace

std::span<const Function> sequence_functions() noexcept { return table; }

}  // namespace bulla::tmpl
