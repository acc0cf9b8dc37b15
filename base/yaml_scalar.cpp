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
#include "base/yaml_parser.hpp"

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

/// [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)? : YAML 1.1 readers take it for a number to
/// the base of 60, so it is quoted.
bool is_base60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  std::size_t i = 0;
  if (!digit(i)) return false;
  while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
  std::size_t groups = 0;
  while (i < text.size() && text[i] == ':' && digit(i + 1)) {
    const bool two = digit(i + 2) && text[i + 1] <= '5';
    i += two ? 3 : 2;
    ++groups;
  }
  if (groups == 0) return false;
  if (i < text.size() && text[i] == '.') {
    for (++i; digit(i) || (i < text.size() && text[i] == '_');) ++i;
  }
  return i == text.size();
}

/// "2001-01-01", also with a time: text, but YAML 1.1 readers would take it for a date.
bool is_timestamp(std::string_view text) {
  if (text.size() < 8 || text[4] != '-') return false;
  for (std::size_t i = 0; i < 4; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  std::size_t i = 5;
  const auto field = [&](std::size_t digits_max, int most) {
    int value = 0;
    std::size_t digits = 0;
    for (; digits < digits_max && i < text.size() && text[i] >= '0' && text[i] <= '9'; ++digits)
      value = value * 10 + (text[i++] - '0');
    return digits > 0 && value <= most;
  };
  const auto is = [&](char c) { return i < text.size() && text[i] == c && ++i > 0; };
  if (!field(2, 12) || !is('-') || !field(2, 31)) return false;
  if (i == text.size()) return true;
  const bool with_zone = text[i] == 'T' || text[i] == 't';
  if (!with_zone && text[i] != ' ') return false;
  ++i;
  if (!field(2, 23) || !is(':') || !field(2, 59) || !is(':') || !field(2, 59)) return false;
  if (is('.') && !field(9, 999'999'999)) return false;
  if (!with_zone) return i == text.size();
  if (is('Z')) return i == text.size();
  if (!is('+') && !is('-')) return false;
  return field(2, 23) && is(':') && field(2, 59) && i == text.size();
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

bool yaml_stays_text(std::string_view text) {
  return resolve_yaml_scalar(text).is_string() && !is_base60(text) && !is_timestamp(text);
}

std::optional<SecretBuffer> yaml_key_text(const json::value& key) {
  if (const auto* text = key.if_string()) return SecretBuffer::copy_of(std::string_view(*text));
  if (const auto* truth = key.if_bool()) return SecretBuffer::copy_of(*truth ? "true" : "false");
  if (const auto* number = key.if_int64()) return SecretBuffer::copy_of(std::to_string(*number));
  if (const auto* number = key.if_uint64()) return SecretBuffer::copy_of(std::to_string(*number));
  if (const auto* number = key.if_double()) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), *number);
    return SecretBuffer::copy_of(std::string_view(text.data(), end));
  }
  return std::nullopt;
}

}  // namespace bulla
