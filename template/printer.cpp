// SPDX-License-Identifier: Apache-2.0
#include "template/printer.hpp"

#include <cstdlib>
#include <limits>

#include "template/format.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl {
namespace {

/// Go takes no width or precision beyond this.
constexpr std::int64_t number_max = 1'000'000;

/// A decimal number at `position`, if there is one; a far too long one ends the format.
std::optional<int> read_number(std::string_view text, std::size_t& position) noexcept {
  const auto start = position;
  std::int64_t number = 0;
  for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position) {
    if (number > number_max) {
      position = text.size();
      return std::nullopt;
    }
    number = number * 10 + (text[position] - '0');
  }
  if (position == start) return std::nullopt;
  return static_cast<int>(number);
}

/// The argument that a `*` takes for width or precision.
std::optional<int> integer_argument(std::span<const Value> arguments, std::size_t& index) {
  if (index >= arguments.size()) return std::nullopt;
  const auto& value = arguments[index++];
  std::int64_t number = 0;
  if (is_signed_integer(value.type())) {
    number = value.as_integer();
  } else if (is_unsigned_integer(value.type()) &&
             value.as_unsigned_integer() <= static_cast<std::uint64_t>(number_max)) {
    number = static_cast<std::int64_t>(value.as_unsigned_integer());
  } else {
    return std::nullopt;
  }
  if (number > number_max || number < -number_max) return std::nullopt;
  return static_cast<int>(number);
}

}  // namespace

Result<SecretBuffer> Printer::sprintf(std::string_view format, std::span<const Value> arguments) {
  Cursor cursor;
  cursor.format = format;
  cursor.arguments = arguments;
  while (!cursor.at_end()) {
    const auto percent = std::min(format.find('%', cursor.position), format.size());
    put(format.substr(cursor.position, percent - cursor.position));
    cursor.position = percent + 1;
    if (percent < format.size()) directive(cursor);
    if (out_.size() > context_.limits().value_bytes_max) return finish();
  }
  if (!cursor.reordered && cursor.argument < arguments.size()) extra_arguments(cursor);
  return finish();
}

Result<SecretBuffer> Printer::sprint(std::span<const Value> arguments) {
  bool string_before = true;
  for (const auto& value : arguments) {
    if (!value.is_string() && !string_before) put(' ');
    argument(value, 'v');
    string_before = value.is_string();
  }
  return finish();
}

Result<SecretBuffer> Printer::sprintln(std::span<const Value> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) put(' ');
    argument(arguments[i], 'v');
  }
  put('\n');
  return finish();
}

Result<SecretBuffer> Printer::finish() {
  if (auto affordable = context_.afford_text(out_.size()); !affordable) return affordable.error();
  if (too_deep_)
    return Error{Errc::invalid_input, "the value is nested too deeply to print (at most " +
                                          std::to_string(context_.limits().nesting_max) +
                                          " levels)"};
  return std::move(out_);
}

/// One `%` directive, the percent sign read.
void Printer::directive(Cursor& cursor) {
  flags_ = Flags();
  cursor.good_index = true;
  cursor.after_index = false;
  read_flags(cursor);
  read_index(cursor);
  read_width(cursor);
  read_precision(cursor);
  if (!cursor.after_index) read_index(cursor);
  if (cursor.at_end()) {
    put("%!(NOVERB)");
    return;
  }
  verb(cursor);
}

void Printer::read_flags(Cursor& cursor) {
  for (; !cursor.at_end(); ++cursor.position) {
    switch (cursor.format[cursor.position]) {
      case '#': flags_.sharp = true; break;
      case '0': flags_.zero = true; break;
      case '+': flags_.plus = true; break;
      case '-': flags_.minus = true; break;
      case ' ': flags_.space = true; break;
      default: return;
    }
  }
}

/// `[3]`: the argument that comes next.
void Printer::read_index(Cursor& cursor) {
  cursor.after_index = false;
  if (!cursor.at('[')) return;
  cursor.reordered = true;
  const auto rest = cursor.format.substr(cursor.position);
  const auto close = rest.find(']');
  if (close == std::string_view::npos) {
    cursor.good_index = false;
    ++cursor.position;
    return;
  }
  std::size_t end = 1;
  const auto number = read_number(rest.substr(0, close), end);
  cursor.position += close + 1;
  if (!number || end != close) {
    cursor.good_index = false;
    return;
  }
  cursor.after_index = true;
  if (*number >= 1 && static_cast<std::size_t>(*number) <= cursor.arguments.size())
    cursor.argument = static_cast<std::size_t>(*number) - 1;
  else
    cursor.good_index = false;
}

void Printer::read_width(Cursor& cursor) {
  if (cursor.at('*')) {
    ++cursor.position;
    flags_.width = integer_argument(cursor.arguments, cursor.argument);
    if (!flags_.width) put("%!(BADWIDTH)");
    if (flags_.width && *flags_.width < 0) {
      flags_.width = -*flags_.width;
      flags_.minus = true;
      flags_.zero = false;
    }
    cursor.after_index = false;
    return;
  }
  flags_.width = read_number(cursor.format, cursor.position);
  if (cursor.after_index && flags_.width) cursor.good_index = false;
}

void Printer::read_precision(Cursor& cursor) {
  if (!cursor.at('.')) return;
  ++cursor.position;
  if (cursor.after_index) cursor.good_index = false;
  read_index(cursor);
  if (cursor.at('*')) {
    ++cursor.position;
    flags_.precision = integer_argument(cursor.arguments, cursor.argument);
    if (flags_.precision && *flags_.precision < 0) flags_.precision.reset();
    if (!flags_.precision) put("%!(BADPREC)");
    cursor.after_index = false;
    return;
  }
  const auto number = read_number(cursor.format, cursor.position);
  flags_.precision = number.value_or(0);
}

void Printer::verb(Cursor& cursor) {
  const auto [verb, size, valid] = next_rune(cursor.format.substr(cursor.position));
  cursor.position += size;
  if (verb == '%') {
    put('%');
  } else if (!cursor.good_index || cursor.argument >= cursor.arguments.size()) {
    put("%!");
    put_rune(verb);
    put(cursor.good_index ? "(MISSING)" : "(BADINDEX)");
  } else {
    if (verb == 'v') {
      flags_.sharp_v = std::exchange(flags_.sharp, false);
      flags_.plus_v = std::exchange(flags_.plus, false);
    }
    argument(cursor.arguments[cursor.argument++], verb);
  }
}

void Printer::extra_arguments(const Cursor& cursor) {
  flags_ = Flags();
  put("%!(EXTRA ");
  for (auto i = cursor.argument; i < cursor.arguments.size(); ++i) {
    if (i > cursor.argument) put(", ");
    const auto& value = cursor.arguments[i];
    put(type_name(value.type()));
    if (value.is_nil()) continue;
    put('=');
    argument(value, 'v');
  }
  put(')');
}

Result<SecretBuffer> go_sprintf(const Context& context, std::string_view format,
                                std::span<const Value> arguments) {
  return Printer(context).sprintf(format, arguments);
}
Result<SecretBuffer> go_sprint(const Context& context, std::span<const Value> arguments) {
  return Printer(context).sprint(arguments);
}
Result<SecretBuffer> go_sprintln(const Context& context, std::span<const Value> arguments) {
  return Printer(context).sprintln(arguments);
}
Result<SecretBuffer> go_to_string(const Context& context, const Value& value) {
  return Printer(context).sprint(std::span(&value, 1));
}

}  // namespace bulla::tmpl
