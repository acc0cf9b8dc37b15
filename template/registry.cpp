// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <functional>
#include <unordered_map>
#include <utility>

#include "template/function.hpp"

namespace bulla::tmpl {
namespace {

using Table = std::unordered_map<std::string_view, const Function*>;

void add(Table& table, std::span<const Function> functions) {
  for (const auto& function : functions) table[function.name] = &function;
}

/// Go's own first: a function of sprig's that has the same name replaces it.
Table all_functions() {
  Table table;
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

}  // namespace

const Function* find_function(std::string_view name) noexcept {
  static const Table table = all_functions();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
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

const Function* find_method(Type receiver, std::string_view name) noexcept {
  for (const auto& method : methods_of(receiver))
    if (method.name == name) return &method;
  return nullptr;
}

}  // namespace bulla::tmpl
