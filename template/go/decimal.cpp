// SPDX-License-Identifier: Apache-2.0
#include "template/go/decimal.hpp"

#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/secret.hpp"

namespace bulla::tmpl::go {
namespace {

namespace mp = boost::multiprecision;
// Without expression templates: they gain little here, and analysers see ghosts in them.
using Integer = mp::number<
    mp::cpp_int_backend<0, 0, mp::signed_magnitude, mp::unchecked, WipingAllocator<mp::limb_type>>,
    mp::et_off>;

constexpr int quotient_decimals = 16;

struct Decimal {
  Integer digits;
  int exponent = 0;  ///< of ten
};

Integer power(int exponent) { return mp::pow(Integer(10), static_cast<unsigned>(exponent)); }

/// `value` is finite.
Decimal from_float(double value) {
  std::array<char, 64> text{};
  // Shortest form, "d.ddddde[+-]dd": read the digits, and move the point behind the last one.
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific)
          .ptr;
  Decimal out;
  std::int64_t digits = 0;
  const char* at = text.data();
  const bool negative = *at == '-';
  if (negative) ++at;
  bool after_point = false;
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      after_point = true;
      continue;
    }
    digits = digits * 10 + (*at - '0');
    if (after_point) --out.exponent;
  }
  int exponent = 0;
  if (at != end && *++at == '+') ++at;
  std::from_chars(at, end, exponent);
  out.exponent += exponent;
  out.digits = negative ? -digits : digits;
  sodium_memzero(text.data(), text.size());
  return out;
}

/// The digits as they are with the (lower) exponent.
Integer rescaled(const Decimal& number, int exponent) {
  return number.digits * power(number.exponent - exponent);
}

/// Rounded to quotient_decimals; `b` isn't 0.
Decimal quotient(const Decimal& a, const Decimal& b) {
  const int shift = a.exponent - b.exponent + quotient_decimals;
  const Integer dividend = shift >= 0 ? Integer(a.digits * power(shift)) : a.digits;
  const Integer divisor = shift >= 0 ? b.digits : Integer(b.digits * power(-shift));
  Decimal out{0, -quotient_decimals};
  Integer rest;
  mp::divide_qr(dividend, divisor, out.digits, rest);
  if (2 * mp::abs(rest) >= mp::abs(divisor)) out.digits += (dividend < 0) == (divisor < 0) ? 1 : -1;
  return out;
}

Decimal combine(DecimalOperation operation, const Decimal& a, const Decimal& b) {
  if (operation == DecimalOperation::divide) return quotient(a, b);
  if (operation == DecimalOperation::multiply)
    return {a.digits * b.digits, a.exponent + b.exponent};
  const int exponent = std::min(a.exponent, b.exponent);
  const auto left = rescaled(a, exponent);
  const auto right = rescaled(b, exponent);
  return {operation == DecimalOperation::add ? Integer(left + right) : Integer(left - right),
          exponent};
}

/// Rounds once, correctly: through decimal text, as the standard library reads it.
double to_float(const Decimal& number) {
  if (number.digits == 0) return 0;
  SecretBuffer reversed;
  const Integer chunk = 1'000'000'000;
  for (Integer rest = mp::abs(number.digits); rest != 0; rest /= chunk) {
    auto digits = static_cast<std::uint32_t>(Integer(rest % chunk));
    for (int i = 0; i < 9; ++i, digits /= 10) {
      const char digit = static_cast<char>('0' + digits % 10);
      reversed.append({&digit, 1});
    }
  }
  auto bytes = reversed.expose_secret();
  std::reverse(bytes.begin(), bytes.end());
  const auto exponent = std::to_string(number.exponent);
  reversed.append("e");
  reversed.append(exponent);
  const auto text = reversed.expose_secret_text();
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
    const bool large =
        static_cast<std::int64_t>(text.size()) + number.exponent > 0;  // else far below the least
    value = large ? std::numeric_limits<double>::infinity() : 0;
  }
  return number.digits < 0 ? -value : value;
}

}  // namespace

std::optional<double> decimal_fold(DecimalOperation operation, double first,
                                   std::span<const double> rest) {
  if (!std::isfinite(first)) return std::nullopt;
  auto result = from_float(first);
  for (const double value : rest) {
    if (!std::isfinite(value)) return std::nullopt;
    if (operation == DecimalOperation::divide && value == 0) return std::nullopt;
    result = combine(operation, result, from_float(value));
  }
  return to_float(result);
}

}  // namespace bulla::tmpl::go
