// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "template/context.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// What Go's reflection knows of a function's parameters.
class Signature {
 public:
  static constexpr std::size_t parameters_max = 6;

  /// `{Type::int_, Type::string}`: so many parameters.
  template <class... T>
  requires(std::same_as<T, Type>&&...) constexpr Signature(T... fixed) noexcept
      : fixed_{fixed...}, count_(sizeof...(T)) {
    static_assert(sizeof...(T) <= parameters_max);
  }
  /// `{{Type::string}, Type::any}`: with `...rest` at the end.
  constexpr Signature(std::initializer_list<Type> fixed, Type rest) noexcept : rest_(rest) {
    for (const auto type : fixed) fixed_[count_++] = type;
  }

  [[nodiscard]] constexpr std::span<const Type> fixed() const noexcept {
    return std::span(fixed_).first(count_);
  }
  [[nodiscard]] constexpr bool variadic() const noexcept { return rest_ != Type::nil; }
  [[nodiscard]] constexpr Type rest() const noexcept { return rest_; }

 private:
  std::array<Type, parameters_max> fixed_{};
  std::size_t count_ = 0;
  Type rest_ = Type::nil;
};

using Arguments = std::span<const Value>;

/// A function of the language.
///
/// The evaluator checks the number and the types of the arguments against the signature, with Go's
/// words, before it calls `run`: a parameter of Type::string gets a string, one of Type::any_dict a
/// map[string]interface {} (a nil one for a nil argument), one of Type::any anything, nil included.
/// Then it counts what `run` returned. `run` returns an error made by Context::failure, whose
/// text stands after "error calling NAME: "; no error text may hold anything of an argument.
///
///     constexpr Function table[] = {
///         {"trunc", {Type::int_, Type::string}, trunc},
///         {"cat", {{}, Type::any}, cat},
///     };
struct Function {
  std::string_view name;
  Signature signature;
  Result<Value> (*run)(Context& context, Arguments arguments);
};

/// Go's own functions (and, or and call are the evaluator's).
[[nodiscard]] std::span<const Function> builtin_functions() noexcept;

// The groups of sprig's functions, one file each in functions/.
[[nodiscard]] std::span<const Function> string_functions() noexcept;
[[nodiscard]] std::span<const Function> text_list_functions() noexcept;  // split, join, quote...
[[nodiscard]] std::span<const Function> list_functions() noexcept;
[[nodiscard]] std::span<const Function> dict_functions() noexcept;
[[nodiscard]] std::span<const Function> merge_functions() noexcept;
[[nodiscard]] std::span<const Function> default_functions() noexcept;
[[nodiscard]] std::span<const Function> math_functions() noexcept;
[[nodiscard]] std::span<const Function> sequence_functions() noexcept;  // until, seq
[[nodiscard]] std::span<const Function> date_functions() noexcept;
[[nodiscard]] std::span<const Function> encoding_functions() noexcept;
[[nodiscard]] std::span<const Function> json_functions() noexcept;
[[nodiscard]] std::span<const Function> crypto_functions() noexcept;
[[nodiscard]] std::span<const Function> master_password_functions() noexcept;  // derivePassword
[[nodiscard]] std::span<const Function> certificate_functions() noexcept;
[[nodiscard]] std::span<const Function> random_functions() noexcept;
[[nodiscard]] std::span<const Function> regex_functions() noexcept;
[[nodiscard]] std::span<const Function> semver_functions() noexcept;
[[nodiscard]] std::span<const Function> url_functions() noexcept;
[[nodiscard]] std::span<const Function> path_functions() noexcept;
[[nodiscard]] std::span<const Function> reflection_functions() noexcept;
[[nodiscard]] std::span<const Function> flow_functions() noexcept;  // fail, hello

// The methods that a template can call on what those functions return (`$t.Format "15:04"`), beside
// the functions that make such values. The signature has the receiver first.
[[nodiscard]] std::span<const Function> time_methods() noexcept;
[[nodiscard]] std::span<const Function> duration_methods() noexcept;
[[nodiscard]] std::span<const Function> month_methods() noexcept;
[[nodiscard]] std::span<const Function> weekday_methods() noexcept;
[[nodiscard]] std::span<const Function> version_methods() noexcept;
[[nodiscard]] std::span<const Function> version_value_methods() noexcept;

using FunctionTable = std::unordered_map<std::string_view, const Function*>;
/// All functions but methods, by their names.
[[nodiscard]] const FunctionTable& functions() noexcept;
/// The function of that name, or null. Of two groups' functions of one name, sprig's wins, as
/// there (`slice`).
[[nodiscard]] const Function* find_function(std::string_view name) noexcept;
/// Whether what the function returns is a secret whatever its arguments: a password, a key.
[[nodiscard]] bool makes_secrets(const Function& function) noexcept;
/// Whether neither failing, but for a reached bound, nor the type of what it returns depends on
/// what the arguments hold. (default, coalesce and ternary choose, as a branch does.)
[[nodiscard]] bool never_fails(const Function& function) noexcept;
/// The method of that name on a receiver of that type, or null.
[[nodiscard]] const Function* find_method(Type receiver, std::string_view name) noexcept;

}  // namespace bulla::tmpl
