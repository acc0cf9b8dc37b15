// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <unistd.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <cstdio>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace bulla {

namespace {

LogOptions options;  // set once at start, before threads

std::string timestamp() {
  using namespace std::chrono;
  const auto now = system_clock().now();
  std::string text = format_rfc3339(now);
  std::array<char, 8> millis{};
  (void)std::snprintf(millis.data(), millis.size(), ".%03d",
                      static_cast<int>(floor<milliseconds>(now.time_since_epoch()).count() % 1000));
  return text.insert(text.size() - 1, millis.data());
}

std::string_view level_name(LogLevel level) { return level == LogLevel::info ? "INFO" : "ERROR"; }

/// One line must not hold up those after it.
std::string_view cut(std::string_view value) { return cut_to(value, limits::log_field_bytes_max); }

/// slog quotes what would make a line ambiguous: spaces, '=', '"', and what can't be printed.
bool needs_quotes(std::string_view text) {
  if (text.empty() || text.find_first_of(" =") != std::string_view::npos) return true;
  std::string escaped;
  append_escaped(escaped, text);
  return escaped != text;
}

void append_text_pair(std::string& line, std::string_view key, std::string_view value) {
  line.append(key).append("=");
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  append_escaped(line, value);
  line += '"';
}

std::string json_string(std::string_view text) {
  std::string clean;
  if (!is_valid_utf8(text)) {
    append_escaped(clean, text);
    text = clean;
  }
  return boost::json::serialize(boost::json::string(text));
}

void write_line(LogLevel level, std::string_view message,
                std::initializer_list<LogField> fields) noexcept {
  if (level < options.level) return;
  try {
    const auto line = format_log_line(options.format, timestamp(), level, message, fields);
    const int target =
        level == LogLevel::info && options.info_to_stdout ? STDOUT_FILENO : STDERR_FILENO;
    [[maybe_unused]] const auto written = ::write(target, line.data(), line.size());
  } catch (const std::exception&) {
    return;  // out of memory: a lost log line must not become a crash
  }
}

}  // namespace

void configure_log(LogOptions wanted) noexcept { options = wanted; }

std::string format_log_line(LogFormat format, std::string_view time, LogLevel level,
                            std::string_view message, std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::text) {
    line.append("time=").append(time).append(" level=").append(level_name(level)).append(" ");
    append_text_pair(line, "msg", message);
    for (const auto& field : fields) {
      line += ' ';
      append_text_pair(line, field.key, cut(field.text));
    }
    return line + "\n";
  }
  line.append("{\"time\":\"").append(time).append("\",\"level\":\"").append(level_name(level));
  line.append("\",\"msg\":").append(json_string(message));
  for (const auto& field : fields) {
    line.append(",").append(json_string(field.key)).append(":");
    line += field.bare ? field.text : json_string(cut(field.text));
  }
  return line + "}\n";
}

void log_info(std::string_view message, std::initializer_list<LogField> fields) noexcept {
  write_line(LogLevel::info, message, fields);
}

void log_error(std::string_view message, std::initializer_list<LogField> fields) noexcept {
  write_line(LogLevel::error, message, fields);
}

}  // namespace bulla
