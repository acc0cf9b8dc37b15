// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "template/functions/common.hpp"
#include "template/functions/time_value.hpp"
#include "template/go/number.hpp"

// Times and durations. The local zone is UTC, wherever the program runs, so that a template gives
// the same text everywhere.
namespace bulla::tmpl {
namespace {

constexpr std::string_view html_layout = "2006-01-02";
constexpr std::int64_t second_ns = 1'000'000'000;

go::Time now(Context& context) { return go::Time::from(context.clock().now()); }

/// A time, seconds since 1970, or for anything else the present.
go::Time time_or_now(Context& context, const Value& value) {
  if (value.type() == Type::time) return as_time(value);
  if (value.type() == Type::int_ || value.type() == Type::int64)
    return {value.as_integer(), 0, go::utc()};
  return now(context);
}

Value formatted(const go::Time& time, std::string_view layout, std::string_view zone) {
  return Value::string(go::format_time(time.in(go::zone_at(zone, time.seconds)), layout));
}

Result<Value> date(Context& context, Arguments arguments) {
  return formatted(time_or_now(context, arguments[1]), arguments[0].as_text(), "Local");
}
Result<Value> date_in_zone(Context& context, Arguments arguments) {
  return formatted(time_or_now(context, arguments[1]), arguments[0].as_text(),
                   arguments[2].as_text());
}
Result<Value> html_date(Context& context, Arguments arguments) {
  return formatted(time_or_now(context, arguments[0]), html_layout, "Local");
}
Result<Value> html_date_in_zone(Context& context, Arguments arguments) {
  return formatted(time_or_now(context, arguments[0]), html_layout, arguments[1].as_text());
}

Result<Value> now_value(Context& context, Arguments) { return time_value(now(context)); }

Result<Value> to_date(Context&, Arguments arguments) {
  auto time =
      go::parse_time(arguments[0].as_text(), arguments[1].as_text(), go::Quoting::forbidden);
  return time_value(time ? std::move(*time) : go::Time::zero());
}
Result<Value> must_to_date(Context& context, Arguments arguments) {
  auto time = go::parse_time(arguments[0].as_text(), arguments[1].as_text(), quoting(context));
  if (!time) return context.failure(time.error().message);
  return time_value(std::move(*time));
}

Result<Value> date_modify(Context&, Arguments arguments) {
  const auto duration = go::parse_duration(arguments[0].as_text(), go::Quoting::forbidden);
  if (!duration) return arguments[1];
  return time_value(as_time(arguments[1]).plus(*duration));
}
Result<Value> must_date_modify(Context& context, Arguments arguments) {
  const auto duration = go::parse_duration(arguments[0].as_text(), quoting(context));
  if (!duration) return context.failure(duration.error().message);
  return time_value(as_time(arguments[1]).plus(*duration));
}

Result<Value> unix_epoch(Context&, Arguments arguments) {
  return Value::string(std::to_string(as_time(arguments[0]).seconds));
}

Value duration_text(std::int64_t duration_ns) {
  return Value::string(format_go_duration(std::chrono::nanoseconds(duration_ns)));
}

Result<Value> ago(Context& context, Arguments arguments) {
  const auto since = now(context).minus(time_or_now(context, arguments[0]));
  return duration_text(go::round_duration(since, second_ns));
}

Result<Value> duration(Context&, Arguments arguments) {
  const auto& value = arguments[0];
  std::int64_t seconds = 0;
  if (value.is_string()) seconds = go::parse_int(value.as_text(), 10).value;
  if (value.type() == Type::int64) seconds = value.as_integer();
  // Wraps around, as Go's multiplication does.
  return duration_text(static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) *
                                                 static_cast<std::uint64_t>(second_ns)));
}

Result<Value> duration_round(Context& context, Arguments arguments) {
  const auto& value = arguments[0];
  std::int64_t duration_ns = 0;
  if (value.is_string()) {
    if (const auto parsed = go::parse_duration(value.as_text(), go::Quoting::forbidden))
      duration_ns = *parsed;
  }
  if (value.type() == Type::int64) duration_ns = value.as_integer();
  if (value.type() == Type::time) duration_ns = now(context).minus(as_time(value));

  constexpr std::uint64_t hour = 3'600 * static_cast<std::uint64_t>(second_ns);
  struct Unit {
    std::uint64_t size_ns;
    std::string_view name;
  };
  constexpr Unit units[] = {{hour * 24 * 365, "y"}, {hour * 24 * 30, "mo"},
                            {hour * 24, "d"},       {hour, "h"},
                            {hour / 60, "m"},       {hour / 3'600, "s"}};
  const auto bits = static_cast<std::uint64_t>(duration_ns);
  const auto magnitude = duration_ns < 0 ? 0 - bits : bits;
  for (const auto& unit : units) {
    if (magnitude > unit.size_ns)
      return Value::string(std::to_string(magnitude / unit.size_ns) + std::string(unit.name));
  }
  return Value::string("0s");
}

constexpr auto any = Type::any;
constexpr auto string = Type::string;

constexpr Function table[] = {
    {"ago", {any}, ago},
    {"date", {string, any}, date},
    {"dateInZone", {string, any, string}, date_in_zone},
    {"dateModify", {string, Type::time}, date_modify},
    {"date_in_zone", {string, any, string}, date_in_zone},
    {"date_modify", {string, Type::time}, date_modify},
    {"duration", {any}, duration},
    {"durationRound", {any}, duration_round},
    {"htmlDate", {any}, html_date},
    {"htmlDateInZone", {any, string}, html_date_in_zone},
    {"mustDateModify", {string, Type::time}, must_date_modify},
    {"mustToDate", {string, string}, must_to_date},
    {"must_date_modify", {string, Type::time}, must_date_modify},
    {"now", {}, now_value},
    {"toDate", {string, string}, to_date},
    {"unixEpoch", {Type::time}, unix_epoch},
};

}  // namespace

std::span<const Function> date_functions() noexcept { return table; }

}  // namespace bulla::tmpl
