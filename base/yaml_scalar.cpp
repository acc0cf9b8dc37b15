// SPDX-License-Identifier: Apache-2.0
// What a plain scalar means: YAML 1.1 (http://yaml.org/type/) as Go's yaml.v2 implements it.
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "base/yaml.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 11> true_words{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                      "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> false_words{
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> null_words{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 3> nan_words{".nan", ".NaN", ".NAN"};
constexpr std::array<std::string_view, 6> inf_words{".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF"};
constexpr std::array<std::string_view, 3> minus_inf_words{"-.inf", "-.Inf", "-.INF"};

/// strconv.ParseInt(text, 0, 64) and ParseUint after it: prefixes 0x, 0o, 0b, and a bare 0 for
/// octal. "-0b101" works as well.
std::optional<json::value> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = text[1];
    base = letter == 'x' || letter == 'X' ? 16 : letter == 'b' || letter == 'B' ? 2 : 8;
    const bool two = base != 8 || letter == 'o' || letter == 'O';
    text.remove_prefix(two ? 2 : 1);
  }
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative) {
    if (magnitude > int64_max + 1) return std::nullopt;
    return json::value(static_cast<std::int64_t>(0 - magnitude));
  }
  if (magnitude <= int64_max) return json::value(static_cast<std::int64_t>(magnitude));
  return json::value(magnitude);
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const auto whole = digits();
  const bool point = i < text.size() && text[i] == '.';
  if (point) ++i;
  const auto fraction = point ? digits() : 0;
  if (whole + fraction == 0 || (whole == 0 && !point)) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::optional<double> parse_float(std::string_view text) {
  if (!looks_like_float(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "2001-01-01" and friends stay text: a quick look is enough to keep them from being numbers,
/// which no text with a '-' inside is anyhow.
std::optional<json::value> parse_number(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain += c;
  }
  if (auto integer = parse_integer(plain)) return integer;
  if (auto number = parse_float(plain)) return json::value(*number);
  return std::nullopt;
}

}  // namespace

json::value resolve_yaml_scalar(std::string_view text) {
  if (is_one_of(text, null_words)) return nullptr;
  if (is_one_of(text, true_words)) return true;
  if (is_one_of(text, false_words)) return false;
  if (is_one_of(text, nan_words)) return std::numeric_limits<double>::quiet_NaN();
  if (is_one_of(text, inf_words)) return std::numeric_limits<double>::infinity();
  if (is_one_of(text, minus_inf_words)) return -std::numeric_limits<double>::infinity();
  const char first = text.front();
  if (is_digit(first) || first == '-' || first == '+') {
    if (auto number = parse_number(text)) return *number;
  } else if (first == '.') {
    if (auto number = parse_float(text)) return *number;
  }
  return json::value(text, wiping_storage());
}

}  // namespace bulla
