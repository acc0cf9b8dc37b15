// SPDX-License-Identifier: Apache-2.0
#include "template/go/unicode.hpp"
#include "template/go/words.hpp"

// Camel, snake and kebab case as xstrings (1.5) has them.
namespace bulla::tmpl::go {
namespace {

bool is_connector(char32_t rune) noexcept { return rune == '-' || rune == '_' || is_space(rune); }

/// xstrings' letters: all but Chinese ones.
bool is_alphabet(char32_t rune) noexcept;

enum class Kind { invalid, number, upper_case, alphabet, connector, punctuation, other };

struct Word {
  Kind kind = Kind::invalid;
  std::string_view text;
};

/// The next well-formed code point and the bytes up to its end; `before` with all bytes if there
/// is none.
struct Step {
  char32_t rune;
  std::size_t size;
};
Step next_valid(std::string_view text, char32_t before) noexcept {
  Step step{before, 0};
  while (!text.empty()) {
    const auto left = text.size();
    const auto rune = take_rune(text);
    step.size += left - text.size();
    if (rune != replacement_rune) return {rune, step.size};
  }
  return step;
}

/// Cuts words off a text.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : text_(text) {}
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  Word next() {
    if (text_.empty()) return {};
    taken_ = 0;
    last_ = next_valid(text_, replacement_rune);
    taken_ = last_.size;
    if (last_.rune == replacement_rune) return cut(Kind::invalid);
    if (is_connector(last_.rune)) return run(Kind::connector, is_connector);
    if (is_punctuation(last_.rune)) return run(Kind::punctuation, is_punctuation);
    if (is_upper(last_.rune)) return upper_case();
    if (is_alphabet(last_.rune)) return run(Kind::alphabet, is_small);
    if (is_number(last_.rune)) return run(Kind::number, is_number);
    return run(Kind::other, [](char32_t rune) {
      return !is_connector(rune) && !is_alphabet(rune) && !is_number(rune) && !is_punctuation(rune);
    });
  }

 private:
  static bool is_small(char32_t rune) noexcept { return is_alphabet(rune) && !is_upper(rune); }

  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(taken_); }

  template <class Predicate>
  Word run(Kind kind, Predicate belongs) {
    while (!rest().empty()) {
      last_ = next_valid(rest(), last_.rune);
      if (last_.size == 0 || !belongs(last_.rune)) break;
      taken_ += last_.size;
    }
    return cut(kind);
  }

  Word upper_case() {
    if (rest().empty()) return cut(Kind::upper_case);
    last_ = next_valid(rest(), last_.rune);
    if (is_alphabet(last_.rune) && !is_upper(last_.rune)) {
      taken_ += last_.size;
      return run(Kind::upper_case, is_small);
    }
    if (!is_upper(last_.rune)) return cut(Kind::upper_case);
    auto last_upper = last_.size;
    taken_ += last_.size;
    while (!rest().empty()) {
      last_ = next_valid(rest(), last_.rune);
      if (!is_upper(last_.rune)) break;
      last_upper = last_.size;
      taken_ += last_.size;
    }
    // In "HTTPStatus" the S belongs to the next word.
    if (!rest().empty() && is_alphabet(last_.rune)) taken_ -= last_upper;
    return cut(Kind::upper_case);
  }

  Word cut(Kind kind) noexcept {
    const Word word{kind, text_.substr(0, taken_)};
    text_.remove_prefix(taken_);
    return word;
  }

  std::string_view text_;
  std::size_t taken_ = 0;
  Step last_{0, 0};
};

bool is_alphabet(char32_t rune) noexcept {
  if (!is_letter(rune)) return false;
  const bool chinese = (rune >= 0x3400 && rune <= 0x4D85) || (rune >= 0x4E00 && rune <= 0x9FCC) ||
                       (rune >= 0x20000 && rune <= 0x2B81D);
  return !chinese;
}

/// Puts words together in lower case.
class Joiner {
 public:
  Joiner(std::string_view text, char connector) : words_(text), connector_(connector) {}

  SecretBuffer join() && {
    word_ = words_.next();
    while (!words_.empty()) {
      if (word_.kind != Kind::connector) add(word_);
      const auto before = word_;
      word_ = words_.next();
      switch (before.kind) {
        case Kind::number:
          add_letters_and_numbers();
          if (word_.kind != Kind::invalid) connect();
          break;
        case Kind::connector: add(before); break;
        case Kind::punctuation: break;
        default: after_letters();
      }
    }
    add(word_);
    return std::move(out_);
  }

 private:
  void connect() {
    if (word_.kind != Kind::connector && word_.kind != Kind::punctuation)
      append_char(out_, connector_);
  }

  void add_letters_and_numbers() {
    while (word_.kind == Kind::alphabet || word_.kind == Kind::number) {
      add(word_);
      word_ = words_.next();
    }
  }

  /// A number belongs to the word before it ("Bld4Floor" is bld4_floor) unless small letters
  /// follow ("HTTP2xx" is http_2xx).
  void after_letters() {
    if (word_.kind != Kind::number) return connect();
    if (words_.empty()) return;
    const auto number = word_;
    word_ = words_.next();
    if (word_.kind != Kind::alphabet) {
      add(number);
      return connect();
    }
    append_char(out_, connector_);
    add(number);
    add_letters_and_numbers();
    if (word_.kind != Kind::invalid) connect();
  }

  void add(const Word& word) {
    if (word.kind != Kind::upper_case && word.kind != Kind::connector)
      return out_.append(word.text);
    for (auto text = word.text; !text.empty();) {
      const auto rune = take_rune(text);
      append_rune(out_, is_connector(rune) ? static_cast<char32_t>(connector_)
                        : is_upper(rune)   ? to_lower(rune)
                                           : rune);
    }
  }

  Words words_;
  char connector_;
  Word word_;
  SecretBuffer out_;
};

}  // namespace

SecretBuffer separated_words(std::string_view text, char connector) {
  return Joiner(text, connector).join();
}

SecretBuffer pascal_case(std::string_view text) {
  SecretBuffer out;
  if (text.empty()) return out;
  char32_t rune = 0;
  bool after_upper = false;  // in a word that began with capitals, which go on in lower case
  while (!text.empty()) {
    rune = take_rune(text);
    if (!is_connector(rune)) {
      after_upper = is_upper(rune);
      rune = to_upper(rune);
      break;
    }
    append_rune(out, rune);  // and once more below, if it is the last one: xstrings does so
  }
  while (!text.empty()) {
    const auto before = rune;
    rune = take_rune(text);
    if (is_connector(rune) && is_connector(before)) {
      append_rune(out, before);
    } else if (is_connector(before)) {
      after_upper = is_upper(rune);
      rune = to_upper(rune);
    } else {
      if (after_upper && is_upper(rune)) {
        rune = to_lower(rune);
      } else {
        after_upper = false;
      }
      append_rune(out, before);
    }
  }
  append_rune(out, rune);
  return out;
}

}  // namespace bulla::tmpl::go
