// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/base64.hpp"
#include "template/format.hpp"
#include "template/functions/json_text.hpp"
#include "template/functions/time_value.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl {
namespace {

/// As encoding/json writes numbers: like JavaScript, without padding in exponents.
std::string json_number(double value) {
  const double magnitude = std::abs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
  auto text = format_float(value, exponent ? 'e' : 'f', -1);
  const auto size = text.size();
  if (exponent && size >= 4 && text[size - 4] == 'e' && text[size - 3] == '-' &&
      text[size - 2] == '0')
    text.erase(size - 2, 1);
  return text;
}

class Writer {
 public:
  Writer(const Context& context, const JsonStyle& style) noexcept
      : context_(context), style_(style) {}

  Result<JsonWritten> write_all(const Value& value) && {
    if (auto written = write(value); !written) return std::move(written).error();
    if (!unsupported_.empty()) return JsonWritten{{}, std::move(unsupported_)};
    return JsonWritten{std::move(out_), {}};
  }

 private:
  Result<void> write(const Value& value) {
    if (!unsupported_.empty()) return {};
    if (auto affordable = context_.afford_text(out_.size()); !affordable) return affordable;
    const auto type = value.type();
    const bool nil = value.is_nil() || value.is_nil_container();
    if (nil) {
      out_.append("null");
    } else if (is_list(type)) {
      return write_list(value);
    } else if (is_dict(type)) {
      return write_dict(value);
    } else if (value.is_object()) {
      return write_object(value);
    } else {
      write_scalar(value);
    }
    return {};
  }

  void write_scalar(const Value& value) {
    const auto type = value.type();
    if (is_signed_integer(type)) return write_number(std::to_string(value.as_integer()));
    if (is_unsigned_integer(type)) return write_number(std::to_string(value.as_unsigned_integer()));
    switch (type) {
      case Type::boolean: return out_.append(value.as_boolean() ? "true" : "false");
      case Type::float64: return write_float(value.as_real());
      case Type::string: return append_json_string(out_, value.as_text(), style_.escapes_html);
      case Type::bytes:
        out_.append("\"");
        out_.append(encode_base64_secret(as_bytes(value.as_text())).expose_secret_text());
        return out_.append("\"");
      default: unsupported_ = "json: unsupported type: " + std::string(type_name(type));
    }
  }

  /// A long number may be a secret.
  void write_number(std::string text) {
    out_.append(text);
    sodium_memzero(text.data(), text.size());
  }

  void write_float(double value) {
    if (std::isfinite(value)) return write_number(json_number(value));
    unsupported_ = "json: unsupported value: " + format_float(value, 'g', -1);
  }

  Result<void> write_list(const Value& value) {
    return write_items('[', ']', value.items(), [&](const Value& item) { return write(item); });
  }

  Result<void> write_dict(const Value& value) {
    return write_items('{', '}', value.as_dict().items, [&](const auto& item) {
      return write_field(item.first.view(), item.second);
    });
  }

  Result<void> write_object(const Value& value) {
    if (value.type() == Type::time) {
      const auto year = go::civil_day(as_time(value)).year;
      if (year < 0 || year > 9999) {
        unsupported_ =
            "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside "
            "of range [0,9999]";
        return {};
      }
    }
    if (const auto text = value.as_object().to_json()) {
      out_.append(text->expose_secret_text());
      return {};
    }
    return write_items('{', '}', value.as_object().fields(),
                       [&](const auto& field) { return write_field(field.first, field.second); });
  }

  Result<void> write_field(std::string_view name, const Value& value) {
    append_json_string(out_, name, style_.escapes_html);
    out_.append(style_.indents ? ": " : ":");
    return write(value);
  }

  template <class Items, class WriteItem>
  Result<void> write_items(char open, char close, const Items& items, WriteItem write_item) {
    if (level_ == context_.limits().nesting_max)
      return Error{Errc::invalid_input, "values are nested too deeply for JSON"};
    go::append_char(out_, open);
    ++level_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.append(",");
      first = false;
      new_line();
      if (auto written = write_item(item); !written) return written;
    }
    --level_;
    if (!first) new_line();
    go::append_char(out_, close);
    return {};
  }

  void new_line() {
    if (!style_.indents) return;
    out_.append("\n");
    for (std::size_t i = 0; i < level_; ++i) out_.append("  ");
  }

  const Context& context_;
  const JsonStyle& style_;
  SecretBuffer out_;
  std::string unsupported_;
  std::size_t level_ = 0;
};

void append_escape(SecretBuffer& out, char32_t rune) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.append("\\u");
  for (const int shift : {12, 8, 4, 0}) go::append_char(out, hex[rune >> shift & 15]);
}

/// The letter after the backslash, where there is a short escape.
char short_escape(char32_t rune) noexcept {
  switch (rune) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

}  // namespace

void append_json_string(SecretBuffer& out, std::string_view text, bool escapes_html) {
  out.append("\"");
  while (!text.empty()) {
    const auto rune = next_rune(text);
    const auto bytes = text.substr(0, rune.size);
    text.remove_prefix(rune.size);
    const auto code_point = rune.code_point;
    const bool html = code_point == '<' || code_point == '>' || code_point == '&';
    if (const char letter = short_escape(code_point); letter != 0) {
      go::append_char(out, '\\');
      go::append_char(out, letter);
    } else if (!rune.valid || code_point < ' ' || (html && escapes_html) || code_point == 0x2028 ||
               code_point == 0x2029) {
      // JavaScript takes the last two for line breaks.
      append_escape(out, code_point);
    } else {
      out.append(bytes);
    }
  }
  out.append("\"");
}

Result<JsonWritten> to_json(const Context& context, const Value& value, const JsonStyle& style) {
  return Writer(context, style).write_all(value);
}

}  // namespace bulla::tmpl
