// SPDX-License-Identifier: Apache-2.0
#include "sealer/terminal.hpp"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/text.hpp"

namespace bulla::sealer {

namespace {

constexpr std::string_view red = "\033[1;31m";
constexpr std::string_view yellow = "\033[1;33m";
constexpr std::string_view cyan = "\033[36m";
constexpr std::string_view plain = "\033[0m";

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return value != nullptr && *value != '\0';
}

bool is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool knows_escapes() {
  if (!is_terminal()) return false;
  const char* terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool wants_colour() { return knows_escapes() && !is_set("NO_COLOR"); }

constexpr std::string_view error_prefix = "error:";
constexpr std::string_view hint_prefix = "hint:";
constexpr std::string_view warning_prefix = "warning:";

/// A message of one or several lines. None of the later ones can be taken for one of ours: a file's
/// name may hold a line break.
std::string lines(std::string_view text) {
  std::string out;
  const auto safe = printable(text, LineEnds::kept);
  for (const auto one : split(safe, '\n')) {
    const bool poses = one.starts_with(error_prefix) || one.starts_with(hint_prefix) ||
                       one.starts_with(warning_prefix);
    if (!out.empty()) out += poses ? "\n  " : "\n";
    out += one;
  }
  return out;
}

/// `text` is printable.
std::string line(std::string_view prefix, std::string_view colour, std::string_view text) {
  std::string out;
  if (wants_colour()) {
    out.append(colour).append(prefix).append(plain);
  } else {
    out.append(prefix);
  }
  return out.append(" ").append(text).append("\n");
}

constexpr std::array<int, 4> ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
/// How the terminal and those signals were, for who interrupts us while nothing shows.
termios typing_before{};
std::array<struct sigaction, ending_signals.size()> actions_before{};

extern "C" void show_typing_and_end(int signal) {
  (void)::tcsetattr(STDIN_FILENO, TCSANOW, &typing_before);
  (void)::signal(signal, SIG_DFL);
  (void)::raise(signal);
}

/// What is ignored stays so: `nohup`, or a shell's background.
void watch_signals() {
  struct sigaction watching {};
  watching.sa_handler = show_typing_and_end;
  for (std::size_t i = 0; i < ending_signals.size(); ++i) {
    (void)::sigaction(ending_signals.at(i), nullptr, &actions_before.at(i));
    if (actions_before.at(i).sa_handler != SIG_IGN)
      (void)::sigaction(ending_signals.at(i), &watching, nullptr);
  }
}

void stop_watching_signals() {
  for (std::size_t i = 0; i < ending_signals.size(); ++i)
    (void)::sigaction(ending_signals.at(i), &actions_before.at(i), nullptr);
}

}  // namespace

void print_error(const Error& error) {
  std::string text = line(error_prefix, red, lines(error.message));
  for (const auto& hint : error.hints) text += line(hint_prefix, cyan, printable(hint));
  std::fputs(text.c_str(), stderr);
}

void warn(std::string_view remark) {
  std::fputs(line(warning_prefix, yellow, printable(remark)).c_str(), stderr);
}

void warn_terminal(std::string_view remark) {
  if (is_terminal()) warn(remark);
}

bool can_rewrite_line() { return knows_escapes(); }

HiddenTyping::HiddenTyping() {
  if (::tcgetattr(STDIN_FILENO, &typing_before) != 0) return;
  hides_ = true;
  watch_signals();
  termios now = typing_before;
  now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

HiddenTyping::~HiddenTyping() {
  if (!hides_) return;
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &typing_before);
  stop_watching_signals();
}

void tell_terminal(std::string_view remark) {
  if (is_terminal()) std::fputs(printable(remark).append("\n").c_str(), stderr);
}

}  // namespace bulla::sealer
