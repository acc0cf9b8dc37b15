// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/limits.hpp"

namespace bulla::test {

TEST_CASE("a text line is slog's") {
  const auto line = [](std::string_view message, std::initializer_list<LogField> fields) {
    return format_log_line(LogFormat::text, "T", LogLevel::info, message, fields);
  };
  CHECK(line("ready", {}) == "time=T level=INFO msg=ready\n");
  CHECK(line("two words", {{"n", 3}, {"ok", true}, {"s", "plain"}}) ==
        "time=T level=INFO msg=\"two words\" n=3 ok=true s=plain\n");
  CHECK(line("", {{"e", ""}, {"q", "a\"b"}, {"eq", "a=b"}, {"nl", "a\nb"}}) ==
        "time=T level=INFO msg=\"\" e=\"\" q=\"a\\\"b\" eq=\"a=b\" nl=\"a\\nb\"\n");
  CHECK(line("m", {{"bad", "\xFF"}, {"utf8", "\xC3\xA4"}}) ==
        "time=T level=INFO msg=m bad=\"\\xff\" utf8=\xC3\xA4\n");
  CHECK(format_log_line(LogFormat::text, "T", LogLevel::error, "m", {}) ==
        "time=T level=ERROR msg=m\n");
}

TEST_CASE("a long value is cut, between two characters, so that no line holds up the others") {
  const std::string filled(limits::log_field_bytes_max - 1, 'x');
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    const auto line = format_log_line(format, "T", LogLevel::error, "m",
                                      {{"error", filled + "\xC3\xA4" + filled}, {"n", 1}});
    CHECK(line.size() < limits::log_field_bytes_max + 100);
    CHECK(line.find(filled) != std::string::npos);
    CHECK(line.find('\xC3') == std::string::npos);
  }
}

TEST_CASE("a JSON line is slog's") {
  CHECK(format_log_line(LogFormat::json, "T", LogLevel::error, "a\"b\n",
                        {{"n", -3}, {"ok", false}, {"s", "x"}}) ==
        "{\"time\":\"T\",\"level\":\"ERROR\",\"msg\":\"a\\\"b\\n\",\"n\":-3,\"ok\":false,"
        "\"s\":\"x\"}\n");
  CHECK(format_log_line(LogFormat::json, "T", LogLevel::info, "\xFF", {}) ==
        "{\"time\":\"T\",\"level\":\"INFO\",\"msg\":\"\\\\xff\"}\n");
}

}  // namespace bulla::test
