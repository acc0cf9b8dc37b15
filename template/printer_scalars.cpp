// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "template/format.hpp"
#include "template/printer.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

std::int64_t rune_count(std::string_view text) noexcept {
  std::int64_t count = 0;
  for (; !text.empty(); text.remove_prefix(next_rune(text).size)) ++count;
  return count;
}

char32_t to_rune(std::uint64_t value) noexcept {
  return value > 0x10FFFF ? char32_t{0xFFFD} : static_cast<char32_t>(value);
}

/// strconv.CanBackquote.
bool can_be_raw(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto rune = next_rune(text);
    text.remove_prefix(rune.size);
    if (!rune.valid || rune.code_point == 0xFEFF) return false;
    const auto c = rune.code_point;
    if ((c < ' ' && c != '\t') || c == '`' || c == 0x7F) return false;
  }
  return true;
}

void append_escaped_rune(SecretBuffer& out, char32_t rune, char quote, bool ascii_only) {
  if (rune == static_cast<char32_t>(quote) || rune == '\\') {
    const std::array<char, 2> escaped = {'\\', static_cast<char>(rune)};
    return out.append({escaped.data(), escaped.size()});
  }
  if (is_printable(rune) && (rune < 0x80 || !ascii_only)) return out.append(rune_to_utf8(rune));
  constexpr std::string_view controls = "\a\b\f\n\r\t\v";
  constexpr std::string_view names = "abfnrtv";
  if (const auto found = rune < 0x80 ? controls.find(static_cast<char>(rune)) : controls.npos;
      found != controls.npos) {
    const std::array<char, 2> escaped = {'\\', names[found]};
    return out.append({escaped.data(), escaped.size()});
  }
  std::array<char, 16> code{};
  const auto number = static_cast<unsigned>(rune);
  const int size = rune < ' ' || rune == 0x7F
                       ? std::snprintf(code.data(), code.size(), "\\x%02x", number)
                   : rune < 0x10000 ? std::snprintf(code.data(), code.size(), "\\u%04x", number)
                                    : std::snprintf(code.data(), code.size(), "\\U%08x", number);
  out.append({code.data(), static_cast<std::size_t>(size)});
}

}  // namespace

void append_go_quoted(SecretBuffer& out, std::string_view text, bool ascii_only) {
  out.append("\"");
  while (!text.empty()) {
    const auto rune = next_rune(text);
    if (rune.valid) {
      append_escaped_rune(out, rune.code_point, '"', ascii_only);
    } else {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(text[0])));
      out.append(code.data());
    }
    text.remove_prefix(rune.size);
  }
  out.append("\"");
}

void Printer::put_rune(char32_t rune) { put(rune_to_utf8(rune)); }

void Printer::padding(std::int64_t count) {
  if (count <= 0) return;
  const char fill = flags_.zero && !flags_.minus ? '0' : ' ';
  const std::string text(static_cast<std::size_t>(count), fill);
  put(text);
}

/// To the width, which counts code points.
void Printer::pad(std::string_view text) {
  const auto missing = flags_.width ? *flags_.width - rune_count(text) : 0;
  if (!flags_.minus) padding(missing);
  put(text);
  if (flags_.minus) padding(missing);
}

/// To the precision, which counts code points.
std::string_view Printer::truncated(std::string_view value) const noexcept {
  if (!flags_.precision) return value;
  std::size_t end = 0;
  for (int i = 0; i < *flags_.precision && end < value.size(); ++i)
    end += next_rune(value.substr(end)).size;
  return value.substr(0, end);
}

void Printer::boolean(const Value& operand, char32_t verb) {
  if (verb != 't' && verb != 'v') return bad_verb(operand, verb);
  pad(operand.as_boolean() ? "true" : "false");
}

void Printer::text(const Value& whole, std::string_view value, char32_t verb) {
  switch (verb) {
    case 'v':
      if (flags_.sharp_v)
        quoted(value);
      else
        pad(truncated(value));
      break;
    case 's': pad(truncated(value)); break;
    case 'q': quoted(value); break;
    case 'x':
    case 'X': hexadecimal(value, verb == 'X'); break;
    default: bad_verb(whole, verb);
  }
}

void Printer::quoted(std::string_view value) {
  value = truncated(value);
  SecretBuffer out;
  if (flags_.sharp && can_be_raw(value)) {
    out.append("`");
    out.append(value);
    out.append("`");
  } else {
    append_go_quoted(out, value, flags_.plus);
  }
  pad(out.expose_secret_text());
}

void Printer::hexadecimal(std::string_view value, bool upper) {
  if (flags_.precision) value = value.substr(0, static_cast<std::size_t>(*flags_.precision));
  const auto length = static_cast<std::int64_t>(value.size());
  const std::int64_t wanted = flags_.width.value_or(0);
  if (value.empty()) return padding(wanted);
  std::int64_t width = 2 * length;
  if (flags_.space)
    width = width * (flags_.sharp ? 2 : 1) + length - 1;
  else if (flags_.sharp)
    width += 2;

  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::string_view prefix = upper ? "0X" : "0x";
  if (!flags_.minus) padding(wanted - width);
  if (flags_.sharp) put(prefix);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (flags_.space && i > 0) {
      put(' ');
      if (flags_.sharp) put(prefix);
    }
    const auto byte = static_cast<unsigned char>(value[i]);
    put(digits[byte >> 4]);
    put(digits[byte & 15]);
  }
  if (flags_.minus) padding(wanted - width);
}

void Printer::integer(const Value& whole, std::uint64_t value, bool is_signed, char32_t verb) {
  switch (verb) {
    case 'v':
      if (flags_.sharp_v && !is_signed) {
        const bool sharp = std::exchange(flags_.sharp, true);
        digits(value, 16, false, 'x');
        flags_.sharp = sharp;
      } else {
        digits(value, 10, is_signed, verb);
      }
      break;
    case 'd': digits(value, 10, is_signed, verb); break;
    case 'b': digits(value, 2, is_signed, verb); break;
    case 'o':
    case 'O': digits(value, 8, is_signed, verb); break;
    case 'x':
    case 'X': digits(value, 16, is_signed, verb); break;
    case 'c': character(value, false); break;
    case 'q': character(value, true); break;
    case 'U': unicode(value); break;
    default: bad_verb(whole, verb);
  }
}

void Printer::digits(std::uint64_t value, unsigned base, bool is_signed, char32_t verb) {
  const bool negative = is_signed && static_cast<std::int64_t>(value) < 0;
  if (negative) value = 0 - value;
  const bool zero = std::exchange(flags_.zero, false);
  std::size_t least = 0;
  if (flags_.precision) {
    least = static_cast<std::size_t>(*flags_.precision);
    if (least == 0 && value == 0) {
      padding(flags_.width.value_or(0));
      flags_.zero = zero;
      return;
    }
  } else if (zero && !flags_.minus && flags_.width) {
    least = static_cast<std::size_t>(*flags_.width);
    if (least > 0 && (negative || flags_.plus || flags_.space)) --least;
  }
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, static_cast<int>(base));
  std::string out(buffer.data(), end.ptr);
  if (verb == 'X')
    for (auto& c : out) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  if (out.size() < least) out.insert(0, least - out.size(), '0');
  if (flags_.sharp) {
    if (base == 2) out.insert(0, "0b");
    if (base == 8 && out[0] != '0') out.insert(0, "0");
    if (base == 16) out.insert(0, verb == 'X' ? "0X" : "0x");
  }
  if (verb == 'O') out.insert(0, "0o");
  if (negative || flags_.plus || flags_.space)
    out.insert(0, negative ? "-" : flags_.plus ? "+" : " ");
  pad(out);
  flags_.zero = zero;
}

void Printer::character(std::uint64_t value, bool quote) {
  const auto rune = to_rune(value);
  if (!quote) return pad(rune_to_utf8(rune));
  SecretBuffer out;
  out.append("'");
  const bool scalar = rune < 0xD800 || rune > 0xDFFF;
  append_escaped_rune(out, scalar ? rune : char32_t{0xFFFD}, '\'', flags_.plus);
  out.append("'");
  pad(out.expose_secret_text());
}

void Printer::unicode(std::uint64_t value) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, 16);
  std::string digits(buffer.data(), end.ptr);
  for (auto& c : digits) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  const auto least = static_cast<std::size_t>(std::max(flags_.precision.value_or(0), 4));
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  std::string out = "U+" + digits;
  if (flags_.sharp && value <= 0x10FFFF && is_printable(static_cast<char32_t>(value)))
    out += " '" + rune_to_utf8(static_cast<char32_t>(value)) + "'";
  const bool zero = std::exchange(flags_.zero, false);
  pad(out);
  flags_.zero = zero;
}

void Printer::real(const Value& whole, double value, char32_t verb) {
  switch (verb) {
    case 'v': real_digits(value, 'g', -1); break;
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X': real_digits(value, static_cast<char>(verb), -1); break;
    case 'e':
    case 'E':
    case 'f': real_digits(value, static_cast<char>(verb), 6); break;
    case 'F': real_digits(value, 'f', 6); break;
    default: bad_verb(whole, verb);
  }
}

namespace {

/// The `#` flag of a float: always a decimal point, and trailing zeros kept up to `digits`.
std::string with_point(const std::string& number, char verb, int precision) {
  const bool keeps_zeros = verb == 'g' || verb == 'G' || verb == 'x';
  int missing = !keeps_zeros ? 0 : precision < 0 ? 6 : precision;
  const bool hexadecimal = verb == 'x' || verb == 'X';
  const auto tail = std::min(number.find_first_of(hexadecimal ? "pP" : "eE", 1), number.size());
  auto out = number.substr(0, tail);
  bool significant = false;
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i] == '.') continue;
    significant = significant || out[i] != '0';
    if (significant) --missing;
  }
  if (out.find('.') == std::string::npos) {
    if (out.size() == 2 && out[1] == '0') --missing;
    out += '.';
  }
  if (missing > 0) out.append(static_cast<std::size_t>(missing), '0');
  return out + number.substr(tail);
}

}  // namespace

void Printer::real_digits(double value, char verb, int precision) {
  precision = flags_.precision.value_or(precision);
  auto number = format_float(value, verb, precision);
  if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
  if (flags_.space && number[0] == '+' && !flags_.plus) number[0] = ' ';
  if (number[1] == 'I' || number[1] == 'N') {
    const bool zero = std::exchange(flags_.zero, false);
    const bool bare = number[0] == '+' && !flags_.plus && (number[1] == 'N' && !flags_.space);
    pad(bare ? std::string_view(number).substr(1) : std::string_view(number));
    flags_.zero = zero;
    return;
  }
  if (flags_.sharp && verb != 'b') number = with_point(number, verb, precision);
  if (!flags_.plus && number[0] == '+') return pad(std::string_view(number).substr(1));
  const auto width = static_cast<std::size_t>(flags_.width.value_or(0));
  if (flags_.zero && !flags_.minus && width > number.size()) {
    put(number[0]);
    padding(static_cast<std::int64_t>(width - number.size()));
    return put(std::string_view(number).substr(1));
  }
  pad(number);
}

void Printer::complex(const Value& operand, char32_t verb) {
  if (std::u32string_view(U"vbgGxXfFeE").find(verb) == std::u32string_view::npos)
    return bad_verb(operand, verb);
  const auto number = operand.as_complex();
  put('(');
  real(operand, number.real(), verb);
  const bool plus = std::exchange(flags_.plus, true);
  real(operand, number.imag(), verb);
  flags_.plus = plus;
  put("i)");
}

}  // namespace bulla::tmpl
