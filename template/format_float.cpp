// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "template/format.hpp"

namespace bulla::tmpl {
namespace {

/// A decimal number 0.DIGITS x 10^point, without sign.
struct Decimal {
  std::string digits;
  int point = 0;
};

/// `precision` digits after the first one, correctly rounded; -1: as few as read back the same.
Decimal to_decimal(double value, int precision) {
  std::string text(static_cast<std::size_t>(std::max(precision, 0)) + 64, '\0');
  auto* const end = text.data() + text.size();
  const auto result =
      precision < 0
          ? std::to_chars(text.data(), end, value, std::chars_format::scientific)
          : std::to_chars(text.data(), end, value, std::chars_format::scientific, precision);
  text.resize(static_cast<std::size_t>(result.ptr - text.data()));
  const auto mark = text.find('e');
  Decimal out;
  out.digits = text.substr(0, mark);
  out.digits.erase(std::remove(out.digits.begin(), out.digits.end(), '.'), out.digits.end());
  out.point = 1;
  if (value != 0) {
    const auto* exponent = text.data() + mark + 1;
    if (*exponent == '+') ++exponent;
    int power = 0;
    std::from_chars(exponent, text.data() + text.size(), power);
    out.point += power;
  }
  return out;
}

char digit_at(const Decimal& number, int index) noexcept {
  const bool known = index >= 0 && static_cast<std::size_t>(index) < number.digits.size();
  return known ? number.digits[static_cast<std::size_t>(index)] : '0';
}

/// d.dddde±dd
std::string scientific(const Decimal& number, int precision, char mark) {
  std::string out(1, digit_at(number, 0));
  if (precision > 0) {
    out += '.';
    for (int i = 1; i <= precision; ++i) out += digit_at(number, i);
  }
  const bool zero = number.digits.find_first_not_of('0') == std::string::npos;
  const int power = zero ? 0 : number.point - 1;
  const auto magnitude = std::to_string(std::abs(power));
  out += mark;
  out += power < 0 ? '-' : '+';
  if (magnitude.size() < 2) out += '0';
  return out + magnitude;
}

/// ddd.ddd
std::string plain(const Decimal& number, int precision) {
  std::string out;
  for (int i = 0; i < number.point; ++i) out += digit_at(number, i);
  if (out.empty()) out = "0";
  if (precision > 0) {
    out += '.';
    for (int i = 0; i < precision; ++i) out += digit_at(number, number.point + i);
  }
  return out;
}

/// %e or %f, whichever suits the exponent.
std::string general(double value, int precision, char mark) {
  const bool shortest = precision < 0;
  if (precision == 0) precision = 1;
  auto number = to_decimal(value, shortest ? -1 : precision - 1);
  while (!shortest && number.digits.size() > 1 && number.digits.back() == '0')
    number.digits.pop_back();
  const auto count = static_cast<int>(number.digits.size());
  if (shortest) precision = 6;
  int threshold = precision;
  if (threshold > count && count >= number.point) threshold = count;
  if (shortest) threshold = 6;
  const int exponent = value == 0 ? 0 : number.point - 1;
  if (exponent < -4 || exponent >= threshold) return scientific(number, count - 1, mark);
  return plain(number, std::max(count - number.point, 0));
}

struct Binary {
  std::uint64_t mantissa;
  int exponent;
};

constexpr int mantissa_bits = 52;

/// mantissa x 2^(exponent - 52), without sign.
Binary to_binary(double value) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  Binary out{bits & ((std::uint64_t{1} << mantissa_bits) - 1),
             static_cast<int>(bits >> mantissa_bits & 0x7FF)};
  if (out.exponent == 0)
    ++out.exponent;
  else
    out.mantissa |= std::uint64_t{1} << mantissa_bits;
  out.exponent -= 1023;
  return out;
}

/// 4503599627370496p-52
std::string binary_exponent(double value) {
  const auto number = to_binary(value);
  const int exponent = number.exponent - mantissa_bits;
  return std::to_string(number.mantissa) + "p" + (exponent >= 0 ? "+" : "") +
         std::to_string(exponent);
}

/// 0x1.yyyp±dd; `mark` is x or X.
std::string hexadecimal(double value, int precision, char mark) {
  constexpr auto one = std::uint64_t{1};
  auto [mantissa, exponent] = to_binary(value);
  if (mantissa == 0) exponent = 0;
  mantissa <<= 60 - mantissa_bits;
  // NOLINTNEXTLINE(bugprone-infinite-loop): it does not see into structured bindings
  for (; mantissa != 0 && (mantissa & one << 60) == 0; mantissa <<= 1) --exponent;
  if (precision >= 0 && precision < 15) {
    const auto shift = static_cast<unsigned>(precision) * 4;
    const auto cut = mantissa << shift & ((one << 60) - 1);
    mantissa >>= 60 - shift;
    if ((cut | (mantissa & 1)) > one << 59) ++mantissa;
    mantissa <<= 60 - shift;
    if ((mantissa & one << 61) != 0) {
      mantissa >>= 1;
      ++exponent;
    }
  }
  const char* const digits = mark == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
  std::string out = {'0', mark, static_cast<char>('0' + (mantissa >> 60 & 1))};
  mantissa <<= 4;
  if (precision > 0 || (precision < 0 && mantissa != 0)) out += '.';
  for (int i = 0; precision < 0 ? mantissa != 0 : i < precision; ++i, mantissa <<= 4)
    out += digits[mantissa >> 60 & 15];
  const auto magnitude = std::to_string(std::abs(exponent));
  out += mark == 'x' ? 'p' : 'P';
  out += exponent < 0 ? '-' : '+';
  if (magnitude.size() < 2) out += '0';
  return out + magnitude;
}

}  // namespace

std::string format_float(double value, char format, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  const std::string sign = std::signbit(value) ? "-" : "";
  value = std::fabs(value);
  switch (format) {
    case 'b': return sign + binary_exponent(value);
    case 'x':
    case 'X': return sign + hexadecimal(value, precision, format);
    case 'e':
    case 'E': {
      const auto number = to_decimal(value, precision);
      const auto digits = static_cast<int>(number.digits.size());
      return sign + scientific(number, precision < 0 ? digits - 1 : precision, format);
    }
    case 'f': {
      if (precision < 0) {
        const auto number = to_decimal(value, -1);
        const auto digits = static_cast<int>(number.digits.size());
        return sign + plain(number, std::max(digits - number.point, 0));
      }
      // 309 digits before the point at most.
      std::string text(static_cast<std::size_t>(precision) + 320, '\0');
      const auto result = std::to_chars(text.data(), text.data() + text.size(), value,
                                        std::chars_format::fixed, precision);
      text.resize(static_cast<std::size_t>(result.ptr - text.data()));
      return sign + text;
    }
    default: return sign + general(value, precision, format == 'G' ? 'E' : 'e');
  }
}

}  // namespace bulla::tmpl
