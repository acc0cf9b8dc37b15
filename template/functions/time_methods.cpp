// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "template/functions/common.hpp"
#include "template/functions/time_value.hpp"

// The methods of Go's time.Time, Duration, Month and Weekday that can be called with what a
// template has.
namespace bulla::tmpl {
namespace {

Value integer(std::int64_t value) { return Value::integer(value); }

/// A *time.Location: all that a template can do with one is print it.
class LocationObject final : public Object {
 public:
  explicit LocationObject(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] Type type() const noexcept override { return Type::location; }
  [[nodiscard]] std::optional<SecretBuffer> to_string() const override {
    return SecretBuffer::copy_of(name_);
  }
  [[nodiscard]] std::optional<SecretBuffer> to_json() const override {
    return SecretBuffer::copy_of(std::string_view("{}"));
  }
  [[nodiscard]] std::vector<std::pair<std::string_view, Value>> fields() const override {
    return {};
  }
  [[nodiscard]] bool equals(const Object& other) const noexcept override {
    return other.type() == Type::location &&
           static_cast<const LocationObject&>(other).name_ == name_;
  }

 private:
  std::string name_;
};

// --- time.Time ----------------------------------------------------------------------------------

template <class Get>
Value of_day(Arguments arguments, Get get) {
  return get(go::civil_day(as_time(arguments[0])));
}
template <class Get>
Value of_clock(Arguments arguments, Get get) {
  return get(go::clockface(as_time(arguments[0])));
}

Result<Value> year(Context&, Arguments arguments) {
  return of_day(arguments, [](const auto& day) { return integer(day.year); });
}
Result<Value> month(Context&, Arguments arguments) {
  return of_day(arguments, [](const auto& day) { return Value::integer(Type::month, day.month); });
}
Result<Value> day(Context&, Arguments arguments) {
  return of_day(arguments, [](const auto& day) { return integer(day.day); });
}
Result<Value> year_day(Context&, Arguments arguments) {
  return of_day(arguments, [](const auto& day) { return integer(day.year_day); });
}
Result<Value> weekday(Context&, Arguments arguments) {
  return of_day(arguments,
                [](const auto& day) { return Value::integer(Type::weekday, day.weekday); });
}
Result<Value> hour(Context&, Arguments arguments) {
  return of_clock(arguments, [](const auto& clock) { return integer(clock.hour); });
}
Result<Value> minute(Context&, Arguments arguments) {
  return of_clock(arguments, [](const auto& clock) { return integer(clock.minute); });
}
Result<Value> second(Context&, Arguments arguments) {
  return of_clock(arguments, [](const auto& clock) { return integer(clock.second); });
}
Result<Value> nanosecond(Context&, Arguments arguments) {
  return integer(as_time(arguments[0]).nanoseconds);
}

/// Since 1970, in units of which a second has `units`.
Result<Value> since_epoch(Arguments arguments, std::uint64_t units) {
  const auto& time = as_time(arguments[0]);
  const auto nanoseconds = static_cast<std::uint64_t>(time.nanoseconds);
  const auto count =
      static_cast<std::uint64_t>(time.seconds) * units + nanoseconds / (1'000'000'000 / units);
  return Value::int64(static_cast<std::int64_t>(count));
}
Result<Value> unix_seconds(Context&, Arguments arguments) { return since_epoch(arguments, 1); }
Result<Value> unix_milli(Context&, Arguments arguments) { return since_epoch(arguments, 1'000); }
Result<Value> unix_micro(Context&, Arguments arguments) {
  return since_epoch(arguments, 1'000'000);
}
Result<Value> unix_nano(Context&, Arguments arguments) {
  return since_epoch(arguments, 1'000'000'000);
}

Result<Value> is_zero(Context&, Arguments arguments) {
  return Value::boolean(as_time(arguments[0]).compare(go::Time::zero()) == 0);
}
Result<Value> utc(Context&, Arguments arguments) {
  return time_value(as_time(arguments[0]).in(go::utc()));
}
Result<Value> string(Context&, Arguments arguments) {
  return Value::string(go::format_time(as_time(arguments[0]), go::string_layout));
}
Result<Value> format(Context&, Arguments arguments) {
  return Value::string(go::format_time(as_time(arguments[0]), arguments[1].as_text()));
}
Result<Value> add(Context&, Arguments arguments) {
  return time_value(as_time(arguments[0]).plus(arguments[1].as_integer()));
}
Result<Value> add_date(Context&, Arguments arguments) {
  return time_value(as_time(arguments[0])
                        .plus_date(arguments[1].as_integer(), arguments[2].as_integer(),
                                   arguments[3].as_integer()));
}
Result<Value> sub(Context&, Arguments arguments) {
  return Value::integer(Type::duration, as_time(arguments[0]).minus(as_time(arguments[1])));
}
Result<Value> truncate(Context&, Arguments arguments) {
  return time_value(as_time(arguments[0]).truncated(arguments[1].as_integer()));
}
/// Time.Round: to the nearest multiple, halves up.
Result<Value> round(Context&, Arguments arguments) {
  const auto& time = as_time(arguments[0]);
  const auto unit = arguments[1].as_integer();
  const auto down = time.truncated(unit);
  const auto over = time.minus(down);
  return time_value(unit <= 0 || over < unit - over ? down : down.plus(unit));
}
Result<Value> is_dst(Context&, Arguments) { return Value::boolean(false); }
Result<Value> location(Context&, Arguments arguments) {
  return Value::object(std::make_shared<const LocationObject>(as_time(arguments[0]).zone.name));
}
Result<Value> before(Context&, Arguments arguments) {
  return Value::boolean(as_time(arguments[0]).compare(as_time(arguments[1])) < 0);
}
Result<Value> after(Context&, Arguments arguments) {
  return Value::boolean(as_time(arguments[0]).compare(as_time(arguments[1])) > 0);
}
Result<Value> equal(Context&, Arguments arguments) {
  return Value::boolean(as_time(arguments[0]).compare(as_time(arguments[1])) == 0);
}
Result<Value> compare(Context&, Arguments arguments) {
  return integer(as_time(arguments[0]).compare(as_time(arguments[1])));
}

constexpr auto a_time = Type::time;

constexpr Function of_time[] = {
    {"Add", {a_time, Type::duration}, add},
    {"AddDate", {a_time, Type::int_, Type::int_, Type::int_}, add_date},
    {"After", {a_time, a_time}, after},
    {"Before", {a_time, a_time}, before},
    {"Compare", {a_time, a_time}, compare},
    {"Day", {a_time}, day},
    {"Equal", {a_time, a_time}, equal},
    {"Format", {a_time, Type::string}, format},
    {"Hour", {a_time}, hour},
    {"IsDST", {a_time}, is_dst},
    {"IsZero", {a_time}, is_zero},
    {"Local", {a_time}, utc},
    {"Location", {a_time}, location},
    {"Minute", {a_time}, minute},
    {"Month", {a_time}, month},
    {"Nanosecond", {a_time}, nanosecond},
    {"Round", {a_time, Type::duration}, round},
    {"Second", {a_time}, second},
    {"String", {a_time}, string},
    {"Sub", {a_time, a_time}, sub},
    {"Truncate", {a_time, Type::duration}, truncate},
    {"UTC", {a_time}, utc},
    {"Unix", {a_time}, unix_seconds},
    {"UnixMicro", {a_time}, unix_micro},
    {"UnixMilli", {a_time}, unix_milli},
    {"UnixNano", {a_time}, unix_nano},
    {"Weekday", {a_time}, weekday},
    {"Year", {a_time}, year},
    {"YearDay", {a_time}, year_day},
};

// --- time.Duration, Month, Weekday ---------------------------------------------------------------

constexpr std::int64_t microsecond_ns = 1'000;
constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t second_ns = 1'000'000'000;

/// Whole units and the rest, added up as floats, as Go does it.
Result<Value> in_units(Arguments arguments, std::int64_t unit_ns) {
  const auto duration = arguments[0].as_integer();
  const auto whole = duration / unit_ns;
  const auto rest = duration % unit_ns;
  return Value::real(static_cast<double>(whole) +
                     static_cast<double>(rest) / static_cast<double>(unit_ns));
}
Result<Value> hours(Context&, Arguments arguments) {
  return in_units(arguments, 3'600 * second_ns);
}
Result<Value> minutes(Context&, Arguments arguments) { return in_units(arguments, 60 * second_ns); }
Result<Value> seconds(Context&, Arguments arguments) { return in_units(arguments, second_ns); }
Result<Value> milliseconds(Context&, Arguments arguments) {
  return Value::int64(arguments[0].as_integer() / millisecond_ns);
}
Result<Value> microseconds(Context&, Arguments arguments) {
  return Value::int64(arguments[0].as_integer() / microsecond_ns);
}
Result<Value> nanoseconds(Context&, Arguments arguments) {
  return Value::int64(arguments[0].as_integer());
}
Result<Value> duration_string(Context&, Arguments arguments) {
  return Value::string(format_go_duration(std::chrono::nanoseconds(arguments[0].as_integer())));
}
Result<Value> round_to(Context&, Arguments arguments) {
  return Value::integer(Type::duration,
                        go::round_duration(arguments[0].as_integer(), arguments[1].as_integer()));
}
Result<Value> truncate_to(Context&, Arguments arguments) {
  const auto duration = arguments[0].as_integer();
  const auto unit = arguments[1].as_integer();
  return Value::integer(Type::duration, unit <= 0 ? duration : duration - duration % unit);
}

constexpr auto a_duration = Type::duration;

constexpr Function of_duration[] = {
    {"Hours", {a_duration}, hours},
    {"Microseconds", {a_duration}, microseconds},
    {"Milliseconds", {a_duration}, milliseconds},
    {"Minutes", {a_duration}, minutes},
    {"Nanoseconds", {a_duration}, nanoseconds},
    {"Round", {a_duration, a_duration}, round_to},
    {"Seconds", {a_duration}, seconds},
    {"String", {a_duration}, duration_string},
    {"Truncate", {a_duration, a_duration}, truncate_to},
};

Result<Value> month_string(Context&, Arguments arguments) {
  return Value::string(go::month_name(arguments[0].as_integer()));
}
Result<Value> weekday_string(Context&, Arguments arguments) {
  return Value::string(go::weekday_name(arguments[0].as_integer()));
}

constexpr Function of_month[] = {{"String", {Type::month}, month_string}};
constexpr Function of_weekday[] = {{"String", {Type::weekday}, weekday_string}};

}  // namespace

std::optional<SecretBuffer> TimeObject::to_string() const {
  return go::format_time(time_, go::string_layout);
}

std::optional<SecretBuffer> TimeObject::to_json() const {
  SecretBuffer out;
  out.append("\"");
  out.append(go::format_time(time_, go::rfc3339_nano).expose_secret_text());
  out.append("\"");
  return out;
}

bool TimeObject::equals(const Object& other) const noexcept {
  return other.type() == Type::time && static_cast<const TimeObject&>(other).time_ == time_;
}

Value time_value(go::Time time) {
  return Value::object(std::make_shared<const TimeObject>(std::move(time)));
}

const go::Time& as_time(const Value& value) {
  BULLA_ASSERT(value.type() == Type::time);
  return static_cast<const TimeObject&>(value.as_object()).time();
}

std::span<const Function> time_methods() noexcept { return of_time; }
std::span<const Function> duration_methods() noexcept { return of_duration; }
std::span<const Function> month_methods() noexcept { return of_month; }
std::span<const Function> weekday_methods() noexcept { return of_weekday; }

}  // namespace bulla::tmpl
