// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bulla {

/// One key=value of a log line. Values are text, whole numbers or truth values; secrets have no
/// conversion to any of them.
struct LogField {
  LogField(std::string_view name, std::string_view value) : key(name), text(value) {}
  LogField(std::string_view name, const char* value) : key(name), text(value) {}
  LogField(std::string_view name, const std::string& value) : key(name), text(value) {}
  LogField(std::string_view name, bool value)
      : key(name), text(value ? "true" : "false"), bare(true) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view name, T value)
      : key(name), text(std::to_string(value)), bare(true) {}

  std::string_view key;
  std::string text;
  bool bare = false;  ///< a number or truth value: not quoted in JSON
};

enum class LogLevel { info, error };
enum class LogFormat { text, json };

/// How and where log lines go. The format is that of Go's slog, which the reference prints:
/// `time=2026-01-02T15:04:05.000Z level=INFO msg="..." key=value`, or one JSON object a line.
struct LogOptions {
  LogLevel level = LogLevel::info;  ///< lines below it are dropped
  LogFormat format = LogFormat::text;
  bool info_to_stdout = true;  ///< INFO to standard output; else to standard error, as ERROR does
};

/// Sets the options of this process's log; call it before starting threads.
void configure_log(LogOptions options) noexcept;

/// Writes one line in one system call, so that threads don't mix. Values are cut at
/// limits::log_field_bytes_max. Never throws, never blocks on anything but the descriptor.
void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept;
void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept;

/// The line as it would be written, with its line feed. `time` is RFC 3339 with milliseconds.
[[nodiscard]] std::string format_log_line(LogFormat format, std::string_view time, LogLevel level,
                                          std::string_view message,
                                          std::initializer_list<LogField> fields);

}  // namespace bulla
