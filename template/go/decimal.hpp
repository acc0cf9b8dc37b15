// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

// Decimal arithmetic on floats, as sprig does it with Go's shopspring/decimal: each number is taken
// for the shortest decimal that reads back as it (0.1 is exactly a tenth).
namespace bulla::tmpl::go {

enum class DecimalOperation { add, subtract, multiply, divide };

/// first OP rest[0] OP rest[1]..., and the float nearest to the result. Quotients are rounded to 16
/// decimals, halves away from zero. Nothing where a number isn't finite or a divisor is 0.
[[nodiscard]] std::optional<double> decimal_fold(DecimalOperation operation, double first,
                                                 std::span<const double> rest);

}  // namespace bulla::tmpl::go
