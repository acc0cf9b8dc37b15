// SPDX-License-Identifier: Apache-2.0
#include "base/flags.hpp"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "base/spelling.hpp"
#include "base/text.hpp"

namespace bulla {

namespace {

/// strconv.ParseBool.
Result<bool> parse_bool(std::string_view value) {
  for (const auto* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const auto* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  return Error{Errc::invalid_input,
               "strconv.ParseBool: parsing " + quoted(value) + ": invalid syntax"};
}

/// strconv.ParseInt with base 0: the prefix names the base.
Result<int> parse_int(std::string_view text) {
  const Error invalid{Errc::invalid_input,
                      "strconv.ParseInt: parsing " + quoted(text) + ": invalid syntax"};
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.starts_with('0')) {
    base = 8;
    digits.remove_prefix(1);
  }
  int value = 0;
  const auto* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, base);
  if (digits.empty() || error != std::errc() || end != last || value < 0) return invalid;
  return negative ? -value : value;
}

/// One line of comma separated values (RFC 4180: quotes around a value, doubled inside).
Result<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::string> values;
  if (text.empty()) return values;
  for (std::size_t i = 0;;) {
    std::string value;
    if (i < text.size() && text[i] == '"') {
      for (++i;; ++i) {
        if (i >= text.size()) return Error{Errc::invalid_input, "a quote is not closed"};
        if (text[i] != '"') {
          value += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          value += text[i++];
        } else {
          break;
        }
      }
      ++i;
      if (i < text.size() && text[i] != ',')
        return Error{Errc::invalid_input, "text follows a closing quote"};
    } else {
      for (; i < text.size() && text[i] != ','; ++i) {
        if (text[i] == '"') return Error{Errc::invalid_input, "a quote stands inside a value"};
        value += text[i];
      }
    }
    values.push_back(std::move(value));
    if (i >= text.size()) return values;
    ++i;
  }
}

std::string environment_name(std::string_view prefix, std::string_view flag) {
  std::string name(prefix);
  for (const char c : flag) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

/// The name in a long flag as typed: "--name=value" or "--name".
std::string_view typed_name(std::string_view word) {
  word.remove_prefix(2);
  return word.substr(0, word.find('='));
}

Error unknown_flag(std::string_view name) {
  return {Errc::invalid_input, "unknown flag: --" + std::string(name)};
}

Error invalid_value(Error why, std::string_view value, const FlagSet::Flag& flag) {
  const auto letter =
      flag.shorthand != 0 ? "-" + std::string(1, flag.shorthand) + ", " : std::string();
  return std::move(why).during("invalid argument " + quoted(value) + " for " +
                               quoted(letter + "--" + std::string(flag.name)) + " flag");
}

/// A "---x" or "--=x", which getopt_long would take for an abbreviation or pass on.
bool is_malformed(std::string_view word) {
  return word.size() > 2 && word.starts_with("--") && (word[2] == '-' || word[2] == '=');
}

}  // namespace

FlagSet::FlagSet(std::string_view environment_prefix, std::vector<Group> groups,
                 std::vector<Habit> habits)
    : environment_prefix_(environment_prefix),
      groups_(std::move(groups)),
      habits_(std::move(habits)) {}

/// The flags that `typed` may have been meant for: a few letters wrong, '_' for '-', or one of the
/// two names is how the other begins.
std::vector<std::string> FlagSet::names_like(std::string_view typed) const {
  constexpr std::size_t name_size_max = 64;  // no flag is longer; the work grows with the square
  std::vector<std::string> found;
  std::string wanted = to_lower(typed.substr(0, name_size_max));
  std::ranges::replace(wanted, '_', '-');
  for (const auto& group : groups_) {
    if (group.names_only) continue;
    for (const auto& flag : group.flags) {
      if (!flag.deprecated.empty()) continue;
      const bool begins =
          wanted.size() > 2 && (flag.name.starts_with(wanted) || wanted.starts_with(flag.name));
      const std::size_t wrong_max = wanted.size() > 4 ? 2 : 1;
      if (begins || (wanted.size() > 1 && edit_distance(wanted, flag.name) <= wrong_max))
        found.push_back("--" + std::string(flag.name));
    }
  }
  return found;
}

Error FlagSet::with_guess(Error error, std::string_view typed) const {
  const auto habit = std::ranges::find(habits_, typed, &Habit::typed);
  if (habit != habits_.end()) return std::move(error).hint(std::string(habit->advice));
  const auto names = names_like(typed);
  if (names.empty()) return error;
  std::string guess = "did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    guess.append(i == 0 ? "" : i + 1 == names.size() ? " or " : ", ").append(names[i]);
  }
  return std::move(error).hint(guess + "?");
}

/// pflag reads "-name" as "-n ame", and "-file" as "-f ile". Nobody means that.
Result<void> FlagSet::check_single_dash(const Flag& flag, std::string_view word) const {
  if (!word.starts_with('-') || word.starts_with("--")) return {};
  const auto typed = word.substr(1, word.find('=') - 1);
  const auto* named = &flag;
  for (const auto& group : groups_) {
    for (const auto& other : group.flags) {
      if (other.name == typed) named = &other;
    }
  }
  const bool is_end_of_own = flag.name.ends_with("-" + std::string(typed));
  if (typed.size() < 3 || (named->name != typed && !is_end_of_own)) return {};
  return Error{Errc::invalid_input, quoted(word) + " means -" + std::string(1, flag.shorthand) +
                                        " " + quoted(word.substr(2))}
      .hint("did you mean --" + std::string(named->name) + "?");
}

Result<void> FlagSet::apply(const Flag& flag, std::string_view value, Parsed& parsed) const {
  if (auto set = flag.set(value); !set) return invalid_value(std::move(set).error(), value, flag);
  parsed.typed.push_back(flag.name);
  if (!flag.deprecated.empty()) {
    parsed.deprecations.push_back("Flag --" + std::string(flag.name) + " has been deprecated, " +
                                  std::string(flag.deprecated));
  }
  if (std::ranges::find(parsed.given, flag.name) == parsed.given.end())
    parsed.given.push_back(flag.name);
  return {};
}

void FlagSet::read_environment(Parsed& parsed) const {
  for (const auto& group : groups_) {
    for (const auto& flag : group.flags) {
      const auto name = environment_name(environment_prefix_, flag.name);
      const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start
      if (value == nullptr) continue;
      if (auto set = flag.set(value); !set) {
        parsed.unread_environment.push_back(
            std::move(set).error().during(name + "=" + quoted(value) + " in the environment"));
      } else if (std::ranges::find(parsed.given, flag.name) == parsed.given.end()) {
        parsed.given.push_back(flag.name);
      }
    }
  }
}

/// The flags as getopt_long wants to know them: flag i has the code `first_long_code + i`.
struct FlagSet::Table {
  static constexpr int first_long_code = 256;  // above every shorthand

  explicit Table(const std::vector<Group>& groups) {
    for (const auto& group : groups) {
      for (const auto& flag : group.flags) add(flag);
    }
    long_options.push_back({});
  }
  void add(const Flag& flag) {
    const bool takes_value = !flag.value.empty();
    const int code = first_long_code + static_cast<int>(flags.size());
    // A switch takes its value after '=' only.
    long_options.push_back(
        {flag.name.data(), takes_value ? required_argument : optional_argument, nullptr, code});
    if (flag.shorthand != 0) short_options.append(1, flag.shorthand).append(takes_value ? ":" : "");
    flags.push_back(&flag);
  }
  [[nodiscard]] const Flag& of_shorthand(int letter) const {
    const auto found =
        std::ranges::find_if(flags, [&](const Flag* flag) { return flag->shorthand == letter; });
    BULLA_ASSERT(found != flags.end());
    return **found;
  }

  std::vector<const Flag*> flags;
  std::vector<option> long_options;
  std::string short_options = ":";  // ':' first: a missing value is told from an unknown flag
};

namespace {

/// The words around where getopt_long stands.
struct Position {
  std::string_view word;      ///< what it read last
  std::string_view previous;  ///< the one before
  std::string_view next;      ///< the one after, "" at the end
};

Position position_in(const std::vector<char*>& argv, int index_before) {
  const auto at = [&](int index) -> std::string_view {
    const char* text = index >= 0 ? argv[static_cast<std::size_t>(index)] : nullptr;
    return text != nullptr ? text : "";
  };
  const auto word = at(std::max(optind - 1, index_before));
  return {word, optind >= 2 ? at(optind - 2) : word, at(optind)};
}

/// The value of a shorthand. pflag takes "-o=x" as "-ox"; getopt leaves the '='.
std::string_view shorthand_value(std::string_view word) {
  if (optarg == nullptr) return "true";
  std::string_view value = optarg;
  const bool attached = optarg != word.data();
  if (attached && value.size() > 1 && value.front() == '=') value.remove_prefix(1);
  return value;
}

}  // namespace

/// Why getopt_long stopped, in pflag's words. `code` is '?' or ':'.
Error FlagSet::refusal(int code, std::string_view word, std::string_view next) const {
  if (is_malformed(word)) return {Errc::invalid_input, "bad flag syntax: " + std::string(word)};
  const bool is_long = optopt == 0 || optopt >= 256;
  if (is_long && code == ':')
    return {Errc::invalid_input, "flag needs an argument: " + std::string(word)};
  if (is_long) return with_guess(unknown_flag(typed_name(word)), typed_name(word));
  const std::string letter(1, static_cast<char>(optopt));
  if (code == ':') {
    return {Errc::invalid_input, "flag needs an argument: '" + letter + "' in " + ("-" + letter)};
  }
  const auto cluster = word.starts_with('-') ? word : next;
  const auto typed = cluster.substr(std::min<std::size_t>(1, cluster.size()));
  return with_guess(
      {Errc::invalid_input, "unknown shorthand flag: '" + letter + "' in " + std::string(cluster)},
      typed.substr(0, typed.find('=')));
}

Result<void> FlagSet::read_long(const Flag& flag, std::string_view word, std::string_view previous,
                                Parsed& parsed) const {
  // getopt_long takes abbreviations, pflag does not: the word must spell the flag out.
  const bool value_apart = !flag.value.empty() && optarg == word.data();
  const auto typed = typed_name(value_apart ? previous : word);
  if (typed != flag.name) return with_guess(unknown_flag(typed), typed);
  return apply(flag, optarg != nullptr ? optarg : "true", parsed);
}

Result<FlagSet::Parsed> FlagSet::parse(std::span<const char* const> arguments) const {
  Parsed parsed;
  read_environment(parsed);
  const Table table(groups_);

  // getopt reorders what it is given: hand it a copy. It wants the program's name first.
  std::vector<char*> argv{const_cast<char*>("")};  // NOLINT: getopt never writes to the texts
  for (const char* argument : arguments) argv.push_back(const_cast<char*>(argument));  // NOLINT
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);

  optind = 0;  // start anew, whatever was parsed before
  opterr = 0;
  for (;;) {
    const int index_before = std::max(optind, 1);
    const int code = ::getopt_long(argc, argv.data(), table.short_options.c_str(),  // NOLINT: start
                                   table.long_options.data(), nullptr);
    if (code == -1) break;
    const auto position = position_in(argv, index_before);
    if (code == '?' || code == ':') return refusal(code, position.word, position.next);
    const bool is_long = code >= Table::first_long_code;
    if (!is_long && optarg != position.word.data()) {
      auto meant = check_single_dash(table.of_shorthand(code), position.word);
      if (!meant) return meant.error();
    }
    auto applied =
        is_long ? read_long(*table.flags[static_cast<std::size_t>(code - Table::first_long_code)],
                            position.word, position.previous, parsed)
                : apply(table.of_shorthand(code), shorthand_value(position.word), parsed);
    if (!applied) return applied.error();
  }
  for (int i = optind; i < argc; ++i) parsed.words.emplace_back(argv[static_cast<std::size_t>(i)]);
  return parsed;
}

namespace {

constexpr std::size_t help_text_column = 38;

std::string help_line(const FlagSet::Flag& flag) {
  std::string line = flag.shorthand != 0 ? "  -" + std::string(1, flag.shorthand) + ", " : "      ";
  line.append("--").append(flag.name);
  if (!flag.value.empty()) line.append(" ").append(flag.value);
  if (line.size() < help_text_column) line.resize(help_text_column, ' ');
  return line.append(line.back() == ' ' ? "" : " ").append(flag.help).append("\n");
}

/// The names of flags that need no line each, wrapped.
std::string help_names(const std::vector<FlagSet::Flag>& flags) {
  constexpr std::size_t width = 98;
  std::string out;
  std::string line = " ";
  for (const auto& flag : flags) {
    const auto word = " --" + std::string(flag.name) + (&flag == &flags.back() ? "" : ",");
    if (line.size() + word.size() > width) out.append(std::exchange(line, " ")).append("\n");
    line += word;
  }
  return out.append(line).append("\n");
}

}  // namespace

std::string FlagSet::help() const {
  std::string out;
  for (const auto& group : groups_) {
    out.append(out.empty() ? "" : "\n").append(group.title).append(":\n");
    if (group.names_only) {
      out += help_names(group.flags);
      continue;
    }
    for (const auto& flag : group.flags) out += help_line(flag);
  }
  return out;
}

FlagSet::Setter FlagSet::text(std::string& target) {
  return [&target](std::string_view value) -> Result<void> {
    target = value;
    return {};
  };
}

FlagSet::Setter FlagSet::toggle(bool& target) {
  return [&target](std::string_view value) -> Result<void> {
    auto parsed = parse_bool(value);
    if (!parsed) return parsed.error();
    target = *parsed;
    return {};
  };
}

FlagSet::Setter FlagSet::number(int& target) {
  return [&target](std::string_view value) -> Result<void> {
    auto parsed = parse_int(value);
    if (!parsed) return parsed.error();
    target = *parsed;
    return {};
  };
}

FlagSet::Setter FlagSet::texts(std::vector<std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    target.emplace_back(value);
    return {};
  };
}

FlagSet::Setter FlagSet::csv(std::vector<std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    auto parsed = parse_csv(value);
    if (!parsed) return parsed.error();
    target.insert(target.end(), parsed->begin(), parsed->end());
    return {};
  };
}

FlagSet::Setter FlagSet::ignored() {
  return [](std::string_view) -> Result<void> { return {}; };
}

FlagSet::Setter FlagSet::ignored_number() {
  return [](std::string_view value) -> Result<void> {
    auto parsed = parse_int(value);
    if (!parsed) return parsed.error();
    return {};
  };
}

}  // namespace bulla
