// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

using namespace std::chrono_literals;

TEST_CASE("durations are read and printed as Go does") {
  // from = Go's time.ParseDuration and Duration.String
  struct Case {
    std::string_view text;
    std::chrono::nanoseconds value;
    const char* printed;
  };
  const Case cases[] = {
      {"0", 0ns, "0s"},
      {"720h", 720h, "720h0m0s"},
      {"1h30m", 90min, "1h30m0s"},
      {"2m", 2min, "2m0s"},
      {"90s", 90s, "1m30s"},
      {"1.5s", 1500ms, "1.5s"},
      {"-2ms", -2ms, "-2ms"},
      {"+5s", 5s, "5s"},
      {".5m", 30s, "30s"},
      {"1.s", 1s, "1s"},
      {"1us", 1us, "1\xC2\xB5s"},
      {"1\xC2\xB5s", 1us, "1\xC2\xB5s"},
      {"1\xCE\xBCs", 1us, "1\xC2\xB5s"},
      {"1500ns", 1500ns, "1.5\xC2\xB5s"},
      {"999ns", 999ns, "999ns"},
      {"1h1ns", 1h + 1ns, "1h0m0.000000001s"},
      {"3652d", -1ns, nullptr},
      {"9007199254740993ns", 9007199254740993ns, "2501h59m59.254740993s"},
      {"2562047h47m16.854775807s", std::chrono::nanoseconds::max(), "2562047h47m16.854775807s"},
      {"2562047h47m16.854775808s", -1ns, nullptr},
      {"", -1ns, nullptr},
      {"-", -1ns, nullptr},
      {"1", -1ns, nullptr},
      {"s", -1ns, nullptr},
      {".s", -1ns, nullptr},
      {"1h 2m", -1ns, nullptr},
      {"1e3s", -1ns, nullptr},
      {"infs", -1ns, nullptr},
      {"nans", -1ns, nullptr},
      {"--1s", -1ns, nullptr},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_go_duration(c.text);
    REQUIRE(parsed.has_value() == (c.printed != nullptr));
    if (!parsed) continue;
    CHECK(parsed->count() == c.value.count());
    CHECK(format_go_duration(c.value) == c.printed);
  }
  CHECK(parse_go_duration("x").error().message == "time: invalid duration \"x\"");
  CHECK(parse_go_duration("x").error().hints.empty());
  CHECK(parse_go_duration("30d").error().hints.front() ==
        "the largest unit is h, an hour: 30 days are 720h");
  CHECK(format_go_duration(std::chrono::nanoseconds::min()) == "-2562047h47m16.854775808s");
}

TEST_CASE("RFC 3339 times are read with any offset, and printed in UTC") {
  struct Case {
    std::string_view text;
    const char* printed;  ///< null: refused
  };
  const Case cases[] = {
      {"2026-01-02T15:04:05Z", "2026-01-02T15:04:05Z"},
      {"2026-01-02T15:04:05.999Z", "2026-01-02T15:04:05Z"},
      {"2026-01-02T15:04:05+05:30", "2026-01-02T09:34:05Z"},
      {"2026-01-01T00:00:00-00:01", "2026-01-01T00:01:00Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
      {"2026-02-29T00:00:00Z", nullptr},
      {"2026-13-01T00:00:00Z", nullptr},
      {"2026-01-02T24:00:00Z", nullptr},
      {"2026-01-02 15:04:05Z", nullptr},
      {"2026-01-02T15:04:05", nullptr},
      {"2026-01-02T15:04:05.Z", nullptr},
      {"2026-01-02T15:04:05Zx", nullptr},
      {"2026-1-02T15:04:05Z", nullptr},
      {"9999-01-01T00:00:00Z", nullptr},  // beyond what WallTime can hold
      {"0001-01-01T00:00:00Z", nullptr},
      {"", nullptr},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = parse_rfc3339(c.text);
    REQUIRE(parsed.has_value() == (c.printed != nullptr));
    if (parsed) CHECK(format_rfc3339(*parsed) == c.printed);
  }
}

}  // namespace bulla::test
