// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/allocation_budget.hpp"
#include "base/error.hpp"
#include "base/process.hpp"

namespace bulla::tmpl {

/// What the templates of one object may use up together. Reaching a bound is an error that names
/// it.
struct Limits {
  /// Nodes executed, and `bytes_a_step` bytes of a call's arguments and result; about a
  /// microsecond.
  /// The most that is known to be asked for in earnest: a dozen keys and hashes, among them one of
  /// RSA with 4096 bits, and seven derived passwords (2.4 million).
  std::size_t steps_max = 3'000'000;
  /// Processor time. It ends what the steps misjudge; looking for primes takes up to seconds.
  std::chrono::nanoseconds time_max = std::chrono::seconds(5);
  /// Values that live at a time, outputs among them, with what a function makes on its way.
  std::size_t memory_bytes_max = std::size_t{40} * 1024 * 1024;
  /// All outputs added up: what a Secret holds (Kubernetes' MaxSecretSize).
  std::size_t output_bytes_max = std::size_t{1} * 1024 * 1024;
  std::size_t value_bytes_max = std::size_t{4} * 1024 * 1024;  ///< one string
  std::size_t list_items_max = 100'000;                        ///< one list or dict
  std::size_t depth_max = 1'000;  ///< blocks, templates and parentheses within each other
  /// Lists in lists, and how deep a function that walks a value (printing, JSON, copies,
  /// comparison) follows it, dicts included, which may contain themselves.
  std::size_t nesting_max = 200;
};

/// A call is charged a step for so many bytes of its arguments and its result: the slowest
/// functions take about a microsecond for them.
constexpr std::size_t bytes_a_step = 128;

/// Counts what one object's templates have used so far. Time is the thread's on a core: a busy
/// machine, and waiting, do not count against a program. Threads: the one that made it.
class Budget {
 public:
  using Time = std::chrono::nanoseconds (*)();

  /// `limits` outlives it.
  explicit Budget(const Limits& limits, Time time = thread_cpu_time)
      : limits_(limits), memory_(limits.memory_bytes_max), time_(time), began_(time()) {}

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] AllocationBudget& memory() noexcept { return memory_; }
  [[nodiscard]] const AllocationBudget& memory() const noexcept { return memory_; }

  [[nodiscard]] std::size_t steps_left() const noexcept { return limits_.steps_max - steps_; }
  Result<void> spend_steps(std::size_t steps) {
    if (steps > steps_left()) return too_many_steps();
    steps_ += steps;
    since_look_ += steps;
    return since_look_ < steps_between_looks ? Result<void>() : check_time();
  }
  /// Charges a call by the bytes that it looks at or makes.
  Result<void> spend_bytes(std::size_t bytes) { return spend_steps(bytes / bytes_a_step); }
  Result<void> spend_output(std::size_t bytes);
  /// The object's other templates get nothing either.
  void use_up() noexcept { steps_ = limits_.steps_max; }
  /// Whether there is time left, for functions that take long for one step.
  [[nodiscard]] bool has_time() const noexcept {
    const bool there_is = time_() - began_ <= limits_.time_max;
    if (!there_is) reached_a_bound_ = true;
    return there_is;
  }
  /// The error of having no time left, if so.
  Result<void> check_time();
  // The errors of reached bounds. That there was one is remembered.
  [[nodiscard]] Error out_of_memory() const;
  [[nodiscard]] Error bound(std::string_view what, std::size_t most) const;
  [[nodiscard]] bool reached_a_bound() const noexcept { return reached_a_bound_; }

 private:
  static constexpr std::size_t steps_between_looks = 1'000;
  [[nodiscard]] Error too_many_steps();

  const Limits& limits_;
  AllocationBudget memory_;
  Time time_;
  std::chrono::nanoseconds began_;
  std::size_t steps_ = 0;
  std::size_t since_look_ = 0;
  std::size_t output_bytes_ = 0;
  mutable bool reached_a_bound_ = false;  ///< asking whether something can be afforded may set it
};

}  // namespace bulla::tmpl
