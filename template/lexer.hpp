// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace bulla::tmpl {

enum class TokenKind : std::uint8_t {
  error,
  boolean,
  character,           ///< printable ASCII with no meaning of its own, such as a comma
  character_constant,  ///< 'x'
  complex,             ///< 1+2i
  assign,              ///< =
  declare,             ///< :=
  end_of_text,
  field,       ///< .name
  identifier,  ///< a function's name
  left_delimiter,
  left_paren,
  number,
  pipe,
  raw_string,
  right_delimiter,
  right_paren,
  space,
  string,
  text,      ///< between actions
  variable,  ///< $ or $name
  keyword_block,
  keyword_break,
  keyword_continue,
  keyword_dot,
  keyword_define,
  keyword_else,
  keyword_end,
  keyword_if,
  keyword_nil,
  keyword_range,
  keyword_template,
  keyword_with,
};

struct Token {
  TokenKind kind;
  std::size_t position;   ///< bytes from the start of the template
  std::size_t line;       ///< from 1
  std::string_view text;  ///< of the template; empty for an error
};

/// In one template. A node of the tree takes some two hundred bytes, and few tokens.
constexpr std::size_t tokens_max = 100'000;

struct Tokens {
  /// Ends with `end_of_text` or with `error`.
  std::vector<Token, WipingAllocator<Token>> tokens;
  std::string error;  ///< the text of the error token
};

/// The tokens of a template, trim markers applied, comments left out. `text` must outlive them.
[[nodiscard]] Tokens tokenize(std::string_view text);

/// As error texts show a token: `"abc"`, `<if>`, `EOF`, long ones cut.
[[nodiscard]] std::string describe(const Token& token, std::string_view error);

}  // namespace bulla::tmpl
