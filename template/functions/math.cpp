// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "template/functions/common.hpp"
#include "template/go/decimal.hpp"
#include "template/go/number.hpp"

// Arithmetic on whatever can be taken for a number; integers wrap around as Go's do.
namespace bulla::tmpl {
namespace {

// --- integers -----------------------------------------------------------------------------------

std::int64_t wrap(std::uint64_t value) noexcept { return static_cast<std::int64_t>(value); }
std::uint64_t bits(const Value& value) { return static_cast<std::uint64_t>(to_int64(value)); }

Result<Value> add(Context&, Arguments arguments) {
  std::uint64_t sum = 0;
  for (const auto& argument : arguments) sum += bits(argument);
  return Value::int64(wrap(sum));
}
Result<Value> add1(Context&, Arguments arguments) {
  return Value::int64(wrap(bits(arguments[0]) + 1));
}
Result<Value> sub(Context&, Arguments arguments) {
  return Value::int64(wrap(bits(arguments[0]) - bits(arguments[1])));
}
Result<Value> mul(Context&, Arguments arguments) {
  std::uint64_t product = 1;
  for (const auto& argument : arguments) product *= bits(argument);
  return Value::int64(wrap(product));
}

Result<Value> div(Context& context, Arguments arguments) {
  const auto divisor = to_int64(arguments[1]);
  if (divisor == 0) return context.failure("runtime error: integer divide by zero");
  // The least number has no positive counterpart: dividing it by -1 overflows in the processor.
  if (divisor == -1) return Value::int64(wrap(0 - bits(arguments[0])));
  return Value::int64(to_int64(arguments[0]) / divisor);
}
Result<Value> mod(Context& context, Arguments arguments) {
  const auto divisor = to_int64(arguments[1]);
  if (divisor == 0) return context.failure("runtime error: integer divide by zero");
  return Value::int64(divisor == -1 ? 0 : to_int64(arguments[0]) % divisor);
}

template <class Better>
Result<Value> best(Arguments arguments, Better better) {
  auto out = to_int64(arguments[0]);
  for (const auto& argument : arguments.subspan(1)) {
    if (better(to_int64(argument), out)) out = to_int64(argument);
  }
  return Value::int64(out);
}
Result<Value> max(Context&, Arguments arguments) {
  return best(arguments, std::greater<std::int64_t>());
}
Result<Value> min(Context&, Arguments arguments) {
  return best(arguments, std::less<std::int64_t>());
}

// --- floats -------------------------------------------------------------------------------------

Result<Value> fold(Context& context, go::DecimalOperation operation, double first,
                   Arguments others) {
  std::vector<double> rest;
  for (const auto& other : others) rest.push_back(to_float64(other));
  if (auto spent = context.spend_steps(rest.size()); !spent) return std::move(spent).error();
  const auto result = go::decimal_fold(operation, first, rest);
  if (!result) return context.failure("decimal division by 0, or a number that isn't finite");
  return Value::real(*result);
}
Result<Value> addf(Context& context, Arguments arguments) {
  return fold(context, go::DecimalOperation::add, 0, arguments);
}
Result<Value> add1f(Context& context, Arguments arguments) {
  const Value one[] = {Value::integer(1)};
  return fold(context, go::DecimalOperation::add, to_float64(arguments[0]), one);
}
Result<Value> subf(Context& context, Arguments arguments) {
  return fold(context, go::DecimalOperation::subtract, to_float64(arguments[0]),
              arguments.subspan(1));
}
Result<Value> mulf(Context& context, Arguments arguments) {
  return fold(context, go::DecimalOperation::multiply, to_float64(arguments[0]),
              arguments.subspan(1));
}
Result<Value> divf(Context& context, Arguments arguments) {
  return fold(context, go::DecimalOperation::divide, to_float64(arguments[0]),
              arguments.subspan(1));
}

/// math.Max, or with `sign` -1 math.Min: an infinity wins over NaN, and NaN over all else; of two
/// zeros the one that is better by its sign.
double better_float(double a, double b, double sign) noexcept {
  const double best = sign * std::numeric_limits<double>::infinity();
  if (a == best || b == best) return best;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) == (sign < 0) ? a : b;
  return sign * a > sign * b ? a : b;
}
Result<Value> best_float(Arguments arguments, double sign) {
  double out = to_float64(arguments[0]);
  for (const auto& argument : arguments.subspan(1))
    out = better_float(out, to_float64(argument), sign);
  return Value::real(out);
}
Result<Value> maxf(Context&, Arguments arguments) { return best_float(arguments, 1); }
Result<Value> minf(Context&, Arguments arguments) { return best_float(arguments, -1); }

Result<Value> ceil(Context&, Arguments arguments) {
  return Value::real(std::ceil(to_float64(arguments[0])));
}
Result<Value> floor(Context&, Arguments arguments) {
  return Value::real(std::floor(to_float64(arguments[0])));
}

Result<Value> round(Context&, Arguments arguments) {
  const double up_from = arguments.size() > 2 ? arguments[2].as_real() : 0.5;
  const double power = go::power_of_ten(arguments[1].as_integer());
  const double shifted = power * to_float64(arguments[0]);
  double whole = 0;
  // Of a negative number the fraction is negative too, so that it goes down, away from 0.
  const double fraction = std::modf(shifted, &whole);
  return Value::real((fraction >= up_from ? std::ceil(shifted) : std::floor(shifted)) / power);
}

// --- conversions --------------------------------------------------------------------------------

Result<Value> int_(Context&, Arguments arguments) { return Value::integer(to_int64(arguments[0])); }
Result<Value> int64(Context&, Arguments arguments) { return Value::int64(to_int64(arguments[0])); }
Result<Value> float64(Context&, Arguments arguments) {
  return Value::real(to_float64(arguments[0]));
}
Result<Value> atoi(Context&, Arguments arguments) {
  return Value::integer(go::parse_int(arguments[0].as_text(), 10).value);
}
Result<Value> to_decimal(Context& context, Arguments arguments) {
  const auto text = go_sprint(context, arguments);
  if (!text) return text.error();
  const auto parsed = go::parse_int(text->expose_secret_text(), 8);
  return Value::int64(parsed.error == go::NumberError::none ? parsed.value : 0);
}

constexpr auto any = Type::any;

constexpr Function table[] = {
    {"add", {{}, any}, add},
    {"add1", {any}, add1},
    {"add1f", {any}, add1f},
    {"addf", {{}, any}, addf},
    {"atoi", {Type::string}, atoi},
    {"biggest", {{any}, any}, max},
    {"ceil", {any}, ceil},
    {"div", {any, any}, div},
    {"divf", {{any}, any}, divf},
    {"float64", {any}, float64},
    {"floor", {any}, floor},
    {"int", {any}, int_},
    {"int64", {any}, int64},
    {"max", {{any}, any}, max},
    {"maxf", {{any}, any}, maxf},
    {"min", {{any}, any}, min},
    {"minf", {{any}, any}, minf},
    {"mod", {any, any}, mod},
    {"mul", {{any}, any}, mul},
    {"mulf", {{any}, any}, mulf},
    {"round", {{any, Type::int_}, Type::float64}, round},
    {"sub", {any, any}, sub},
    {"subf", {{any}, any}, subf},
    {"toDecimal", {any}, to_decimal},
};

}  // namespace

std::span<const Function> math_functions() noexcept { return table; }

}  // namespace bulla::tmpl
