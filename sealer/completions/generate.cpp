// SPDX-License-Identifier: Apache-2.0
// Prints kubeseal's completion script for a shell, from the table of its flags, so that the two
// can't drift apart. Runs while building. usage: generate-completions bash|zsh|fish
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "sealer/options.hpp"

namespace {

using Flag = bulla::FlagSet::Flag;

/// What a flag's value is completed with, told by what the help calls it.
enum class Values { none, anything, files, choices, contexts, namespaces };

Values values_of(const Flag& flag) {
  if (flag.value.empty()) return Values::none;
  if (flag.value.find("FILE") != std::string_view::npos) return Values::files;
  if (flag.value.find('|') != std::string_view::npos) return Values::choices;
  if (flag.name == "context") return Values::contexts;
  if (flag.value == "NAMESPACE") return Values::namespaces;
  return Values::anything;
}

std::string choices(const Flag& flag) {
  std::string words;
  for (const auto choice : bulla::split(flag.value, '|'))
    words.append(words.empty() ? "" : " ").append(choice);
  return words;
}

constexpr std::string_view list_contexts = "kubectl config get-contexts -o name 2>/dev/null";
constexpr std::string_view list_namespaces =
    "kubectl get namespaces --request-timeout=2s "
    "-o jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end}' 2>/dev/null";

/// The flags that a person types: old names and those without effect are left out.
std::vector<Flag> offered_flags(bulla::FlagSet& set) {
  std::vector<Flag> flags;
  for (const auto& group : set.groups()) {
    if (group.names_only) continue;
    for (const auto& flag : group.flags) {
      if (flag.deprecated.empty()) flags.push_back(flag);
    }
  }
  return flags;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// --- bash ----------------------------------------------------------------------------------------

std::string bash_action(const Flag& flag) {
  switch (values_of(flag)) {
    case Values::files: return "compopt -o filenames; _kubeseal_from compgen -f -- \"$cur\"";
    case Values::choices: return "_kubeseal_from compgen -W '" + choices(flag) + "' -- \"$cur\"";
    case Values::contexts:
      return "_kubeseal_from compgen -W \"$(" + std::string(list_contexts) + ")\" -- \"$cur\"";
    case Values::namespaces:
      return "_kubeseal_from compgen -W \"$(" + std::string(list_namespaces) + ")\" -- \"$cur\"";
    case Values::anything:
    case Values::none: break;
  }
  return ":";
}

std::string bash_script(const std::vector<Flag>& flags) {
  std::string cases;
  std::string names;
  for (const auto& flag : flags) {
    const auto name = "--" + std::string(flag.name);
    names.append(names.empty() ? "" : " ").append(name);
    if (values_of(flag) == Values::none) continue;
    const auto letter = flag.shorthand != 0 ? "|-" + std::string(1, flag.shorthand) : std::string();
    cases.append("    ").append(name).append(letter).append(") ");
    cases.append(bash_action(flag)).append("; return ;;\n");
  }
  return "# bash completion for kubeseal\n"
         "_kubeseal_from() { mapfile -t COMPREPLY < <(\"$@\"); }\n"
         "_kubeseal() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  COMPREPLY=()\n"
         "  # \"--flag=value\" comes as three words.\n"
         "  if [[ $cur == = ]]; then\n"
         "    cur=\n"
         "  elif [[ $prev == = ]]; then\n"
         "    prev=${COMP_WORDS[COMP_CWORD-2]}\n"
         "  fi\n"
         "  case $prev in\n" +
         cases +
         "  esac\n"
         "  _kubeseal_from compgen -W '" +
         names +
         "' -- \"$cur\"\n"
         "}\n"
         "complete -F _kubeseal kubeseal\n";
}

// --- zsh -----------------------------------------------------------------------------------------

std::string zsh_action(const Flag& flag) {
  switch (values_of(flag)) {
    case Values::files: return ":file:_files";
    case Values::choices: return ":value:(" + choices(flag) + ")";
    case Values::contexts: return ":context:_kubeseal_contexts";
    case Values::namespaces: return ":namespace:_kubeseal_namespaces";
    case Values::anything: return ":value: ";
    case Values::none: break;
  }
  return {};
}

std::string zsh_spec(const Flag& flag) {
  auto help = std::string(flag.help);
  for (const auto* special : {"\\", "[", "]", ":"})
    help = replaced(std::move(help), special, "\\" + std::string(special));
  help = replaced(std::move(help), "'", "'\\''");
  const auto tail = "[" + help + "]" + zsh_action(flag) + "'";
  const bool takes_value = values_of(flag) != Values::none;
  const auto name = "--" + std::string(flag.name) + (takes_value ? "=" : "");
  if (flag.shorthand == 0) return "    '*" + name + tail;
  const auto letter = "-" + std::string(1, flag.shorthand) + (takes_value ? "+" : "");
  return "    '*" + letter + tail + " \\\n    '*" + name + tail;
}

std::string zsh_script(const std::vector<Flag>& flags) {
  std::string specs;
  for (const auto& flag : flags) specs += " \\\n" + zsh_spec(flag);
  return "#compdef kubeseal\n"
         "_kubeseal_contexts() { compadd -- ${(f)\"$(" +
         std::string(list_contexts) +
         ")\"}; }\n"
         "_kubeseal_namespaces() { compadd -- ${(f)\"$(" +
         std::string(list_namespaces) +
         ")\"}; }\n"
         "_kubeseal() {\n"
         "  _arguments -s" +
         specs +
         "\n"
         "}\n"
         "# Autoloaded, this file is the body of _kubeseal; sourced, it only defines it.\n"
         "if [[ $funcstack[1] == _kubeseal ]]; then\n"
         "  _kubeseal \"$@\"\n"
         "else\n"
         "  compdef _kubeseal kubeseal\n"
         "fi\n";
}

// --- fish ----------------------------------------------------------------------------------------

std::string fish_action(const Flag& flag) {
  switch (values_of(flag)) {
    case Values::files: return " -r -F";
    case Values::choices: return " -x -a '" + choices(flag) + "'";
    case Values::contexts: return " -x -a '(" + std::string(list_contexts) + ")'";
    case Values::namespaces:
      return " -x -a \"(kubectl get namespaces --request-timeout=2s -o name 2>/dev/null "
             "| string replace namespace/ '')\"";
    case Values::anything: return " -x";
    case Values::none: break;
  }
  return {};
}

std::string fish_script(const std::vector<Flag>& flags) {
  std::string script = "# fish completion for kubeseal\ncomplete -c kubeseal -f\n";
  for (const auto& flag : flags) {
    script += "complete -c kubeseal -l " + std::string(flag.name);
    if (flag.shorthand != 0) script += " -s " + std::string(1, flag.shorthand);
    script += fish_action(flag) + " -d '" + replaced(std::string(flag.help), "'", "\\'") + "'\n";
  }
  return script;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view shell = argc == 2 ? argv[1] : "";
  bulla::sealer::Options unused;
  auto set = bulla::sealer::flags_of(unused);
  const auto flags = offered_flags(set);
  if (shell == "bash") {
    std::fputs(bash_script(flags).c_str(), stdout);
  } else if (shell == "zsh") {
    std::fputs(zsh_script(flags).c_str(), stdout);
  } else if (shell == "fish") {
    std::fputs(fish_script(flags).c_str(), stdout);
  } else {
    std::fputs("usage: generate-completions bash|zsh|fish\n", stderr);
    return 2;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
