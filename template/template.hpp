// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"

namespace bulla::tmpl {

struct Tree;

/// What a template runs on: the map[string]string that `.` is.
using Items = std::map<std::string, SecretBuffer>;

struct RunOptions {
  const Clock& clock = system_clock();
  Random& random = system_random();
  Limits limits = {};
  RunErrors errors = RunErrors::guarded;
  Budget::Time time = thread_cpu_time;
};

/// A program in Go's text/template language with sprig's functions, less those that read the
/// environment or ask the network.
///
/// Errors: invalid_input, with the reference's words and place: "template: NAME:LINE: WHAT" of
/// parse(), "template: NAME:LINE:COLUMN: executing "NAME" at <SOURCE>: WHAT" of run(). Lines count
/// from 1, columns are bytes from the start of the line. The text may quote the template, never a
/// value of the items or one computed from them: where the reference prints such a value, ours
/// names its type.
/// Memory:  whatever may hold a value of the items is zeroed before it is released.
/// Bounds:  run() ends with an error when it reaches one of Limits; parse() bounds its nesting.
/// Threads: const, so one Template can run on several threads at once.
class Template {
 public:
  /// Text that isn't UTF-8 is taken as it is, as Go does.
  [[nodiscard]] static Result<Template> parse(std::string_view name, std::string_view text);

  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// In a Session of its own.
  [[nodiscard]] Result<SecretBuffer> run(const Items& items,
                                         const RunOptions& options = RunOptions()) const;

  /// The program as it was understood, without comments: parsing it again gives the same program.
  [[nodiscard]] std::string source() const;

 private:
  friend class Session;
  explicit Template(std::unique_ptr<const Tree> tree) noexcept;
  std::unique_ptr<const Tree> tree_;
};

/// The programs of one object: they see the same items, and share one budget.
///
/// Memory:  the items are copied once; whatever may hold a value of them is zeroed before it is
///          released.
/// Threads: one.
class Session {
 public:
  /// Errors of the later calls: the items alone are more than the budget.
  explicit Session(const Items& items, const RunOptions& options = RunOptions());
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// As Template::parse; its work and what the program takes count too.
  [[nodiscard]] Result<Template> parse(std::string_view name, std::string_view text);
  [[nodiscard]] Result<SecretBuffer> run(const Template& program);
  /// The same; the program ends with it, and what it took of the budget is free for others.
  [[nodiscard]] Result<SecretBuffer> run(Template&& program);
  /// Whether the last error says only that the template failed, because a value may have chosen it.
  /// After the first failure of an object that is so for all, once a value was looked at.
  [[nodiscard]] bool hid_last_error() const noexcept;
  /// Whether one of Limits ended a run: with larger ones it might have succeeded.
  [[nodiscard]] bool reached_a_bound() const noexcept;

 private:
  [[nodiscard]] Result<Template> parse_within_budget(std::string_view name, std::string_view text);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bulla::tmpl
