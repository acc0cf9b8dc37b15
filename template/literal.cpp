// SPDX-License-Identifier: Apache-2.0
#include "template/literal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

Error syntax_error() { return {Errc::invalid_input, "invalid syntax"}; }

struct Unquoted {
  char32_t rune;
  bool is_byte;  ///< \x41 or \101: one byte, not a code point
};

std::optional<char32_t> take_digits(std::string_view& text, std::size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  const auto* const end = text.data() + count;
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

std::optional<Unquoted> unquote_escape(std::string_view& text, char quote) {
  if (text.empty()) return std::nullopt;
  const char c = text[0];
  text.remove_prefix(1);
  constexpr std::string_view names = "abfnrtv\\";
  constexpr std::string_view codes = "\a\b\f\n\r\t\v\\";
  if (const auto found = names.find(c); found != std::string_view::npos)
    return Unquoted{static_cast<char32_t>(codes[found]), true};
  if (c == '\'' || c == '"')
    return c == quote ? std::optional(Unquoted{static_cast<char32_t>(c), true}) : std::nullopt;

  std::optional<char32_t> value;
  if (c == 'x') {
    value = take_digits(text, 2, 16);
  } else if (c == 'u' || c == 'U') {
    value = take_digits(text, c == 'u' ? 4 : 8, 16);
    if (value && (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF))) return std::nullopt;
  } else if (c >= '0' && c <= '7') {
    text = std::string_view(text.data() - 1, text.size() + 1);
    value = take_digits(text, 3, 8);
    if (value && *value > 0xFF) return std::nullopt;
  }
  if (!value) return std::nullopt;
  return Unquoted{*value, c != 'u' && c != 'U'};
}

/// One character, escaped or not, from the front of what stands between quotes.
std::optional<Unquoted> unquote_rune(std::string_view& text, char quote) {
  if (text.empty() || text[0] == quote) return std::nullopt;
  if (text[0] == '\\') {
    text.remove_prefix(1);
    return unquote_escape(text, quote);
  }
  const auto rune = next_rune(text);
  text.remove_prefix(rune.size);
  return Unquoted{rune.code_point, false};
}

/// Go's rule: an underscore stands between digits, or between a base prefix and a digit.
bool underscores_are_right(std::string_view text) noexcept {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  char before = '^';
  bool hexadecimal = false;
  if (text.size() >= 2 && text[0] == '0') {
    const char base = static_cast<char>(text[1] | 0x20);
    if (base == 'b' || base == 'o' || base == 'x') {
      before = '0';  // a base prefix counts as a digit
      hexadecimal = base == 'x';
      text.remove_prefix(2);
    }
  }
  for (const char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = (c >= '0' && c <= '9') || (hexadecimal && lower >= 'a' && lower <= 'f');
    if (digit) {
      before = '0';
    } else if (c == '_') {
      if (before != '0') return false;
      before = '_';
    } else {
      if (before == '_') return false;
      before = '!';
    }
  }
  return before != '_';
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

std::size_t count_digits(std::string_view text, std::size_t& position, bool hexadecimal) noexcept {
  const auto start = position;
  for (; position < text.size(); ++position) {
    const char c = text[position];
    const char lower = static_cast<char>(c | 0x20);
    if (!((c >= '0' && c <= '9') || (hexadecimal && lower >= 'a' && lower <= 'f'))) break;
  }
  return position - start;
}

/// Go's syntax of a float, which strtod's is wider than.
bool is_float(std::string_view text) noexcept {
  std::size_t i = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const bool hexadecimal = text.substr(i).starts_with("0x") || text.substr(i).starts_with("0X");
  if (hexadecimal) i += 2;
  auto digits = count_digits(text, i, hexadecimal);
  if (i < text.size() && text[i] == '.') digits += count_digits(text, ++i, hexadecimal);
  if (digits == 0) return false;
  const char mark = hexadecimal ? 'p' : 'e';
  if (i < text.size() && static_cast<char>(text[i] | 0x20) == mark) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (count_digits(text, i, false) == 0) return false;
  } else if (hexadecimal) {
    return false;
  }
  return i == text.size();
}

/// The integers that a float is, if it is one.
void set_integers_of(NumberNode& number, double value) {
  constexpr double two_63 = 9223372036854775808.0;
  if (std::trunc(value) != value) return;
  if (!number.is_integer && value >= -two_63 && value < two_63) {
    number.is_integer = true;
    number.integer = static_cast<std::int64_t>(value);
  }
  if (!number.is_unsigned && value >= 0 && value < 2 * two_63) {
    number.is_unsigned = true;
    number.unsigned_integer = static_cast<std::uint64_t>(value);
  }
}

void set_complex(NumberNode& number, std::complex<double> value) {
  number.is_complex = true;
  number.complex = value;
  if (value.imag() != 0) return;
  number.is_real = true;
  number.real = value.real();
  set_integers_of(number, value.real());
}

Result<void> read_character(NumberNode& number) {
  std::string_view text = number.text;
  text.remove_prefix(1);
  const auto rune = unquote_rune(text, '\'');
  if (!rune) return syntax_error();
  if (text != "'")
    return Error{Errc::invalid_input, "malformed character constant: " + number.text};
  number.is_integer = number.is_unsigned = number.is_real = true;
  number.integer = static_cast<std::int64_t>(rune->rune);
  number.unsigned_integer = rune->rune;
  number.real = static_cast<double>(rune->rune);
  return {};
}

/// REAL+IMAGINARYi: the sign between is the last one that belongs to no exponent.
Result<void> read_pair(NumberNode& number) {
  const std::string_view text = number.text;
  for (auto i = text.size(); i-- > 1;) {
    if (text[i] != '+' && text[i] != '-') continue;
    const auto real = parse_go_float(text.substr(0, i));
    const auto imaginary = parse_go_float(text.substr(i, text.size() - i - 1));
    if (real && imaginary) {
      set_complex(number, {*real, *imaginary});
      return {};
    }
  }
  return syntax_error();
}

}  // namespace

Result<std::string> unquote(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back()) return syntax_error();
  const char quote = quoted.front();
  auto text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  if (quote == '`') {
    out = text;
    out.erase(std::remove(out.begin(), out.end(), '\r'), out.end());
    return out;
  }
  if (text.find('\n') != std::string_view::npos) return syntax_error();
  while (!text.empty()) {
    const auto rune = unquote_rune(text, quote);
    if (!rune) return syntax_error();
    if (rune->is_byte)
      out += static_cast<char>(rune->rune);
    else
      append_utf8(out, rune->rune);
  }
  return out;
}

std::optional<std::uint64_t> parse_go_uint(std::string_view text) {
  const bool underscored = text.find('_') != std::string_view::npos;
  if (underscored && !underscores_are_right(text)) return std::nullopt;
  const auto digits = without_underscores(text);
  std::string_view rest = digits;
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char prefix = static_cast<char>(rest[1] | 0x20);
    base = prefix == 'x' ? 16 : prefix == 'b' ? 2 : 8;
    rest.remove_prefix(prefix == 'x' || prefix == 'b' || prefix == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_go_int(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = parse_go_uint(text);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!magnitude || *magnitude > most + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<std::int64_t>(0 - *magnitude)
                  : static_cast<std::int64_t>(*magnitude);
}

std::optional<double> parse_go_float(std::string_view text) {
  const bool underscored = text.find('_') != std::string_view::npos;
  if (underscored && !underscores_are_right(text)) return std::nullopt;
  const auto digits = without_underscores(text);
  if (!is_float(digits)) return std::nullopt;
  const double value = std::strtod(digits.c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

Result<void> read_number(NumberNode& number, bool is_pair) {
  const std::string_view text = number.text;
  if (text.starts_with('\'')) return read_character(number);
  if (is_pair) return read_pair(number);
  if (text.ends_with('i')) {
    if (const auto imaginary = parse_go_float(text.substr(0, text.size() - 1))) {
      set_complex(number, {0, *imaginary});
      return {};
    }
  }
  if (const auto value = parse_go_uint(text)) {
    number.is_unsigned = true;
    number.unsigned_integer = *value;
  }
  if (const auto value = parse_go_int(text)) {
    number.is_integer = true;
    number.integer = *value;
    if (*value == 0) number.is_unsigned = true;  // -0
  }
  if (number.is_integer || number.is_unsigned) {
    number.is_real = true;
    number.real = number.is_integer ? static_cast<double>(number.integer)
                                    : static_cast<double>(number.unsigned_integer);
    return {};
  }
  const auto value = parse_go_float(text);
  if (!value) return Error{Errc::invalid_input, "illegal number syntax: " + go_quoted(text)};
  if (text.find_first_of(".eEpP") == std::string_view::npos)
    return Error{Errc::invalid_input, "integer overflow: " + go_quoted(text)};
  number.is_real = true;
  number.real = *value;
  set_integers_of(number, *value);
  return {};
}

}  // namespace bulla::tmpl
