// SPDX-License-Identifier: Apache-2.0
#include "template/go/number.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "template/go/decimal.hpp"

// Expected values: the documentation and tests of Go's strconv, and runs of sprig.
namespace bulla::test {

using namespace tmpl;
using go::NumberError;

TEST_CASE("integers, with the base from the prefix") {
  struct Case {
    std::string_view text;
    unsigned base;
    std::int64_t value;
    NumberError error = NumberError::none;
  };
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  for (const auto& c : {Case{"42", 10, 42},
                        {"+5", 10, 5},
                        {"-05", 10, -5},
                        {"", 10, 0, NumberError::syntax},
                        {"5.5", 10, 0, NumberError::syntax},
                        {"1_000", 10, 0, NumberError::syntax},
                        {"9223372036854775807", 10, most},
                        {"-9223372036854775808", 10, least},
                        {"9223372036854775808", 10, most, NumberError::range},
                        {"-99999999999999999999", 10, least, NumberError::range},
                        {"0x1F", 0, 31},
                        {"0b11", 0, 3},
                        {"0o17", 0, 15},
                        {"010", 0, 8},
                        {"08", 0, 0, NumberError::syntax},
                        {"1_000", 0, 1000},
                        {"0_8", 0, 0, NumberError::syntax},
                        {"0x_1F", 0, 31},
                        {"1__0", 0, 0, NumberError::syntax},
                        {"_1", 0, 0, NumberError::syntax},
                        {"1_", 0, 0, NumberError::syntax},
                        {"0x", 0, 0, NumberError::syntax},
                        {"-10", 8, -8}}) {
    CAPTURE(c.text);
    const auto parsed = go::parse_int(c.text, c.base);
    CHECK(parsed.value == c.value);
    CHECK(parsed.error == c.error);
  }
}

TEST_CASE("floats") {
  struct Case {
    std::string_view text;
    double value;
    NumberError error = NumberError::none;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& c : {Case{"3.75", 3.75},
                        {".5", 0.5},
                        {"5.", 5},
                        {"1e23", 1e23},
                        {"100000000000000016777215", 1.0000000000000001e23},
                        {"1E+5", 1e5},
                        {"0x1p-2", 0.25},
                        {"0x1.8p1", 3},
                        {"0x1F", 0, NumberError::syntax},
                        {"1_23.50_0_0e+1_2", 1.235e14},
                        {"-_123.5e+12", 0, NumberError::syntax},
                        {"1e400", infinity, NumberError::range},
                        {"-1e400", -infinity, NumberError::range},
                        {"1e-400", 0},
                        {"INFINITY", infinity},
                        {"-inf", -infinity},
                        {"1,000", 0, NumberError::syntax},
                        {"", 0, NumberError::syntax},
                        {".", 0, NumberError::syntax},
                        {"1e", 0, NumberError::syntax},
                        {"0x", 0, NumberError::syntax},
                        {"١", 0, NumberError::syntax},
                        {" 1", 0, NumberError::syntax}}) {
    CAPTURE(c.text);
    const auto parsed = go::parse_float(c.text);
    CHECK(parsed.value == c.value);
    CHECK(parsed.error == c.error);
  }
  CHECK(std::isnan(go::parse_float("nan").value));
  CHECK(std::signbit(go::parse_float("-0.0").value));
}

TEST_CASE("sprig's integers ignore zeros after a point, and nothing else") {
  CHECK(go::cast_to_int64("5.0") == 5);
  CHECK(go::cast_to_int64("1.00") == 1);
  CHECK(go::cast_to_int64("10.50") == 0);
  CHECK(go::cast_to_int64("5.9") == 0);
  CHECK(go::cast_to_int64("-0.0") == 0);
  CHECK(go::cast_to_int64("010") == 8);
  CHECK(go::truncate_to_int64(-3.7) == -3);
  CHECK(go::truncate_to_int64(1e30) == std::numeric_limits<std::int64_t>::min());
  CHECK(go::truncate_to_int64(std::nan("")) == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("powers of ten are the nearest floats where there are exact ones") {
  CHECK(go::power_of_ten(0) == 1);
  CHECK(go::power_of_ten(22) == 1e22);
  CHECK(go::power_of_ten(-2) == 0.01);
  CHECK(std::isinf(go::power_of_ten(400)));
  CHECK(go::power_of_ten(-400) == 0);
}

TEST_CASE("decimal arithmetic") {
  using go::DecimalOperation;
  const auto fold = [](DecimalOperation operation, double first, std::vector<double> rest) {
    return go::decimal_fold(operation, first, rest);
  };
  CHECK(fold(DecimalOperation::subtract, 0.3, {0.1}) == 0.2);
  CHECK(fold(DecimalOperation::multiply, 0.1, {3}) == 0.3);
  CHECK(fold(DecimalOperation::add, 1e20, {1}) == 1e20);
  CHECK(fold(DecimalOperation::divide, 1, {3}) == 0.3333333333333333);
  CHECK(fold(DecimalOperation::divide, 1, {7}) == 0.1428571428571429);
  CHECK(fold(DecimalOperation::divide, -2, {3}) == -0.6666666666666667);
  CHECK(fold(DecimalOperation::divide, 1e20, {4}) == 2.5e19);
  CHECK(fold(DecimalOperation::multiply, 1e200, {1e200}) ==
        std::numeric_limits<double>::infinity());
  CHECK(fold(DecimalOperation::multiply, 1e-200, {1e-200}) == 0);
  CHECK(fold(DecimalOperation::add, 5e-324, {0}) == 5e-324);
  CHECK(!fold(DecimalOperation::divide, 1, {0}).has_value());
  CHECK(!fold(DecimalOperation::add, std::nan(""), {1}).has_value());
}

}  // namespace bulla::test
