// SPDX-License-Identifier: Apache-2.0
#include "template/go/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/secret.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

char lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_ascii_digit(char c) noexcept { return c >= '0' && c <= '9'; }

unsigned digit_value(char c) noexcept {
  if (is_ascii_digit(c)) return static_cast<unsigned>(c - '0');
  const char letter = lower_ascii(c);
  return letter >= 'a' && letter <= 'z' ? static_cast<unsigned>(letter - 'a') + 10 : 255;
}

/// The base that "0x", "0o" or "0b" names, else 0.
unsigned prefixed_base(std::string_view text) noexcept {
  if (text.size() < 2 || text[0] != '0') return 0;
  switch (lower_ascii(text[1])) {
    case 'x': return 16;
    case 'o': return 8;
    case 'b': return 2;
    default: return 0;
  }
}

/// Whether each underscore stands between digits, or between a base prefix and a digit.
bool underscores_fit(std::string_view text) noexcept {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  bool hexadecimal = false;
  bool after_digit = false;
  if (const auto base = prefixed_base(text); base != 0) {
    hexadecimal = base == 16;
    after_digit = true;  // the prefix counts as a digit
    text.remove_prefix(2);
  }
  bool after_underscore = false;
  for (const char c : text) {
    const char letter = lower_ascii(c);
    const bool digit = is_ascii_digit(c) || (hexadecimal && letter >= 'a' && letter <= 'f');
    if (c == '_' && !after_digit) return false;
    if (after_underscore && !digit) return false;
    after_underscore = c == '_';
    after_digit = digit;
  }
  return !after_underscore;
}

Parsed<double> special_float(std::string_view text) noexcept {
  double sign = 1;
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (has_sign) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  const auto is = [&](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char c, char letter) { return lower_ascii(c) == letter; });
  };
  if (is("inf") || is("infinity"))
    return {sign * std::numeric_limits<double>::infinity(), NumberError::none};
  if (!has_sign && is("nan")) return {std::numeric_limits<double>::quiet_NaN(), NumberError::none};
  return {0, NumberError::syntax};
}

/// Whether `text` is digits with at most one point, and an exponent (which hexadecimal needs):
/// std::from_chars is more lenient.
bool is_float_syntax(std::string_view text, bool hexadecimal) noexcept {
  bool digits = false;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (digit_value(text[at]) < (hexadecimal ? 16U : 10U)) {
      digits = true;
    } else {
      break;
    }
  }
  if (!digits) return false;
  if (at == text.size()) return !hexadecimal;
  if (lower_ascii(text[at]) != (hexadecimal ? 'p' : 'e')) return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const auto exponent = text.substr(at);
  return !exponent.empty() && exponent.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Of a text without sign, prefix and underscores.
Parsed<double> finite_float(std::string_view text, bool negative, bool hexadecimal) noexcept {
  double value = 0;
  const auto format = hexadecimal ? std::chars_format::hex : std::chars_format::general;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (result.ec == std::errc::result_out_of_range) {
    // Too large, or too small: the sign of the exponent tells, or without one the digits do.
    const auto exponent = text.find_first_of(hexadecimal ? "pP" : "eE");
    const bool tiny = exponent != std::string_view::npos
                          ? text.substr(exponent + 1).starts_with('-')
                          : text.find_first_of("123456789") > text.find('.');
    if (tiny) return {negative ? -0.0 : 0.0, NumberError::none};
    const double infinity = std::numeric_limits<double>::infinity();
    return {negative ? -infinity : infinity, NumberError::range};
  }
  if (result.ec != std::errc() || result.ptr != text.data() + text.size())
    return {0, NumberError::syntax};
  return {negative ? -value : value, NumberError::none};
}

/// "12.00" to "12"; anything else as it is.
std::string_view without_zero_fraction(std::string_view text) noexcept {
  const auto last = text.find_last_not_of('0');
  const bool zeros = last != std::string_view::npos && last + 1 < text.size();
  return zeros && text[last] == '.' ? text.substr(0, last) : text;
}

}  // namespace

Parsed<std::uint64_t> parse_uint(std::string_view text, unsigned base) noexcept {
  const auto whole = text;
  const bool prefix_decides = base == 0;
  if (prefix_decides) {
    base = prefixed_base(text);
    if (base != 0) {
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
      base = 8;
      text.remove_prefix(1);
    } else {
      base = 10;
    }
  }
  if (text.empty()) return {0, NumberError::syntax};
  bool underscores = false;
  bool overflow = false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c == '_' && prefix_decides) {
      underscores = true;
      continue;
    }
    const auto digit = digit_value(c);
    if (digit >= base) return {0, NumberError::syntax};
    overflow = overflow || __builtin_mul_overflow(value, base, &value) ||
               __builtin_add_overflow(value, digit, &value);
  }
  if (underscores && !underscores_fit(whole)) return {0, NumberError::syntax};
  if (overflow) return {std::numeric_limits<std::uint64_t>::max(), NumberError::range};
  return {value, NumberError::none};
}

Parsed<std::int64_t> parse_int(std::string_view text, unsigned base) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = parse_uint(text, base);
  if (magnitude.error == NumberError::syntax) return {0, NumberError::syntax};
  constexpr std::uint64_t cutoff = std::uint64_t{1} << 63;
  if (!negative && magnitude.value >= cutoff)
    return {std::numeric_limits<std::int64_t>::max(), NumberError::range};
  if (negative && magnitude.value > cutoff)
    return {std::numeric_limits<std::int64_t>::min(), NumberError::range};
  const auto bits = negative ? 0 - magnitude.value : magnitude.value;
  return {static_cast<std::int64_t>(bits), NumberError::none};
}

Parsed<double> parse_float(std::string_view text) {
  if (const auto special = special_float(text); special.error == NumberError::none) return special;
  const bool underscores = text.find('_') != std::string_view::npos;
  if (underscores && !underscores_fit(text)) return {0, NumberError::syntax};
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = prefixed_base(text) == 16;
  if (hexadecimal) text.remove_prefix(2);

  SecretBuffer plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != '_') append_char(plain, c);
  }
  const auto digits = plain.expose_secret_text();
  if (!is_float_syntax(digits, hexadecimal)) return {0, NumberError::syntax};
  return finite_float(digits, negative, hexadecimal);
}

std::int64_t cast_to_int64(std::string_view text) noexcept {
  const auto parsed = parse_int(without_zero_fraction(text), 0);
  return parsed.error == NumberError::none ? parsed.value : 0;
}

double cast_to_float64(std::string_view text) {
  const auto parsed = parse_float(text);
  return parsed.error == NumberError::none ? parsed.value : 0;
}

std::int64_t truncate_to_int64(double value) noexcept {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!(value >= -limit && value < limit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

double power_of_ten(std::int64_t exponent) noexcept {
  // Go's own algorithm, since the last bit of a rounded number depends on it: multiply mantissas,
  // add exponents, and invert once at the end.
  if (exponent == 0) return 1;
  if (exponent == 1) return 10;
  double mantissa = 1;
  int binary_exponent = 0;
  int factor_exponent = 0;
  double factor = std::frexp(10.0, &factor_exponent);
  const auto magnitude = exponent < 0 ? 0 - static_cast<std::uint64_t>(exponent)
                                      : static_cast<std::uint64_t>(exponent);
  for (auto bits = magnitude; bits != 0; bits >>= 1) {
    if (factor_exponent < -(1 << 12) || factor_exponent > (1 << 12)) {
      binary_exponent += factor_exponent;  // it is infinite or zero by now
      break;
    }
    if ((bits & 1) != 0) {
      mantissa *= factor;
      binary_exponent += factor_exponent;
    }
    factor *= factor;
    factor_exponent *= 2;
    if (factor < 0.5) {
      factor += factor;
      --factor_exponent;
    }
  }
  if (exponent < 0) return std::ldexp(1 / mantissa, -binary_exponent);
  return std::ldexp(mantissa, binary_exponent);
}

}  // namespace bulla::tmpl::go
