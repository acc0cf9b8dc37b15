// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "template/functions/common.hpp"

// Regular expressions. Of each pair, the function without `must` differs only in what it says of a
// pattern that is none (and regexMatch gives false).
namespace bulla::tmpl {
namespace {

constexpr std::string_view bad_pattern = "the regular expression can't be parsed";

/// While RE2 reads a pattern it takes up to ten thousand bytes for one of it (a class such as \pL).
constexpr std::size_t pattern_bytes_max = 4096;

/// Before a pattern is compiled, a good one or not.
Result<void> spend_on_pattern(Context& context, const Value& pattern) {
  const auto size = pattern.as_text().size();
  if (size > pattern_bytes_max) {
    return Error{Errc::invalid_input, "the regular expression is too long (at most " +
                                          std::to_string(pattern_bytes_max) + " bytes)"};
  }
  return context.spend_steps(10 + 4 * size);
}

/// The pattern compiled; `prefix` begins what is said of one that is none.
Result<go::Regexp> compile_or_say(Context& context, const Value& pattern, std::string_view prefix) {
  if (auto spent = spend_on_pattern(context, pattern); !spent) return std::move(spent).error();
  auto regexp = go::Regexp::compile(pattern.as_text());
  if (!regexp) return context.failure(bad_pattern, std::string(prefix) + regexp.error().message);
  return regexp;
}

Result<go::Regexp> compile(Context& context, const Value& pattern) {
  return compile_or_say(context, pattern, "");
}

/// As regexp.MustCompile panics.
Result<go::Regexp> must_compile(Context& context, const Value& pattern) {
  if (quoting(context) == go::Quoting::forbidden) return compile(context, pattern);
  return compile_or_say(context, pattern,
                        "regexp: Compile(" + go::backquoted(pattern.as_text()) + "): ");
}

using Compile = Result<go::Regexp> (*)(Context&, const Value&);

Result<Value> matches(Context& context, const go::Regexp& regexp, const Value& text) {
  ContextEffort effort(context);
  auto matched = regexp.matches(text.as_text(), effort);
  if (!matched) return std::move(matched).error();
  return Value::boolean(*matched);
}

template <Compile compile>
Result<Value> match(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  return matches(context, *regexp, arguments[1]);
}

Result<Value> match_or_false(Context& context, Arguments arguments) {
  if (auto spent = spend_on_pattern(context, arguments[0]); !spent) return std::move(spent).error();
  const auto regexp = go::Regexp::compile(arguments[0].as_text());
  if (!regexp) return Value::boolean(false);
  return matches(context, *regexp, arguments[1]);
}

template <Compile compile>
Result<Value> find(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  ContextEffort effort(context);
  auto found = regexp->find(arguments[1].as_text(), effort);
  if (!found) return std::move(found).error();
  return Value::string(found->value_or(std::string_view()));
}

template <Compile compile>
Result<Value> find_all(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  ContextEffort effort(context);
  auto found = regexp->find_all(arguments[1].as_text(), arguments[2].as_integer(), effort);
  if (!found) return std::move(found).error();
  if (found->empty()) return Value::nil_of(Type::string_list);
  return string_list(std::optional(std::move(*found)));
}

template <Compile compile>
Result<Value> split(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  ContextEffort effort(context);
  auto pieces = regexp->split(arguments[1].as_text(), arguments[2].as_integer(), effort);
  if (!pieces) return std::move(pieces).error();
  return string_list(*pieces);
}

template <Compile compile>
Result<Value> replace(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  ContextEffort effort(context);
  return string_value(regexp->replace_all(arguments[1].as_text(), arguments[2].as_text(), effort));
}

template <Compile compile>
Result<Value> replace_literally(Context& context, Arguments arguments) {
  const auto regexp = compile(context, arguments[0]);
  if (!regexp) return regexp.error();
  ContextEffort effort(context);
  return string_value(
      regexp->replace_all_literally(arguments[1].as_text(), arguments[2].as_text(), effort));
}

Result<Value> quote_meta(Context&, Arguments arguments) {
  return Value::string(go::quote_meta(arguments[0].as_text()));
}

constexpr auto string = Type::string;

constexpr Function table[] = {
    {"mustRegexFind", {string, string}, find<compile>},
    {"mustRegexFindAll", {string, string, Type::int_}, find_all<compile>},
    {"mustRegexMatch", {string, string}, match<compile>},
    {"mustRegexReplaceAll", {string, string, string}, replace<compile>},
    {"mustRegexReplaceAllLiteral", {string, string, string}, replace_literally<compile>},
    {"mustRegexSplit", {string, string, Type::int_}, split<compile>},
    {"regexFind", {string, string}, find<must_compile>},
    {"regexFindAll", {string, string, Type::int_}, find_all<must_compile>},
    {"regexMatch", {string, string}, match_or_false},
    {"regexQuoteMeta", {string}, quote_meta},
    {"regexReplaceAll", {string, string, string}, replace<must_compile>},
    {"regexReplaceAllLiteral", {string, string, string}, replace_literally<must_compile>},
    {"regexSplit", {string, string, Type::int_}, split<must_compile>},
};

}  // namespace

std::span<const Function> regex_functions() noexcept { return table; }

}  // namespace bulla::tmpl
