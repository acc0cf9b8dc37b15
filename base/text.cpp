// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace bulla {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_hex_byte(std::string& out, unsigned char byte) {
  out += "\\x";
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

void append_control(std::string& out, char c) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: append_hex_byte(out, static_cast<unsigned char>(c));
  }
}

void append_code_point(std::string& out, char32_t code_point) {
  out += "\\u";
  for (const int shift : {12, 8, 4, 0}) out += hex_digits[(code_point >> shift) & 15];
}

/// Beyond ASCII: C1, which old terminals obey as they do C0; the marks, embeddings, overrides and
/// isolates of the Unicode Bidirectional Algorithm (UAX 9 section 2); and Unicode's own line ends.
bool is_control(char32_t c) noexcept {
  return (c >= 0x80 && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/// Appends the first character of `text` as it can be shown, and returns its size in bytes.
std::size_t append_shown(std::string& out, std::string_view text) {
  std::size_t size = 1;
  const auto code_point = decode_utf8(text, size);
  const char first = text.front();
  if (!code_point) {
    append_hex_byte(out, static_cast<unsigned char>(first));
  } else if (*code_point < 0x20 || *code_point == 0x7F) {
    append_control(out, first);
  } else if (is_control(*code_point)) {
    append_code_point(out, *code_point);
  } else {
    out += text.substr(0, size);
  }
  return size;
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    if (text.front() == '"' || text.front() == '\\') out += '\\';
    text.remove_prefix(append_shown(out, text));
  }
}

std::string printable(std::string_view text, LineEnds line_ends) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const bool keep = text.front() == '\n' && line_ends == LineEnds::kept;
    if (keep) out += '\n';
    text.remove_prefix(keep ? 1 : append_shown(out, text));
  }
  return out;
}

std::string_view cut_to(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

std::optional<char32_t> decode_utf8(std::string_view text, std::size_t& size) noexcept {
  size = 1;
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return lead;

  // RFC 3629 section 4: the lead byte gives the length; the smallest value of each length rules
  // out overlong forms.
  struct Form {
    unsigned char mask, lead;
    std::size_t length;
    char32_t smallest;
  };
  static constexpr std::array<Form, 3> forms{
      {{0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}}};
  for (const auto& form : forms) {
    if ((lead & form.mask) != form.lead) continue;
    if (text.size() < form.length) return std::nullopt;
    char32_t value = lead & static_cast<unsigned char>(~form.mask);
    for (std::size_t i = 1; i < form.length; ++i) {
      if (!is_continuation(text[i])) return std::nullopt;
      value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
    }
    if (value < form.smallest || value > 0x10FFFF) return std::nullopt;
    if (value >= 0xD800 && value <= 0xDFFF) return std::nullopt;
    size = form.length;
    return value;
  }
  return std::nullopt;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += {static_cast<char>(0xC0 | (code_point >> 6)), tail(0)};
  } else if (code_point < 0x10000) {
    out += {static_cast<char>(0xE0 | (code_point >> 12)), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0)};
  }
}

bool is_valid_utf8(std::string_view text) noexcept {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  for (;;) {
    // A mebibyte of base64 is one such run.
    text.remove_prefix(static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_ascii) - text.begin()));
    if (text.empty()) return true;
    std::size_t size = 1;
    if (!decode_utf8(text, size)) return false;
    text.remove_prefix(size);
  }
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const auto end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view space = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace bulla
