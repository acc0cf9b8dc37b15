// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Go's package strconv, reading, and sprig's looser reading on top of it (package cast).
namespace bulla::tmpl::go {

enum class NumberError : std::uint8_t { none, syntax, range };

template <class T>
struct Parsed {
  T value{};  ///< on a range error, the nearest value there is; else 0
  NumberError error = NumberError::none;
};

/// strconv.ParseInt(text, base, 64): base 0 takes the base from the prefix (0x, 0o, 0b, 0), and
/// underscores between digits.
[[nodiscard]] Parsed<std::int64_t> parse_int(std::string_view text, unsigned base) noexcept;
/// strconv.ParseUint(text, base, 64): no sign.
[[nodiscard]] Parsed<std::uint64_t> parse_uint(std::string_view text, unsigned base) noexcept;
/// strconv.ParseFloat(text, 64): decimal or hexadecimal, "inf", "infinity", "nan" in any case.
[[nodiscard]] Parsed<double> parse_float(std::string_view text);

/// What sprig's `int64 TEXT` gives: base from the prefix, zeros after a point are ignored, 0 for
/// anything else.
[[nodiscard]] std::int64_t cast_to_int64(std::string_view text) noexcept;
/// What sprig's `float64 TEXT` gives: 0 for anything that isn't a number.
[[nodiscard]] double cast_to_float64(std::string_view text);
/// A float as Go on amd64 converts it: the smallest integer where there is none that fits.
[[nodiscard]] std::int64_t truncate_to_int64(double value) noexcept;

/// math.Pow(10, exponent), to the last bit.
[[nodiscard]] double power_of_ten(std::int64_t exponent) noexcept;

}  // namespace bulla::tmpl::go
