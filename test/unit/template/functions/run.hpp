// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "template/template.hpp"

namespace bulla::test {

/// 2024-02-29 13:04:05.5 UTC, always.
class LeapDay final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return WallTime(std::chrono::milliseconds(1'709'211'845'500));
  }
};

/// 0, 1, 2... below whatever bound.
class Counting final : public Random {
 public:
  std::uint32_t below(std::uint32_t bound) override { return bound == 0 ? 0 : next_++ % bound; }

 private:
  std::uint32_t next_ = 0;
};

/// What the program gives, or "error: " and why it gives nothing. The item `s` holds `secret`.
[[nodiscard]] inline std::string run(std::string_view program, std::string_view secret = "") {
  const auto parsed = tmpl::Template::parse("t", program);
  REQUIRE(parsed.has_value());
  const LeapDay clock;
  Counting random;
  tmpl::Items items;
  items["s"] = SecretBuffer::copy_of(secret);
  const auto output = parsed->run(items, {clock, random, {}, tmpl::RunErrors::full});
  return output ? std::string(output->expose_secret_text()) : "error: " + output.error().message;
}

}  // namespace bulla::test
