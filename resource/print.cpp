// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "base/yaml.hpp"
#include "resource/document.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// Writes JSON as Go's json.MarshalIndent(value, "", "  ") does.
class JsonPrinter {
 public:
  explicit JsonPrinter(SecretBuffer& out) : out_(out) {}

  void value(const json::value& value, std::size_t depth) {
    switch (value.kind()) {
      case json::kind::object: return object(value.get_object(), depth);
      case json::kind::array: return array(value.get_array(), depth);
      case json::kind::string: return string(value.get_string());
      case json::kind::null: return out_.append("null");
      case json::kind::bool_: return out_.append(value.get_bool() ? "true" : "false");
      default: return number(value);
    }
  }

 private:
  void line(std::size_t depth) {
    out_.append("\n");
    for (std::size_t i = 0; i < depth; ++i) out_.append("  ");
  }

  void object(const json::object& members, std::size_t depth) {
    if (members.empty()) return out_.append("{}");
    std::string_view separator = "{";
    for (const auto& member : members) {
      out_.append(std::exchange(separator, ","));
      line(depth + 1);
      string(member.key());
      out_.append(": ");
      value(member.value(), depth + 1);
    }
    line(depth);
    out_.append("}");
  }

  void array(const json::array& items, std::size_t depth) {
    if (items.empty()) return out_.append("[]");
    std::string_view separator = "[";
    for (const auto& item : items) {
      out_.append(std::exchange(separator, ","));
      line(depth + 1);
      value(item, depth + 1);
    }
    line(depth);
    out_.append("]");
  }

  void number(const json::value& value) {
    std::array<char, 40> text{};
    auto* const first = text.data();
    auto* const last = text.data() + text.size();
    if (value.is_int64())
      return out_.append({first, std::to_chars(first, last, value.get_int64()).ptr});
    if (value.is_uint64())
      return out_.append({first, std::to_chars(first, last, value.get_uint64()).ptr});
    const double number = value.get_double();
    const double size = std::abs(number);
    const bool scientific = size != 0 && (size < 1e-6 || size >= 1e21);
    const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
    out_.append({first, std::to_chars(first, last, number, format).ptr});
  }

  /// Runs of plain characters go out in one piece: a ciphertext is one run.
  void string(std::string_view text) {
    out_.append("\"");
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t size = 1;
      const auto escape = escape_for(text.substr(i), size);
      if (!escape.empty()) {
        out_.append(text.substr(plain, i - plain));
        out_.append(escape);
        plain = i + size;
      }
      i += size;
    }
    out_.append(text.substr(plain));
    out_.append("\"");
  }

  static std::string escape_of(char32_t code_point) {
    constexpr std::string_view hex = "0123456789abcdef";
    return {'\\', 'u', '0', '0', hex[(code_point >> 4) & 15], hex[code_point & 15]};
  }

  /// What stands for the character at the front of `text`, which has `size` bytes; "" : itself.
  /// As Go has it, but for DEL and C1: those reach terminals, and the escape means the same.
  static std::string escape_for(std::string_view text, std::size_t& size) {
    const auto c = static_cast<unsigned char>(text.front());
    if (c >= 0x80) {
      const auto code_point = decode_utf8(text, size);
      if (!code_point) return "\\ufffd";
      if (*code_point == 0x2028) return "\\u2028";
      if (*code_point == 0x2029) return "\\u2029";
      if (*code_point < 0xA0) return escape_of(*code_point);
      return {};
    }
    switch (c) {
      case '"': return "\\\"";
      case '\\': return "\\\\";
      case '\n': return "\\n";
      case '\r': return "\\r";
      case '\t': return "\\t";
      case '\b': return "\\b";
      case '\f': return "\\f";
      default: break;
    }
    const bool stays = c >= 0x20 && c != 0x7F && c != '<' && c != '>' && c != '&';
    return stays ? std::string() : escape_of(c);
  }

  SecretBuffer& out_;
};

}  // namespace

SecretBuffer print_json(const json::value& value) {
  SecretBuffer out;
  JsonPrinter(out).value(value, 0);
  out.append("\n");
  return out;
}

SecretBuffer print_yaml(const json::value& value) {
  SecretBuffer out = SecretBuffer::copy_of("---\n");
  append_yaml(out, value);
  return out;
}

}  // namespace bulla
