// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace bulla {

/// A table of command-line flags, read as Go's pflag reads them, which people's scripts rely on:
/// `--flag=value`, `--flag value`, `-f value`, `-fvalue`, `--switch`, `--switch=false`, flags after
/// other words, `--` ends them, no abbreviations, a repeated flag overrides (or, for lists, adds).
/// The C library's getopt_long does the reading.
///
/// Every flag is also read from the environment: PREFIX + upper-case name, '-' as '_'. The command
/// line wins. A value that can't be read there is passed over, as the reference does, and told.
class FlagSet {
 public:
  /// Takes one value, already split off; an Error's message is what was wrong with it.
  using Setter = std::function<Result<void>(std::string_view value)>;

  struct Flag {
    std::string_view name;        ///< without the dashes
    char shorthand = 0;           ///< 0: none
    std::string_view value = {};  ///< what help calls the value; empty for a switch
    std::string_view help = {};   ///< one line
    Setter set;
    std::string_view deprecated = {};  ///< what to use instead
  };
  struct Group {
    std::string_view title;
    std::vector<Flag> flags;
    bool names_only = false;  ///< help lists the names in one paragraph
  };

  /// What people type who know another tool, and what it is called here.
  struct Habit {
    std::string_view typed;   ///< without the dashes
    std::string_view advice;  ///< the hint
  };

  FlagSet(std::string_view environment_prefix, std::vector<Group> groups,
          std::vector<Habit> habits = {});

  struct Parsed {
    std::vector<std::string> words;         ///< what is no flag, in order
    std::vector<std::string_view> given;    ///< names given on the command line or environment
    std::vector<std::string_view> typed;    ///< names on the command line, as often as they stand
    std::vector<std::string> deprecations;  ///< sentences for the user
    std::vector<Error> unread_environment;  ///< one for each variable that could not be read
  };
  /// Reads the environment, then `arguments` (without the program's name), calling the setters.
  /// Errors: invalid_input, in the reference's words ("unknown flag: --x"), with a hint of what may
  /// have been meant; also for a word such as "-name", which pflag would read as "-n ame".
  [[nodiscard]] Result<Parsed> parse(std::span<const char* const> arguments) const;

  /// Every flag, grouped, one line each (see Group::names_only).
  [[nodiscard]] std::string help() const;
  [[nodiscard]] const std::vector<Group>& groups() const noexcept { return groups_; }

  // Setters for the common kinds. `target` must outlive the set.
  static Setter text(std::string& target);
  static Setter toggle(bool& target);  ///< strconv.ParseBool: 1 t T true TRUE True, 0 f F ...
  static Setter number(int& target);   ///< decimal, 0x.. and 0.. as Go reads them
  static Setter texts(std::vector<std::string>& target);  ///< repeatable, whole values
  static Setter csv(std::vector<std::string>& target);    ///< repeatable, comma separated (CSV)
  static Setter ignored();                                ///< accepted and of no effect
  static Setter ignored_number();  ///< the same, but it must be a whole number

 private:
  struct Table;
  [[nodiscard]] Result<void> apply(const Flag& flag, std::string_view value, Parsed& parsed) const;
  [[nodiscard]] std::vector<std::string> names_like(std::string_view typed) const;
  [[nodiscard]] Error with_guess(Error error, std::string_view typed) const;
  [[nodiscard]] Result<void> check_single_dash(const Flag& flag, std::string_view word) const;
  [[nodiscard]] Error refusal(int code, std::string_view word, std::string_view next) const;
  [[nodiscard]] Result<void> read_long(const Flag& flag, std::string_view word,
                                       std::string_view previous, Parsed& parsed) const;
  void read_environment(Parsed& parsed) const;

  std::string_view environment_prefix_;
  std::vector<Group> groups_;
  std::vector<Habit> habits_;
};

}  // namespace bulla
