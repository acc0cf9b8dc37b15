// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <limits>
#include <string>

#include "base/clock.hpp"
#include "template/go/time.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

Error duration_error(std::string_view what, std::string_view unit, std::string_view text) {
  SecretBuffer message;
  message.append("time: ");
  message.append(what);
  if (!unit.empty()) {
    append_time_quoted(message, unit);
    message.append(" in duration ");
  }
  append_time_quoted(message, text);
  return {Errc::invalid_input, std::string(message.expose_secret_text())};
}

bool is_unit(std::string_view unit) noexcept {
  constexpr std::array<std::string_view, 8> units = {"ns", "us", "µs", "μs", "ms", "s", "m", "h"};
  for (const auto known : units) {
    if (unit == known) return true;
  }
  return false;
}

/// Which of Go's complaints a text that is no duration deserves.
Error why_no_duration(std::string_view text) {
  auto rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  while (!rest.empty()) {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    auto after = rest.substr(digits);
    std::size_t decimals = 0;
    if (after.starts_with('.')) {
      decimals = std::min(after.find_first_not_of("0123456789", 1), after.size()) - 1;
      after.remove_prefix(decimals + 1);
    }
    if (digits == 0 && decimals == 0) break;
    // Go reads the number before it looks at the unit.
    constexpr std::size_t digits_max = 19;
    const auto leading = rest.substr(0, digits);
    const auto zeros = std::min(leading.find_first_not_of('0'), leading.size());
    if (digits - zeros > digits_max) break;
    const auto unit = after.substr(0, after.find_first_of(".0123456789"));
    if (unit.empty()) return duration_error("missing unit in duration ", {}, text);
    if (!is_unit(unit)) return duration_error("unknown unit ", unit, text);
    rest = after.substr(unit.size());
  }
  return duration_error("invalid duration ", {}, text);
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text, Quoting quoting) {
  if (const auto duration = read_go_duration(text)) return duration->count();
  if (quoting == Quoting::allowed) return why_no_duration(text);
  return Error{Errc::invalid_input, "time: invalid duration"};
}

std::int64_t round_duration(std::int64_t duration_ns, std::int64_t unit_ns) noexcept {
  if (unit_ns <= 0) return duration_ns;
  const auto rest = duration_ns % unit_ns;
  const auto distance = rest < 0 ? -rest : rest;
  if (distance < unit_ns - distance) return duration_ns - rest;
  std::int64_t out = 0;
  const auto step = unit_ns - distance;
  if (!__builtin_add_overflow(duration_ns, duration_ns < 0 ? -step : step, &out)) return out;
  return duration_ns < 0 ? std::numeric_limits<std::int64_t>::min()
                         : std::numeric_limits<std::int64_t>::max();
}

void append_time_quoted(SecretBuffer& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  append_char(out, '"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out.append("\\x");
      append_char(out, hex[byte >> 4]);
      append_char(out, hex[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') append_char(out, '\\');
    append_char(out, c);
  }
  append_char(out, '"');
}

}  // namespace bulla::tmpl::go
