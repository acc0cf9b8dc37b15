// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// What one run of one template may use up. Reaching a bound is an error that names it.
struct Limits {
  std::size_t steps_max = 1'000'000;  ///< nodes executed
  std::size_t depth_max = 1'000;      ///< blocks, templates and parentheses within each other
  std::size_t output_bytes_max = std::size_t{4} * 1024 * 1024;  ///< a Secret holds 1 MiB
  std::size_t value_bytes_max = std::size_t{4} * 1024 * 1024;   ///< one string
  std::size_t list_items_max = 100'000;                         ///< one list or dict
  /// Lists in lists, and how deep a function that walks a value (printing, JSON, copies,
  /// comparison) follows it, dicts included, which may contain themselves.
  std::size_t nesting_max = 200;
  std::size_t total_bytes_max =
      std::size_t{64} * 1024 * 1024;  ///< everything made in the run, added up
};

/// What a function may ask of the run that calls it.
class Context {
 public:
  Context(const Clock& clock, Random& random, const Limits& limits) noexcept
      : clock_(clock), random_(random), limits_(limits) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  /// Empties every dict, so that cycles don't outlive the run.
  ~Context();

  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  /// Fit for passwords: the operating system's, unless a test brings its own.
  [[nodiscard]] Random& random() const noexcept { return random_; }

  /// A new dict, empty. The only way to make one.
  [[nodiscard]] std::shared_ptr<Dict> new_dict(Type type = Type::any_dict);

  /// Whether one string of `bytes` may be made. The evaluator counts what a function returns; a
  /// function must ask first only where its result can be far larger than its arguments added up
  /// (repeat, indent, replace, join, wrap with a long separator...). Counts nothing.
  [[nodiscard]] Result<void> afford_text(std::size_t bytes) const;
  /// The same for a list or dict of `items` (until, chunk, split...).
  [[nodiscard]] Result<void> afford_items(std::size_t items) const;
  /// Counts work that shows in no result (key stretching, regular expressions over long texts), in
  /// steps of about a microsecond.
  [[nodiscard]] Result<void> spend_steps(std::size_t steps);
  /// Counts `value`, as a function returned it.
  [[nodiscard]] Result<void> spend(const Value& value);

  /// The error of a function that refuses its arguments. `safe` may be shown to anyone: it holds
  /// nothing of the arguments. `exact` is what the reference says, which may quote them; it is
  /// used only when nothing in the arguments comes from the items or from chance.
  [[nodiscard]] Error failure(std::string_view safe, std::string_view exact) const;
  [[nodiscard]] Error failure(std::string_view safe) const { return failure(safe, safe); }

  /// Set by the evaluator around a call: whether an argument holds a secret.
  void set_secret_arguments(bool secret) noexcept { secret_arguments_ = secret; }
  [[nodiscard]] bool secret_arguments() const noexcept { return secret_arguments_; }

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

 private:
  const Clock& clock_;
  Random& random_;
  const Limits& limits_;
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
  bool secret_arguments_ = true;
  std::vector<std::shared_ptr<Dict>> dicts_;
};

}  // namespace bulla::tmpl
