// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "template/budget.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// What is said of a program that failed while it ran.
enum class RunErrors : std::uint8_t {
  /// Nothing that a value of the items may have chosen: the program has set the texts and the
  /// places of its errors, and could spell a value with them.
  guarded,
  full,  ///< for those who hold the items anyway
};

/// What a function may ask of the run that calls it.
class Context {
 public:
  Context(const Clock& clock, Random& random, Budget& budget) noexcept
      : clock_(clock), random_(random), budget_(budget) {}
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
  [[nodiscard]] Result<void> spend_steps(std::size_t steps) { return budget_.spend_steps(steps); }
  /// Whether there is time left, for functions that take long.
  [[nodiscard]] bool has_time() const noexcept { return budget_.has_time(); }
  /// Charges a call for what it looks at. The evaluator does so for every function.
  [[nodiscard]] Result<void> spend_on(std::span<const Value> arguments);
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

  [[nodiscard]] const Limits& limits() const noexcept { return budget_.limits(); }
  [[nodiscard]] Budget& budget() noexcept { return budget_; }

 private:
  const Clock& clock_;
  Random& random_;
  Budget& budget_;
  bool secret_arguments_ = true;
  std::vector<std::shared_ptr<Dict>, WipingAllocator<std::shared_ptr<Dict>>> dicts_;
};

}  // namespace bulla::tmpl
