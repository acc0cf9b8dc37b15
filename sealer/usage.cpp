// SPDX-License-Identifier: Apache-2.0
#include "sealer/usage.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace bulla::sealer {

namespace {

/// What kubeseal is asked to do; without any, it seals.
enum Mode : unsigned {
  seal = 1U << 0U,
  raw = 1U << 1U,
  merge = 1U << 2U,
  fetch = 1U << 3U,
  validate = 1U << 4U,
  re_encrypt = 1U << 5U,
  unseal = 1U << 6U,
};

struct NamedMode {
  Mode mode;
  std::string_view flag;
};

std::vector<NamedMode> modes_of(const Options& o) {
  std::vector<NamedMode> modes;
  if (o.raw) modes.push_back({raw, "raw"});
  if (!o.merge_into.empty()) modes.push_back({merge, "merge-into"});
  if (o.fetch_certificate) modes.push_back({fetch, "fetch-cert"});
  if (o.validate) modes.push_back({validate, "validate"});
  if (o.re_encrypt) modes.push_back({re_encrypt, "re-encrypt"});
  if (o.recovery_unseal) modes.push_back({unseal, "recovery-unseal"});
  return modes;
}

bool was_typed(const FlagSet::Parsed& parsed, std::string_view flag) {
  return std::ranges::find(parsed.typed, flag) != parsed.typed.end() ||
         (flag == "re-encrypt" &&
          std::ranges::find(parsed.typed, std::string_view("rotate")) != parsed.typed.end());
}

Result<void> check_one_mode(const FlagSet::Parsed& parsed, const std::vector<NamedMode>& modes) {
  if (modes.size() < 2) return {};
  Error error{Errc::invalid_input, "--" + std::string(modes[0].flag) + " and --" +
                                       std::string(modes[1].flag) + " exclude each other"};
  for (const auto& mode : modes) {
    if (was_typed(parsed, mode.flag)) continue;
    error = std::move(error).hint("--" + std::string(mode.flag) + " is set in the environment");
  }
  const bool adds_value = modes[0].mode == raw && modes[1].mode == merge;
  return std::move(error).hint(adds_value
                                   ? "to add one value: echo 'stringData: {KEY: VALUE}' | kubeseal "
                                     "--merge-into FILE"
                                   : "run kubeseal once for each");
}

// --- words that are no flags ---------------------------------------------------------------------

/// "seal" and the like: what other programs call by a word.
std::string_view flag_for_command(std::string_view word) {
  struct Command {
    std::string_view word;
    std::string_view flag;
  };
  static constexpr std::array<Command, 11> commands{{{"help", "--help"},
                                                     {"version", "--version"},
                                                     {"fetch-cert", "--fetch-cert"},
                                                     {"validate", "--validate"},
                                                     {"verify", "--validate"},
                                                     {"re-encrypt", "--re-encrypt"},
                                                     {"rotate", "--re-encrypt"},
                                                     {"raw", "--raw"},
                                                     {"unseal", "--recovery-unseal"},
                                                     {"decrypt", "--recovery-unseal"},
                                                     {"recovery-unseal", "--recovery-unseal"}}};
  const auto* const found = std::ranges::find(commands, word, &Command::word);
  return found == commands.end() ? std::string_view() : found->flag;
}

/// What kubeseal does instead of what kubectl does by this word; "": kubectl has no such word.
std::string_view advice_for_verb(std::string_view verb) {
  if (verb == "create" || verb == "run")
    return "kubeseal seals what kubectl makes: kubectl create secret generic NAME ... "
           "--dry-run=client -o yaml | kubeseal";
  if (verb == "get" || verb == "describe")
    return "kubeseal seals what kubectl reads: kubectl get secret NAME -o yaml | kubeseal";
  if (verb == "edit" || verb == "set")
    return "kubeseal adds items to a sealed file, or replaces them: kubeseal --merge-into FILE";
  static constexpr std::array<std::string_view, 12> others{"apply",  "replace", "patch",    "diff",
                                                           "delete", "label",   "annotate", "logs",
                                                           "exec",   "rollout", "explain",  "wait"};
  if (std::ranges::find(others, verb) == others.end()) return {};
  return "kubeseal seals and prints, kubectl does the rest: kubeseal -f FILE | kubectl apply -f -";
}

bool is_truth_value(std::string_view word) {
  const auto lower = to_lower(word);
  return lower == "true" || lower == "false";
}

std::string advice_for(const std::vector<std::string>& words, const FlagSet::Parsed& parsed,
                       Mode mode) {
  const auto& word = words.front();
  if (const auto flag = flag_for_command(word); !flag.empty()) return std::string(flag);
  if (word == "seal" || word == "encrypt") return "sealing needs no word: kubeseal -f FILE";
  if (const auto verb = advice_for_verb(word); !verb.empty()) return std::string(verb);
  if (is_truth_value(word)) return "a switch takes its value after '=': --FLAG=" + word;
  if (mode == raw) return "--from-file " + word;
  const bool several = words.size() > 1 || was_typed(parsed, "secret-file");
  if (several) return "one file a run: for f in FILE...; do kubeseal ... -f \"$f\"; done";
  return "-f " + word;
}

Result<void> check_words(const FlagSet::Parsed& parsed, Mode mode) {
  if (parsed.words.empty()) return {};
  return Error{Errc::invalid_input, "unexpected argument " + quoted(parsed.words.front())}.hint(
      advice_for(parsed.words, parsed, mode));
}

// --- flags ---------------------------------------------------------------------------------------

Result<void> check_once(const FlagSet::Parsed& parsed, std::string_view flag) {
  if (std::ranges::count(parsed.typed, flag) < 2) return {};
  return Error{Errc::invalid_input, "--" + std::string(flag) + " is given more than once"}.hint(
      flag == "secret-file" ? "one file a run; documents of one file are separated by ---"
                            : "leave out all but one");
}

/// Two that read standard input would each get a part of it.
Result<void> check_standard_input(const Options& o, Mode mode) {
  std::vector<std::string_view> readers;
  const bool raw_from_file = mode == raw && !o.from_files.empty();
  if (mode != fetch && o.input_file.empty() && !raw_from_file) readers.emplace_back("the input");
  if (o.certificate == "-") readers.emplace_back("--cert -");
  if (std::ranges::find(o.recovery_keys, "-") != o.recovery_keys.end())
    readers.emplace_back("--recovery-private-key -");
  if (o.merge_into == "-")
    return Error{Errc::invalid_input, "--merge-into changes a file, and - is none"}.hint(
        "--merge-into FILE; the Secret to add comes from standard input, or from -f");
  if (readers.size() < 2) return {};
  return Error{Errc::invalid_input, std::string(readers[0]) + " and " + std::string(readers[1]) +
                                        " would both be read from standard input"}
      .hint("read one of them from a file");
}

/// A flag, and the modes in which it changes something.
struct Effect {
  std::string_view flag;
  unsigned modes;
  std::string_view remark = {};  ///< what to do about it
};

constexpr std::array<Effect, 10> effects{{
    {"secret-file", seal | merge | validate | re_encrypt | unseal},
    {"sealed-secret-file", seal | raw | fetch | re_encrypt | unseal},
    {"format", seal | merge | re_encrypt | unseal},
    {"cert", seal | raw | merge | fetch | re_encrypt},
    {"scope", seal | raw | merge},
    {"name", seal | raw | merge},
    {"namespace", seal | raw | merge | unseal,
     "--controller-namespace says where the controller is"},
    {"allow-empty-data", seal | raw | merge},
    {"recovery-private-key", validate | re_encrypt | unseal,
     "it is for --recovery-unseal, --re-encrypt and --validate"},
    {"from-file", raw},
}};

std::string no_effect(const Effect& effect, const NamedMode& mode) {
  std::string text = "--" + std::string(effect.flag) + " has no effect";
  if (mode.mode != seal) text += " with --" + std::string(mode.flag);
  std::string_view remark = effect.remark;
  if (effect.flag == "secret-file" && mode.mode == raw)
    remark = "--from-file FILE reads the value from a file";
  return remark.empty() ? text : text + ": " + std::string(remark);
}

void warn_of_idle_flags(const FlagSet::Parsed& parsed, const NamedMode& mode, Options& o) {
  for (const auto& effect : effects) {
    const bool opens_here = effect.flag == "namespace" && !o.recovery_keys.empty();
    const unsigned modes = effect.modes | (opens_here ? validate : 0U);
    if (was_typed(parsed, effect.flag) && (modes & mode.mode) == 0)
      o.warnings.push_back(no_effect(effect, mode));
  }
  if (mode.mode == re_encrypt && o.recovery_keys.empty() && was_typed(parsed, "cert")) {
    o.warnings.emplace_back(
        "--cert has no effect: the controller seals anew with its own key; with "
        "--recovery-private-key it is done here, for that certificate");
  }
  const bool yaml_by_name = o.output_file.ends_with(".yaml") || o.output_file.ends_with(".yml");
  if (was_typed(parsed, "format") && yaml_by_name && to_lower(o.format) == "json") {
    o.warnings.push_back("-o json has no effect: " + o.output_file +
                         " is written as YAML, as its name says");
  }
}

}  // namespace

std::optional<Error> kubectl_verb(std::span<const char* const> arguments) {
  if (arguments.empty()) return std::nullopt;
  const auto advice = advice_for_verb(arguments.front());
  if (advice.empty()) return std::nullopt;
  return Error{Errc::invalid_input, "unexpected argument " + quoted(arguments.front())}.hint(
      std::string(advice));
}

Result<void> check_usage(const FlagSet::Parsed& parsed, Options& options) {
  const auto modes = modes_of(options);
  const NamedMode mode = modes.empty() ? NamedMode{seal, ""} : modes.front();
  if (auto checked = check_words(parsed, mode.mode); !checked) return checked;
  if (auto checked = check_one_mode(parsed, modes); !checked) return checked;
  for (const std::string_view flag : {"secret-file", "sealed-secret-file", "merge-into", "name"}) {
    if (auto checked = check_once(parsed, flag); !checked) return checked;
  }
  if (mode.mode == merge && was_typed(parsed, "sealed-secret-file")) {
    return Error{Errc::invalid_input, "--merge-into and --sealed-secret-file exclude each other"}
        .hint("--merge-into changes its file in place: cp it to " + quoted(options.output_file) +
              " first, and merge into the copy");
  }
  if (options.input_file == "-") options.input_file.clear();
  if (auto checked = check_standard_input(options, mode.mode); !checked) return checked;
  warn_of_idle_flags(parsed, mode, options);
  return {};
}

}  // namespace bulla::sealer
