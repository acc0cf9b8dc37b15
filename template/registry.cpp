// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "template/function.hpp"

namespace bulla::tmpl {
namespace {

void add(FunctionTable& table, std::span<const Function> functions) {
  for (const auto& function : functions) table[function.name] = &function;
}

/// Go's own first: a function of sprig's that has the same name replaces it.
FunctionTable all_functions() {
  FunctionTable table;
  for (const auto functions : {builtin_functions(),     string_functions(),
                               text_list_functions(),   list_functions(),
                               dict_functions(),        merge_functions(),
                               default_functions(),     math_functions(),
                               sequence_functions(),    date_functions(),
                               encoding_functions(),    json_functions(),
                               crypto_functions(),      master_password_functions(),
                               certificate_functions(), random_functions(),
                               regex_functions(),       semver_functions(),
                               url_functions(),         path_functions(),
                               reflection_functions(),  flow_functions()})
    add(table, functions);
  return table;
}

std::span<const Function> methods_of(Type receiver) noexcept {
  switch (receiver) {
    case Type::time: return time_methods();
    case Type::duration: return duration_methods();
    case Type::month: return month_methods();
    case Type::weekday: return weekday_methods();
    case Type::version: return version_methods();
    case Type::version_value: return version_value_methods();
    default: return {};
  }
}

constexpr std::string_view never_failing[] = {
    "abbrev",       "abbrevboth", "adler32sum",     "all",       "any",
    "b32enc",       "b64enc",     "camelcase",      "cat",       "contains",
    "dict",         "empty",      "hasPrefix",      "hasSuffix", "html",
    "initials",     "int",        "int64",          "join",      "js",
    "kebabcase",    "kindIs",     "kindOf",         "list",      "lower",
    "nospace",      "not",        "plural",         "print",     "printf",
    "println",      "quote",      "regexQuoteMeta", "replace",   "sha1sum",
    "sha256sum",    "sha512sum",  "snakecase",      "sortAlpha", "split",
    "splitList",    "squote",     "swapcase",       "title",     "toJson",
    "toPrettyJson", "toString",   "toStrings",      "trim",      "trimAll",
    "trimPrefix",   "trimSuffix", "trimall",        "trunc",     "tuple",
    "typeIs",       "typeOf",     "untitle",        "upper",     "urlquery"};

std::unordered_set<const Function*> never_failing_functions() {
  std::unordered_set<const Function*> out;
  for (const auto name : never_failing) out.insert(functions().at(name));
  return out;
}

}  // namespace

const FunctionTable& functions() noexcept {
  static const FunctionTable table = all_functions();
  return table;
}

const Function* find_function(std::string_view name) noexcept {
  const auto found = functions().find(name);
  return found == functions().end() ? nullptr : found->second;
}

bool makes_secrets(const Function& function) noexcept {
  for (const auto group : {random_functions(), crypto_functions(), master_password_functions(),
                           certificate_functions()}) {
    const std::less_equal<> not_after;
    if (not_after(group.data(), &function) && !not_after(group.data() + group.size(), &function))
      return true;
  }
  return false;
}

bool never_fails(const Function& function) noexcept {
  static const auto those = never_failing_functions();
  return those.contains(&function);
}

const Function* find_method(Type receiver, std::string_view name) noexcept {
  for (const auto& method : methods_of(receiver))
    if (method.name == name) return &method;
  return nullptr;
}

}  // namespace bulla::tmpl
