// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace bulla::sealer {

// What kubeseal says besides its product: all of it goes to standard error, so that a pipe carries
// nothing else. Words are coloured for a person only: standard error is a terminal, NO_COLOR is
// unset or empty (no-color.org), and TERM is not "dumb". Whatever texts hold, from files, servers
// or the command line, is printed so that it can't steer the terminal (printable() of
// base/text.hpp); only messages of errors keep their line breaks.

/// "error: MESSAGE", and a line "hint: ..." for each hint.
void print_error(const Error& error);
/// "warning: ...", wherever standard error goes: the run succeeds, but somebody ought to look.
void warn(std::string_view remark);
/// The same, but to a terminal only: what a script need not know.
void warn_terminal(std::string_view remark);
/// Whether a line that was written may be erased again: on a terminal that is not "dumb".
[[nodiscard]] bool can_rewrite_line();
/// While it lives, what is typed at the terminal that is standard input does not show there; a
/// signal that ends the program makes it show again. Nothing happens where standard input is none.
/// One at a time.
class HiddenTyping {
 public:
  HiddenTyping();
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  ~HiddenTyping();

 private:
  bool hides_ = false;
};

/// A remark without a prefix, to a terminal only.
void tell_terminal(std::string_view remark);

}  // namespace bulla::sealer
