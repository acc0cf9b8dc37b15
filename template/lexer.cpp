// SPDX-License-Identifier: Apache-2.0
#include "template/lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

constexpr char32_t end_of_text = 0xFFFFFFFF;
constexpr std::string_view left_delimiter = "{{";
constexpr std::string_view right_delimiter = "}}";
constexpr std::string_view left_comment = "/*";
constexpr std::string_view right_comment = "*/";
/// The dash and the space beside it.
constexpr std::size_t trim_marker_size = 2;

constexpr std::array<std::pair<std::string_view, TokenKind>, 12> keywords = {{
    {".", TokenKind::keyword_dot},
    {"block", TokenKind::keyword_block},
    {"break", TokenKind::keyword_break},
    {"continue", TokenKind::keyword_continue},
    {"define", TokenKind::keyword_define},
    {"else", TokenKind::keyword_else},
    {"end", TokenKind::keyword_end},
    {"if", TokenKind::keyword_if},
    {"nil", TokenKind::keyword_nil},
    {"range", TokenKind::keyword_range},
    {"template", TokenKind::keyword_template},
    {"with", TokenKind::keyword_with},
}};

bool is_space(char32_t c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_alphanumeric(char32_t c) noexcept {
  return c != end_of_text && (c == '_' || is_letter(c) || is_digit(c));
}
bool is_ascii_digit(char32_t c) noexcept { return c >= '0' && c <= '9'; }

bool has_left_trim_marker(std::string_view text) noexcept {
  return text.size() >= 2 && text[0] == '-' && is_space(static_cast<unsigned char>(text[1]));
}
bool has_right_trim_marker(std::string_view text) noexcept {
  return text.size() >= 2 && is_space(static_cast<unsigned char>(text[0])) && text[1] == '-';
}
std::size_t leading_space(std::string_view text) noexcept {
  return std::min(text.find_first_not_of(" \t\r\n"), text.size());
}
std::size_t trailing_space(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? text.size() : text.size() - last - 1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Tokens run() {
    while (!too_long_ && lex_text()) {
    }
    if (too_long_)
      fail("the template is too long (at most " + std::to_string(tokens_max) + " words and signs)");
    return std::move(out_);
  }

 private:
  // --- the text, rune by rune ---
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(position_); }
  [[nodiscard]] bool at(std::string_view what) const noexcept { return rest().starts_with(what); }
  [[nodiscard]] char32_t peek() const noexcept {
    return position_ < text_.size() ? next_rune(rest()).code_point : end_of_text;
  }
  char32_t next() noexcept {
    if (position_ >= text_.size()) return end_of_text;
    const auto rune = next_rune(rest());
    position_ += rune.size;
    return rune.code_point;
  }
  bool accept(std::string_view valid) noexcept {
    const auto c = peek();
    if (c >= 0x80 || valid.find(static_cast<char>(c)) == std::string_view::npos) return false;
    ++position_;
    return true;
  }
  void accept_run(std::string_view valid) noexcept {
    while (accept(valid)) {
    }
  }

  // --- tokens ---
  void emit(TokenKind kind) {
    out_.tokens.push_back({kind, start_, start_line_, text_.substr(start_, position_ - start_)});
    if (out_.tokens.size() > tokens_max) too_long_ = true;
    ignore();
  }
  void ignore() noexcept {
    start_line_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(start_),
                   text_.begin() + static_cast<std::ptrdiff_t>(position_), '\n'));
    start_ = position_;
  }
  /// Always false: the lexer stops.
  bool fail(std::string message) {
    out_.error = std::move(message);
    out_.tokens.push_back({TokenKind::error, start_, start_line_, ""});
    return false;
  }

  bool lex_text();
  bool lex_left_delimiter();
  bool lex_comment();
  bool lex_inside_action();
  bool lex_token(char32_t first);
  void lex_right_delimiter();
  bool lex_space(bool& at_delimiter);
  bool lex_identifier();
  bool lex_field_or_variable(TokenKind kind);
  bool lex_quoted(char32_t quote, TokenKind kind, const char* unterminated);
  bool lex_raw_string();
  bool lex_number();
  bool scan_number();
  [[nodiscard]] bool at_terminator() const noexcept;
  /// At "}}" or " -}}".
  [[nodiscard]] bool at_right_delimiter(bool& trims) const noexcept;

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  std::size_t start_line_ = 1;
  std::size_t parens_ = 0;
  bool too_long_ = false;
  Tokens out_;
};

bool Lexer::lex_text() {
  const auto found = rest().find(left_delimiter);
  if (found == std::string_view::npos) {
    position_ = text_.size();
    if (position_ > start_) emit(TokenKind::text);
    emit(TokenKind::end_of_text);
    return false;
  }
  position_ += found;
  const auto delimiter = position_;
  const bool trims = has_left_trim_marker(text_.substr(delimiter + left_delimiter.size()));
  if (trims) position_ -= trailing_space(text_.substr(start_, position_ - start_));
  if (position_ > start_) emit(TokenKind::text);
  position_ = delimiter;
  ignore();
  return lex_left_delimiter();
}

bool Lexer::lex_left_delimiter() {
  position_ += left_delimiter.size();
  const std::size_t marker = has_left_trim_marker(rest()) ? trim_marker_size : 0;
  if (text_.substr(position_ + marker).starts_with(left_comment)) {
    position_ += marker;
    ignore();
    return lex_comment();
  }
  emit(TokenKind::left_delimiter);
  position_ += marker;
  ignore();
  parens_ = 0;
  return lex_inside_action();
}

bool Lexer::lex_comment() {
  position_ += left_comment.size();
  const auto end = rest().find(right_comment);
  if (end == std::string_view::npos) return fail("unclosed comment");
  position_ += end + right_comment.size();
  bool trims = false;
  if (!at_right_delimiter(trims)) return fail("comment ends before closing delimiter");
  if (trims) position_ += trim_marker_size;
  position_ += right_delimiter.size();
  if (trims) position_ += leading_space(rest());
  ignore();
  return true;
}

bool Lexer::at_right_delimiter(bool& trims) const noexcept {
  trims = has_right_trim_marker(rest()) &&
          text_.substr(position_ + trim_marker_size).starts_with(right_delimiter);
  return trims || at(right_delimiter);
}

void Lexer::lex_right_delimiter() {
  bool trims = false;
  static_cast<void>(at_right_delimiter(trims));
  if (trims) {
    position_ += trim_marker_size;
    ignore();
  }
  position_ += right_delimiter.size();
  emit(TokenKind::right_delimiter);
  if (trims) {
    position_ += leading_space(rest());
    ignore();
  }
}

bool Lexer::lex_inside_action() {
  while (!too_long_) {
    bool trims = false;
    if (at_right_delimiter(trims)) {
      if (parens_ > 0) return fail("unclosed left paren");
      lex_right_delimiter();
      return true;
    }
    const auto first = peek();
    if (first == end_of_text) return fail("unclosed action");
    if (is_space(first)) {
      bool at_delimiter = false;
      lex_space(at_delimiter);
      if (at_delimiter) {
        if (parens_ > 0) return fail("unclosed left paren");
        lex_right_delimiter();
        return true;
      }
      continue;
    }
    if (!lex_token(first)) return false;
  }
  return false;
}

bool Lexer::lex_token(char32_t first) {
  if (is_alphanumeric(first) && !is_ascii_digit(first)) return lex_identifier();
  if (first == '+' || first == '-' || is_ascii_digit(first)) return lex_number();
  if (first == '.' && position_ + 1 < text_.size() &&
      is_ascii_digit(static_cast<unsigned char>(text_[position_ + 1])))
    return lex_number();
  next();
  switch (first) {
    case '=': emit(TokenKind::assign); return true;
    case ':':
      if (next() != '=') return fail("expected :=");
      emit(TokenKind::declare);
      return true;
    case '|': emit(TokenKind::pipe); return true;
    case '"': return lex_quoted('"', TokenKind::string, "unterminated quoted string");
    case '\'':
      return lex_quoted('\'', TokenKind::character_constant, "unterminated character constant");
    case '`': return lex_raw_string();
    case '$': return lex_field_or_variable(TokenKind::variable);
    case '.': return lex_field_or_variable(TokenKind::field);
    case '(':
      emit(TokenKind::left_paren);
      ++parens_;
      return true;
    case ')':
      if (parens_ == 0) return fail("unexpected right paren");
      --parens_;
      emit(TokenKind::right_paren);
      return true;
    default: break;
  }
  if (first >= 0x80 || !is_printable(first))
    return fail("unrecognized character in action: " + go_unicode(first));
  emit(TokenKind::character);
  return true;
}

/// A run of space, of which a trim marker's own space is no part.
bool Lexer::lex_space(bool& at_delimiter) {
  std::size_t count = 0;
  for (; is_space(peek()); ++count) next();
  const auto before = text_.substr(position_ - 1);
  if (has_right_trim_marker(before) &&
      before.substr(trim_marker_size).starts_with(right_delimiter)) {
    --position_;
    if (count == 1) {
      at_delimiter = true;
      return true;
    }
  }
  emit(TokenKind::space);
  return true;
}

bool Lexer::at_terminator() const noexcept {
  const auto c = peek();
  if (c == end_of_text || is_space(c)) return true;
  return c == '.' || c == ',' || c == '|' || c == ':' || c == ')' || c == '(' ||
         at(right_delimiter);
}

bool Lexer::lex_identifier() {
  while (is_alphanumeric(peek())) next();
  if (!at_terminator()) return fail("bad character " + go_unicode(peek()));
  const auto word = text_.substr(start_, position_ - start_);
  const auto* const found = std::find_if(keywords.begin(), keywords.end(),
                                         [&](const auto& entry) { return entry.first == word; });
  if (found != keywords.end())
    emit(found->second);
  else if (word == "true" || word == "false")
    emit(TokenKind::boolean);
  else
    emit(TokenKind::identifier);
  return true;
}

bool Lexer::lex_field_or_variable(TokenKind kind) {
  if (at_terminator()) {
    emit(kind == TokenKind::variable ? kind : TokenKind::keyword_dot);
    return true;
  }
  while (is_alphanumeric(peek())) next();
  if (!at_terminator()) return fail("bad character " + go_unicode(peek()));
  emit(kind);
  return true;
}

bool Lexer::lex_quoted(char32_t quote, TokenKind kind, const char* unterminated) {
  while (true) {
    auto c = next();
    if (c == quote) break;
    if (c == '\\') {
      c = next();
      if (c != end_of_text && c != '\n') continue;
    }
    if (c == end_of_text || c == '\n') return fail(unterminated);
  }
  emit(kind);
  return true;
}

bool Lexer::lex_raw_string() {
  const auto end = rest().find('`');
  if (end == std::string_view::npos) return fail("unterminated raw quoted string");
  position_ += end + 1;
  emit(TokenKind::raw_string);
  return true;
}

bool Lexer::lex_number() {
  const auto bad = [&] {
    return fail("bad number syntax: " + go_quoted(text_.substr(start_, position_ - start_)));
  };
  if (!scan_number()) return bad();
  if (const auto sign = peek(); sign == '+' || sign == '-') {
    if (!scan_number() || text_[position_ - 1] != 'i') return bad();
    emit(TokenKind::complex);
  } else {
    emit(TokenKind::number);
  }
  return true;
}

/// Not a perfect scanner: what is wrong and passes here, the parser finds when it converts it.
bool Lexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  bool hexadecimal = false;
  bool decimal = true;
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      hexadecimal = true;
      decimal = false;
    } else if (accept("oO")) {
      digits = "01234567_";
      decimal = false;
    } else if (accept("bB")) {
      digits = "01_";
      decimal = false;
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if ((decimal && accept("eE")) || (hexadecimal && accept("pP"))) {
    accept("+-");
    accept_run("0123456789_");
  }
  accept("i");
  if (!is_alphanumeric(peek())) return true;
  next();
  return false;
}

}  // namespace

Tokens tokenize(std::string_view text) { return Lexer(text).run(); }

std::string describe(const Token& token, std::string_view error) {
  if (token.kind == TokenKind::end_of_text) return "EOF";
  if (token.kind == TokenKind::error) return std::string(error);
  if (token.kind >= TokenKind::keyword_block) return "<" + std::string(token.text) + ">";
  constexpr std::size_t shown_runes = 10;
  if (token.text.size() <= shown_runes) return go_quoted(token.text);
  std::size_t end = 0;
  for (std::size_t runes = 0; runes < shown_runes && end < token.text.size(); ++runes)
    end += next_rune(token.text.substr(end)).size;
  return go_quoted(token.text.substr(0, end)) + "...";
}

}  // namespace bulla::tmpl
