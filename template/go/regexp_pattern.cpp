// SPDX-License-Identifier: Apache-2.0
#include "template/go/regexp_pattern.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "template/go/regexp.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl::go {
namespace {

Error refused(std::string_view why, std::string_view part) {
  return {Errc::invalid_input,
          "error parsing regexp: " + std::string(why) + ": `" + std::string(part) + "`"};
}

/// The length of a bracket expression at the front, brackets included; all of a text without end.
std::size_t class_size(std::string_view pattern) noexcept {
  std::size_t at = 1;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  while (at < pattern.size() && pattern[at] != ']') {
    const auto here = pattern.substr(at);
    const auto named_end = here.starts_with("[:") ? here.find(":]") : std::string_view::npos;
    at += here[0] == '\\' ? 2 : named_end != std::string_view::npos ? named_end + 2 : 1;
  }
  return std::min(at + 1, pattern.size());
}

/// The length of an escape at the front, with all of a \Q...\E.
std::size_t escape_size(std::string_view pattern) noexcept {
  if (!pattern.starts_with("\\Q")) return std::min<std::size_t>(2, pattern.size());
  const auto end = pattern.find("\\E");
  return end == std::string_view::npos ? pattern.size() : end + 2;
}

std::string_view go_words(RE2::ErrorCode code) noexcept {
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "regexp/syntax: internal error";
  }
}

}  // namespace

Result<std::string> translate_pattern(std::string_view pattern) {
  if (!is_valid_utf8(pattern)) return refused("invalid UTF-8", pattern);
  std::string out;
  while (!pattern.empty()) {
    std::size_t size = 1;
    if (pattern[0] == '\\') {
      if (pattern.starts_with("\\C")) return refused("invalid escape sequence", "\\C");
      size = escape_size(pattern);
    } else if (pattern[0] == '[') {
      size = class_size(pattern);
    } else if (pattern.starts_with("(?<") || pattern.starts_with("(?P<")) {
      const auto name = pattern.find('<') + 1;
      const auto end = std::min(pattern.find('>'), pattern.size() - 1);
      const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
      if (!std::all_of(pattern.begin(), pattern.begin() + static_cast<std::ptrdiff_t>(end), ascii))
        return refused("invalid named capture", pattern.substr(0, end + 1));
      out += "(?P<";
      pattern.remove_prefix(name);
      continue;
    }
    out += pattern.substr(0, size);
    pattern.remove_prefix(size);
  }
  return out;
}

Error pattern_error(const RE2& regexp) {
  return refused(go_words(regexp.error_code()), regexp.error_arg());
}

std::string backquoted(std::string_view text) {
  const auto fits = [&] {
    for (auto rest = text; !rest.empty();) {
      const auto rune = next_rune(rest);
      rest.remove_prefix(rune.size);
      if (!rune.valid || rune.code_point == '`' || rune.code_point == 0x7F ||
          rune.code_point == 0xFEFF || (rune.code_point < ' ' && rune.code_point != '\t'))
        return false;
    }
    return true;
  };
  return fits() ? "`" + std::string(text) + "`" : go_quoted(text);
}

}  // namespace bulla::tmpl::go
