// SPDX-License-Identifier: Apache-2.0
#include "template/go/strings.hpp"

#include <algorithm>
#include <limits>

#include "template/functions/common.hpp"
#include "template/go/words.hpp"

// Texts to texts. What makes lists of them, and prints, is in text_lists.cpp.
namespace bulla::tmpl {
namespace {

constexpr std::string_view outside = "a position is outside of the text";

/// a * b + c, or as much as a size can be.
std::size_t bounded(std::size_t a, std::size_t b, std::size_t c) noexcept {
  std::size_t out = 0;
  if (__builtin_mul_overflow(a, b, &out) || __builtin_add_overflow(out, c, &out))
    return std::numeric_limits<std::size_t>::max();
  return out;
}

template <SecretBuffer (*transform)(std::string_view)>
Result<Value> with(Context&, Arguments arguments) {
  return Value::string(transform(arguments[0].as_text()));
}

Result<Value> trim(Context&, Arguments arguments) {
  return Value::string(go::trim_space(arguments[0].as_text()));
}
Result<Value> trim_all(Context&, Arguments arguments) {
  return Value::string(go::trim_any(arguments[1].as_text(), arguments[0].as_text()));
}
Result<Value> trim_prefix(Context&, Arguments arguments) {
  return Value::string(go::trim_prefix(arguments[1].as_text(), arguments[0].as_text()));
}
Result<Value> trim_suffix(Context&, Arguments arguments) {
  return Value::string(go::trim_suffix(arguments[1].as_text(), arguments[0].as_text()));
}

Result<Value> contains(Context&, Arguments arguments) {
  return Value::boolean(go::find(arguments[1].as_text(), arguments[0].as_text()) !=
                        std::string_view::npos);
}
Result<Value> has_prefix(Context&, Arguments arguments) {
  return Value::boolean(arguments[1].as_text().starts_with(arguments[0].as_text()));
}
Result<Value> has_suffix(Context&, Arguments arguments) {
  return Value::boolean(arguments[1].as_text().ends_with(arguments[0].as_text()));
}

Result<Value> repeat(Context& context, Arguments arguments) {
  const auto count = arguments[0].as_integer();
  const auto text = arguments[1].as_text();
  if (count < 0) return context.failure("strings: negative Repeat count");
  const auto size = bounded(static_cast<std::size_t>(count), text.size(), 0);
  if (auto affordable = context.afford_text(size); !affordable)
    return std::move(affordable).error();
  SecretBuffer out(size);
  const auto bytes = out.expose_secret();
  // What is there already is doubled: texts are often a letter long.
  std::size_t done = std::min(size, text.size());
  std::copy_n(text.begin(), done, bytes.begin());
  for (; done < size; done += std::min(done, size - done))
    std::copy_n(bytes.begin(), std::min(done, size - done), bytes.begin() + std::ptrdiff_t(done));
  return Value::string(std::move(out));
}

/// `start`, then `text` with so many spaces before each line.
Result<Value> indented(Context& context, std::string_view start, Arguments arguments) {
  const auto spaces = arguments[0].as_integer();
  const auto text = arguments[1].as_text();
  if (spaces < 0) return context.failure("strings: negative Repeat count");
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto size = bounded(lines, static_cast<std::size_t>(spaces), start.size() + text.size());
  if (auto affordable = context.afford_text(size); !affordable)
    return std::move(affordable).error();
  SecretBuffer line_break(static_cast<std::size_t>(spaces) + 1);
  std::ranges::fill(line_break.expose_secret(), std::uint8_t{' '});
  line_break.expose_secret().front() = '\n';
  const auto between = line_break.expose_secret_text();
  SecretBuffer out;
  out.reserve(size);
  out.append(start);
  out.append(between.substr(1));
  out.append(go::replace_all(text, "\n", between).expose_secret_text());
  return Value::string(std::move(out));
}
Result<Value> indent(Context& context, Arguments arguments) {
  return indented(context, "", arguments);
}
Result<Value> nindent(Context& context, Arguments arguments) {
  return indented(context, "\n", arguments);
}

Result<Value> replace(Context& context, Arguments arguments) {
  const auto old = arguments[0].as_text();
  const auto with = arguments[1].as_text();
  const auto text = arguments[2].as_text();
  const auto size = bounded(go::count(text, old), with.size(), text.size());
  if (with.size() > old.size()) {
    if (auto affordable = context.afford_text(size); !affordable)
      return std::move(affordable).error();
  }
  return Value::string(go::replace_all(text, old, with));
}

Result<Value> plural(Context&, Arguments arguments) {
  return arguments[2].as_integer() == 1 ? arguments[0] : arguments[1];
}

Result<Value> substr(Context& context, Arguments arguments) {
  const auto start = arguments[0].as_integer();
  const auto end = arguments[1].as_integer();
  const auto text = arguments[2].as_text();
  const auto size = static_cast<std::int64_t>(text.size());
  const auto first = std::max<std::int64_t>(start, 0);
  const auto last = start >= 0 && (end < 0 || end > size) ? size : end;
  if (first > last || last > size) return context.failure(outside);
  return Value::string(
      text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
}

Result<Value> trunc(Context&, Arguments arguments) {
  const auto count = arguments[0].as_integer();
  const auto text = arguments[1].as_text();
  const auto size = static_cast<std::int64_t>(text.size());
  if (count >= 0)
    return Value::string(text.substr(0, static_cast<std::size_t>(std::min(count, size))));
  // From the end, unless that were all of the text or more.
  return Value::string(count > -size ? text.substr(static_cast<std::size_t>(size + count)) : text);
}

Result<Value> abbrev(Context&, Arguments arguments) {
  const auto width = arguments[0].as_integer();
  if (width < 4) return arguments[1];
  return Value::string(go::abbreviate(arguments[1].as_text(), 0, width));
}

Result<Value> abbrevboth(Context&, Arguments arguments) {
  const auto left = arguments[0].as_integer();
  const auto right = arguments[1].as_integer();
  const auto text = arguments[2].as_text();
  if (right < 4 || (left > 0 && right < 7)) return arguments[2];
  return Value::string(go::abbreviate(text, left, right));
}

/// Within each so many bytes there are at most two line breaks: at a space, and in a long word.
Result<Value> wrapped(Context& context, std::string_view text, const go::Wrapping& wrapping) {
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(wrapping.width, 1));
  const auto breaks = 2 * (text.size() / width) + 2;
  const auto size = bounded(breaks, wrapping.line_break.size(), text.size());
  if (wrapping.line_break.size() > 1) {
    if (auto affordable = context.afford_text(size); !affordable)
      return std::move(affordable).error();
  }
  return Value::string(go::wrap(text, wrapping));
}
Result<Value> wrap(Context& context, Arguments arguments) {
  return wrapped(context, arguments[1].as_text(), {arguments[0].as_integer(), "\n", false});
}
Result<Value> wrap_with(Context& context, Arguments arguments) {
  return wrapped(context, arguments[2].as_text(),
                 {arguments[0].as_integer(), arguments[1].as_text(), true});
}

SecretBuffer snake_case(std::string_view text) { return go::separated_words(text, '_'); }
SecretBuffer kebab_case(std::string_view text) { return go::separated_words(text, '-'); }

constexpr auto string = Type::string;
constexpr auto integer = Type::int_;

constexpr Function table[] = {
    {"abbrev", {integer, string}, abbrev},
    {"abbrevboth", {integer, integer, string}, abbrevboth},
    {"camelcase", {string}, with<go::pascal_case>},
    {"contains", {string, string}, contains},
    {"hasPrefix", {string, string}, has_prefix},
    {"hasSuffix", {string, string}, has_suffix},
    {"indent", {integer, string}, indent},
    {"initials", {string}, with<go::initials>},
    {"kebabcase", {string}, with<kebab_case>},
    {"lower", {string}, with<go::lower>},
    {"nindent", {integer, string}, nindent},
    {"nospace", {string}, with<go::delete_white_space>},
    {"plural", {string, string, integer}, plural},
    {"repeat", {integer, string}, repeat},
    {"replace", {string, string, string}, replace},
    {"snakecase", {string}, with<snake_case>},
    {"substr", {integer, integer, string}, substr},
    {"swapcase", {string}, with<go::swap_case>},
    {"title", {string}, with<go::title>},
    {"trim", {string}, trim},
    {"trimAll", {string, string}, trim_all},
    {"trimPrefix", {string, string}, trim_prefix},
    {"trimSuffix", {string, string}, trim_suffix},
    {"trimall", {string, string}, trim_all},
    {"trunc", {integer, string}, trunc},
    {"untitle", {string}, with<go::uncapitalize>},
    {"upper", {string}, with<go::upper>},
    {"wrap", {integer, string}, wrap},
    {"wrapWith", {integer, string, string}, wrap_with},
};

}  // namespace

std::span<const Function> string_functions() noexcept { return table; }

}  // namespace bulla::tmpl
