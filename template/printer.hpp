// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// Go's package fmt: the state of one Sprintf, Sprint or Sprintln. Mistakes in a format show in the
/// output, as there: `%!d(string=x)`.
class Printer {
 public:
  explicit Printer(const Context& context) noexcept : context_(context) {}

  Result<SecretBuffer> sprintf(std::string_view format, std::span<const Value> arguments);
  Result<SecretBuffer> sprint(std::span<const Value> arguments);
  Result<SecretBuffer> sprintln(std::span<const Value> arguments);

 private:
  /// What stands between `%` and the verb.
  struct Flags {
    bool plus = false;
    bool minus = false;
    bool sharp = false;
    bool space = false;
    bool zero = false;
    bool plus_v = false;   ///< %+v
    bool sharp_v = false;  ///< %#v
    std::optional<int> width;
    std::optional<int> precision;
  };
  /// Where Sprintf is in its format and its arguments.
  struct Cursor {
    std::string_view format;
    std::size_t position = 0;
    std::span<const Value> arguments;
    std::size_t argument = 0;
    bool after_index = false;
    bool reordered = false;
    bool good_index = true;

    [[nodiscard]] bool at_end() const noexcept { return position >= format.size(); }
    [[nodiscard]] bool at(char c) const noexcept { return !at_end() && format[position] == c; }
  };

  // printer.cpp: formats
  void directive(Cursor& cursor);
  void read_flags(Cursor& cursor);
  void read_index(Cursor& cursor);
  void read_width(Cursor& cursor);
  void read_precision(Cursor& cursor);
  void verb(Cursor& cursor);
  void extra_arguments(const Cursor& cursor);
  Result<SecretBuffer> finish();

  // printer_values.cpp: one operand
  void argument(const Value& value, char32_t verb);
  void value(const Value& value, char32_t verb, std::size_t depth);
  void element(Type type, const Value& value, char32_t verb, std::size_t depth);
  void list(const Value& value, char32_t verb, std::size_t depth);
  void dict(const Value& value, char32_t verb, std::size_t depth);
  void object(const Value& value, char32_t verb, std::size_t depth);
  /// The value's own String method, if the verb takes text.
  bool stringer(const Value& value, char32_t verb);
  void bytes(const Value& value, char32_t verb);
  void bad_verb(const Value& value, char32_t verb);

  // printer_scalars.cpp: text and numbers
  void boolean(const Value& value, char32_t verb);
  void integer(const Value& whole, std::uint64_t value, bool is_signed, char32_t verb);
  void digits(std::uint64_t value, unsigned base, bool is_signed, char32_t verb);
  void unicode(std::uint64_t value);
  void character(std::uint64_t value, bool quote);
  void real(const Value& whole, double value, char32_t verb);
  void real_digits(double value, char verb, int precision);
  void complex(const Value& value, char32_t verb);
  void text(const Value& whole, std::string_view value, char32_t verb);
  void quoted(std::string_view value);
  void hexadecimal(std::string_view value, bool upper);
  [[nodiscard]] std::string_view truncated(std::string_view value) const noexcept;
  void pad(std::string_view text);
  void padding(std::int64_t count);
  void put(std::string_view text) { out_.append(text); }
  void put(char c) { out_.append({&c, 1}); }
  void put_rune(char32_t rune);

  const Context& context_;
  SecretBuffer out_;
  Flags flags_;
  bool in_bad_verb_ = false;
  bool too_deep_ = false;
};

}  // namespace bulla::tmpl
