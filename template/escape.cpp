// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include "template/builtins.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {

void append_html_escaped(SecretBuffer& out, std::string_view text) {
  for (const char& c : text) {
    switch (c) {
      case '\0': out.append("\xEF\xBF\xBD"); break;
      case '"': out.append("&#34;"); break;
      case '\'': out.append("&#39;"); break;
      case '&': out.append("&amp;"); break;
      case '<': out.append("&lt;"); break;
      case '>': out.append("&gt;"); break;
      default: out.append({&c, 1});
    }
  }
}

void append_js_escaped(SecretBuffer& out, std::string_view text) {
  while (!text.empty()) {
    const auto rune = next_rune(text);
    const auto bytes = text.substr(0, rune.size);
    text.remove_prefix(rune.size);
    std::array<char, 16> code{};
    switch (rune.code_point) {
      case '\\': out.append("\\\\"); continue;
      case '\'': out.append("\\'"); continue;
      case '"': out.append("\\\""); continue;
      case '<': out.append("\\u003C"); continue;
      case '>': out.append("\\u003E"); continue;
      case '&': out.append("\\u0026"); continue;
      case '=': out.append("\\u003D"); continue;
      default: break;
    }
    if (rune.code_point < 0x80 ? rune.code_point >= ' ' : is_printable(rune.code_point)) {
      out.append(bytes);
    } else {
      std::snprintf(code.data(), code.size(), "\\u%04X", static_cast<unsigned>(rune.code_point));
      out.append(code.data());
    }
  }
}

void append_query_escaped(SecretBuffer& out, std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
  for (const char& c : text) {
    if (c == ' ') {
      out.append("+");
    } else if (plain.find(c) != std::string_view::npos) {
      out.append({&c, 1});
    } else {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02X",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out.append({code.data(), 3});
    }
  }
}

}  // namespace bulla::tmpl
