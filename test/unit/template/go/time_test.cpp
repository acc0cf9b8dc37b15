// SPDX-License-Identifier: Apache-2.0
#include "template/go/time.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "unit/template/go/texts.hpp"

// Expected values: the documentation and tests of Go's package time, and runs of sprig.
namespace bulla::test {
namespace {

using namespace tmpl;

constexpr std::string_view rfc3339 = "2006-01-02T15:04:05Z07:00";

std::string reprinted(std::string_view layout, std::string_view text) {
  const auto time = go::parse_time(layout, text, go::Quoting::allowed);
  return time ? plain(go::format_time(*time, go::string_layout)) : time.error().message;
}

/// Go's own example: 2009-02-04 21:00:57.012345600, eight hours west of UTC.
go::Time example() {
  auto time = go::parse_time(rfc3339, "2009-02-04T21:00:57.0123456-08:00", go::Quoting::allowed);
  REQUIRE(time.has_value());
  time->zone.name = "PST";
  return *time;
}

}  // namespace

TEST_CASE("layouts") {
  for (const auto& c :
       {Mapped{"Mon Jan _2 15:04:05 2006", "Wed Feb  4 21:00:57 2009"},
        {"Mon Jan _2 15:04:05 MST 2006", "Wed Feb  4 21:00:57 PST 2009"},
        {"02 Jan 06 15:04 -0700", "04 Feb 09 21:00 -0800"},
        {"Monday, 02-Jan-06 15:04:05 MST", "Wednesday, 04-Feb-09 21:00:57 PST"},
        {"2006-01-02T15:04:05.999999999Z07:00", "2009-02-04T21:00:57.0123456-08:00"},
        {"3:04PM pm", "9:00PM pm"},
        {"January _2 15:04:05.000", "February  4 21:00:57.012"},
        {".000000000 ,999999", ".012345600 ,012345"},
        {"__2 002", " 35 035"},
        {"_2006 20060102", "_2009 20090204"},
        {"Z070000 -07:00:00 -07", "-080000 -08:00:00 -08"},
        {"%Y yyyy", "%Y yyyy"}}) {
    const auto layout = c.in;
    const auto text = c.out;

    CAPTURE(layout);
    CHECK(plain(go::format_time(example(), layout)) == text);
  }
  // Digits after the zeros: no fraction, and the 1 is a month.
  CHECK(plain(go::format_time(example(), "Month .001")) == "Month .002");
}

TEST_CASE("years of any length, and before the first") {
  const auto year = [](std::int64_t seconds) {
    return plain(go::format_time({seconds, 0, go::utc()}, "2006-01-02"));
  };
  CHECK(year(0) == "1970-01-01");
  CHECK(year(-62135596801) == "0000-12-31");
  CHECK(year(-62167219201) == "-0001-12-31");
  CHECK(year(253402300800) == "10000-01-01");
  CHECK(plain(go::format_time(go::Time::zero(), go::string_layout)) ==
        "0001-01-01 00:00:00 +0000 UTC");
}

TEST_CASE("texts are read by the same layouts") {
  for (const auto& c :
       {std::array<std::string_view, 3>{"2006-01-02", "2024-02-29",
                                        "2024-02-29 00:00:00 +0000 UTC"},
        {rfc3339, "2023-11-05T01:02:03.123456789-05:00",
         "2023-11-05 01:02:03.123456789 -0500 -0500"},
        {"2006-01-02 15:04:05", "2024-01-02 03:04:05,5", "2024-01-02 03:04:05.5 +0000 UTC"},
        {"2006-01-02 MST", "2024-01-02 PST", "2024-01-02 00:00:00 +0000 PST"},
        {"2006-01-02 MST", "2024-01-02 GMT+3", "2024-01-02 03:00:00 +0300 GMT+3"},
        {"06-1-2", "68-3-4", "2068-03-04 00:00:00 +0000 UTC"},
        {"06-1-2", "69-3-4", "1969-03-04 00:00:00 +0000 UTC"},
        {"3:04PM", "12:00AM", "0000-01-01 00:00:00 +0000 UTC"},
        {"Monday Jan 2  2006", "friday FEB 3 2012", "2012-02-03 00:00:00 +0000 UTC"},
        {"2006 002", "2024 060", "2024-02-29 00:00:00 +0000 UTC"},
        {"2006 __2", "2023  60", "2023-03-01 00:00:00 +0000 UTC"},
        {"-07:00 2006", "+00:00 2024", "2024-01-01 00:00:00 +0000 UTC"}}) {
    const auto layout = c[0];
    const auto text = c[1];
    const auto out = c[2];

    CAPTURE(text);
    CHECK(reprinted(layout, text) == out);
  }
}

TEST_CASE("what doesn't fit a layout is told in Go's words") {
  for (const auto& c :
       {std::array<std::string_view, 3>{"2006-01-02", "2023-02-29",
                                        R"(parsing time "2023-02-29": day out of range)"},
        {"15:04:05", "25:00:00", R"(parsing time "25:00:00": hour out of range)"},
        {"2006-01-02", "2024-01-02x", R"(parsing time "2024-01-02x": extra text: "x")"},
        {"2006-01-02", "", R"(parsing time "" as "2006-01-02": cannot parse "" as "2006")"},
        {"2006-01-02", "2024-1-2",
         R"(parsing time "2024-1-2" as "2006-01-02": cannot parse "1-2" as "01")"},
        {"2006-002", "2023-366", R"(parsing time "2023-366": day-of-year out of range)"},
        {"2006", " 2024", R"(parsing time " 2024" as "2006": cannot parse " 2024" as "2006")"},
        {"-07:00", "-25:00", R"(parsing time "-25:00": time zone offset hour out of range)"}}) {
    const auto layout = c[0];
    const auto text = c[1];
    const auto out = c[2];

    CAPTURE(text);
    CHECK(reprinted(layout, text) == out);
  }
}

TEST_CASE("zones") {
  const auto in_zone = [](std::string_view zone, std::int64_t seconds) {
    const go::Time time{seconds, 0, go::utc()};
    return plain(go::format_time(time.in(go::zone_at(zone, seconds)), go::string_layout));
  };
  CHECK(in_zone("America/New_York", 1720000000) == "2024-07-03 05:46:40 -0400 EDT");
  CHECK(in_zone("Asia/Kolkata", 1720000000) == "2024-07-03 15:16:40 +0530 IST");
  CHECK(in_zone("Etc/GMT+5", 1720000000) == "2024-07-03 04:46:40 -0500 -05");
  CHECK(in_zone("Bogus/Zone", 0) == "1970-01-01 00:00:00 +0000 UTC");
  CHECK(in_zone("../etc/passwd", 0) == "1970-01-01 00:00:00 +0000 UTC");
  CHECK(in_zone("", 0) == "1970-01-01 00:00:00 +0000 UTC");
  // Beyond the transitions that zone files list.
  CHECK(in_zone("Europe/Berlin", 4118389200) == "2100-07-04 15:00:00 +0200 CEST");
  CHECK(in_zone("Europe/Berlin", 4102444800) == "2100-01-01 01:00:00 +0100 CET");
  // 2096: the last Sunday in March is the 25th.
  CHECK(in_zone("Europe/Berlin", 3983475600 - 1) == "2096-03-25 01:59:59 +0100 CET");
  CHECK(in_zone("Europe/Berlin", 3983475600) == "2096-03-25 03:00:00 +0200 CEST");
}

TEST_CASE("arithmetic") {
  const auto time = example();
  const auto shown = [](const go::Time& moment) {
    return plain(go::format_time(moment, "2006-01-02 15:04:05.999999999"));
  };
  CHECK(shown(time.plus(-12345601)) == "2009-02-04 21:00:56.999999999");
  CHECK(shown(time.plus_date(0, -2, 27)) == "2008-12-31 21:00:57.0123456");
  CHECK(shown(time.plus_date(1, 1, 0)) == "2010-03-04 21:00:57.0123456");
  CHECK(shown(time.truncated(3'600'000'000'000)) == "2009-02-04 21:00:00");
  CHECK(time.minus(go::Time::zero()) == std::numeric_limits<std::int64_t>::max());
  CHECK(time.compare(time.plus(1)) < 0);
  CHECK(go::round_duration(1'500'000'000, 1'000'000'000) == 2'000'000'000);
  CHECK(go::round_duration(-1'499'999'999, 1'000'000'000) == -1'000'000'000);
}

TEST_CASE("durations are refused in Go's words") {
  const auto why = [](std::string_view text) {
    return go::parse_duration(text, go::Quoting::allowed).error().message;
  };
  CHECK(*go::parse_duration("-1h30m", go::Quoting::allowed) == -5'400'000'000'000);
  CHECK(*go::parse_duration("+1.5µs", go::Quoting::allowed) == 1'500);
  CHECK(why("1") == R"(time: missing unit in duration "1")");
  CHECK(why("1d") == R"(time: unknown unit "d" in duration "1d")");
  CHECK(why("1h-1m") == R"(time: unknown unit "h-" in duration "1h-1m")");
  CHECK(why("9999999h") == R"(time: invalid duration "9999999h")");
  CHECK(why(" 1h") == R"(time: invalid duration " 1h")");
  CHECK(why(".s") == R"(time: invalid duration ".s")");
  CHECK(why("é") == R"(time: invalid duration "\xc3\xa9")");
}

}  // namespace bulla::test
