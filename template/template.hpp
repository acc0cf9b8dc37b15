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

  [[nodiscard]] Result<SecretBuffer> run(const Items& items,
                                         const RunOptions& options = RunOptions()) const;

  /// The program as it was understood, without comments: parsing it again gives the same program.
  [[nodiscard]] std::string source() const;

 private:
  explicit Template(std::unique_ptr<const Tree> tree) noexcept;
  std::unique_ptr<const Tree> tree_;
};

}  // namespace bulla::tmpl
