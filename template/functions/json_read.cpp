// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "template/functions/json_text.hpp"
#include "template/go/number.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl {
namespace {

constexpr std::string_view white_space = " \t\r\n";

bool is_decimal_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_decimal_digit(c)) return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// A byte as Go's errors show it: as if it were a character of Latin-1.
std::string quoted_byte(char c) {
  if (c == '\'') return R"('\'')";
  if (c == '"') return R"('"')";
  const auto text = go_quoted(rune_to_utf8(static_cast<unsigned char>(c)));
  return "'" + text.substr(1, text.size() - 2) + "'";
}

/// Reads as encoding/json does. Its functions return false when the text is no JSON, and note why;
/// a reached bound is noted too.
class Reader {
 public:
  Reader(Context& context, std::string_view text) noexcept
      : context_(context), text_(text), levels_left_(context.limits().nesting_max) {}

  Result<JsonRead> read_all() && {
    Value value;
    skip_space();
    if (read(value)) {
      skip_space();
      if (!text_.empty()) unexpected("after top-level value");
    }
    if (bound_) return std::move(*bound_);
    if (!syntax_error_.empty()) return JsonRead{Value(), std::move(syntax_error_)};
    return JsonRead{std::move(value), std::move(number_error_)};
  }

 private:
  // --- what is wrong ---------------------------------------------------------------------------
  /// The next byte, or the end of the text, doesn't belong there.
  bool unexpected(std::string_view where) {
    syntax_error_ = text_.empty()
                        ? "unexpected end of JSON input"
                        : "invalid character " + quoted_byte(text_[0]) + " " + std::string(where);
    return false;
  }
  bool stop(Error error) {
    bound_ = std::move(error);
    return false;
  }

  void skip_space() noexcept {
    text_.remove_prefix(std::min(text_.find_first_not_of(white_space), text_.size()));
  }
  bool next_is(char c) const noexcept { return text_.starts_with(c); }
  bool take(char c) noexcept {
    if (!next_is(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  // --- values ----------------------------------------------------------------------------------
  bool read(Value& out) {
    if (text_.empty()) return unexpected("");
    switch (text_[0]) {
      case '{': return read_nested(out, &Reader::read_object);
      case '[': return read_nested(out, &Reader::read_array);
      case '"': return read_string(out);
      case 't': return read_literal("true", Value::boolean(true), out);
      case 'f': return read_literal("false", Value::boolean(false), out);
      case 'n': return read_literal("null", Value(), out);
      default: break;
    }
    if (next_is('-') || is_decimal_digit(text_[0])) return read_number(out);
    return unexpected("looking for beginning of value");
  }

  bool read_nested(Value& out, bool (Reader::*read_inside)(Value&)) {
    if (levels_left_ == 0) return stop({Errc::invalid_input, "JSON is nested too deeply"});
    --levels_left_;
    text_.remove_prefix(1);
    skip_space();
    const bool good = (this->*read_inside)(out);
    ++levels_left_;
    if (!good) return false;
    if (auto spent = context_.spend(out); !spent) return stop(std::move(spent).error());
    return true;
  }

  bool read_array(Value& out) {
    Values items;
    if (!take(']')) {
      for (;;) {
        Value item;
        if (!read(item)) return false;
        items.push_back(std::move(item));
        if (auto affordable = context_.afford_items(items.size()); !affordable)
          return stop(std::move(affordable).error());
        skip_space();
        if (take(']')) break;
        if (!take(',')) return unexpected("after array element");
        skip_space();
      }
    }
    out = Value::list(std::move(items));
    return true;
  }

  bool read_object(Value& out) {
    auto dict = context_.new_dict();
    out = Value::dict(dict);
    if (take('}')) return true;
    for (;;) {
      if (!next_is('"')) return unexpected("looking for beginning of object key string");
      Value key;
      if (!read_string(key)) return false;
      skip_space();
      if (!take(':')) return unexpected("after object key");
      skip_space();
      Value item;
      if (!read(item)) return false;
      dict->set(key.as_text(), std::move(item));
      if (auto affordable = context_.afford_items(dict->items.size()); !affordable)
        return stop(std::move(affordable).error());
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return unexpected("after object key:value pair");
      skip_space();
    }
  }

  bool read_literal(std::string_view literal, Value value, Value& out) {
    for (const char c : literal) {
      if (!take(c)) {
        return unexpected("in literal " + std::string(literal) + " (expecting '" +
                          std::string(1, c) + "')");
      }
    }
    out = std::move(value);
    return true;
  }

  /// At least one digit, or `where` it was missed.
  bool take_digits(std::string_view where) {
    if (text_.empty() || !is_decimal_digit(text_[0])) return unexpected(where);
    text_.remove_prefix(std::min(text_.find_first_not_of("0123456789"), text_.size()));
    return true;
  }

  bool read_number(Value& out) {
    const auto from = text_;
    take('-');
    if (!take('0') && !take_digits("in numeric literal")) return false;
    if (take('.') && !take_digits("after decimal point in numeric literal")) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!take_digits("in exponent of numeric literal")) return false;
    }
    const auto digits = from.substr(0, from.size() - text_.size());
    const auto number = go::parse_float(digits);
    if (number.error == go::NumberError::none) {
      out = Value::real(number.value);
    } else if (number_error_.empty()) {
      number_error_ = "json: cannot unmarshal number ";
      if (!context_.secret_arguments()) number_error_ += std::string(digits) + " ";
      number_error_ += "into Go value of type float64";
    }
    return true;
  }

  // --- strings ---------------------------------------------------------------------------------
  bool read_string(Value& out) {
    SecretBuffer text;
    text_.remove_prefix(1);
    while (!take('"')) {
      if (text_.empty()) return unexpected("");
      if (static_cast<unsigned char>(text_[0]) < ' ') return unexpected("in string literal");
      if (next_is('\\')) {
        if (!read_escape(text)) return false;
      } else {
        go::append_rune(text, go::take_rune(text_));
      }
    }
    out = Value::string(std::move(text));
    return true;
  }

  bool read_escape(SecretBuffer& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    text_.remove_prefix(1);
    if (take('u')) {
      char32_t unit = 0;
      if (!read_hex(unit)) return false;
      go::append_rune(out, with_second_half(unit));
      return true;
    }
    const auto at = text_.empty() ? std::string_view::npos : letters.find(text_[0]);
    if (at == std::string_view::npos) return unexpected("in string escape code");
    text_.remove_prefix(1);
    go::append_char(out, meanings[at]);
    return true;
  }

  bool read_hex(char32_t& out) {
    for (int i = 0; i < 4; ++i) {
      if (text_.empty() || hex_value(text_[0]) < 0)
        return unexpected("in \\u hexadecimal character escape");
      out = out << 4 | static_cast<char32_t>(hex_value(text_[0]));
      text_.remove_prefix(1);
    }
    return true;
  }

  /// The character that `unit` begins: with the escape that follows, if the two are a pair of
  /// UTF-16's halves. A lone half becomes U+FFFD.
  char32_t with_second_half(char32_t unit) noexcept {
    if (unit < 0xD800 || unit > 0xDBFF || !text_.starts_with("\\u") || text_.size() < 6)
      return unit;
    char32_t second = 0;
    for (const char c : text_.substr(2, 4)) {
      if (hex_value(c) < 0) return unit;
      second = second << 4 | static_cast<char32_t>(hex_value(c));
    }
    if (second < 0xDC00 || second > 0xDFFF) return unit;
    text_.remove_prefix(6);
    return 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
  }

  Context& context_;
  std::string_view text_;
  std::size_t levels_left_;
  std::string syntax_error_;
  std::string number_error_;
  std::optional<Error> bound_;
};

}  // namespace

Result<JsonRead> from_json(Context& context, std::string_view text) {
  return Reader(context, text).read_all();
}

}  // namespace bulla::tmpl
