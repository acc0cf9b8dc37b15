// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "template/functions/common.hpp"
#include "template/functions/random_bytes.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view letters_and_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view printable =
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
    "{|}~";

/// Whether so many random bytes may be drawn.
Result<void> afford(Context& context, std::int64_t count) {
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  if (auto affordable = context.afford_text(size); !affordable) return affordable;
  return context.spend_steps(size / 10);
}

template <const std::string_view& alphabet>
Result<Value> characters(Context& context, Arguments arguments) {
  const auto count = arguments[0].as_integer();
  if (auto affordable = afford(context, count); !affordable) return std::move(affordable).error();
  SecretBuffer out;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = context.random().below(static_cast<std::uint32_t>(alphabet.size()));
    go::append_char(out, alphabet[index]);
  }
  return Value::string(std::move(out));
}

Result<Value> rand_bytes(Context& context, Arguments arguments) {
  const auto count = arguments[0].as_integer();
  if (count < 0) return context.failure("runtime error: makeslice: len out of range");
  if (auto affordable = afford(context, count); !affordable) return std::move(affordable).error();
  const auto bytes = random_bytes(context, static_cast<std::size_t>(count));
  return Value::string(encode_base64_secret(bytes.expose_secret()));
}

/// Evenly distributed in [0, bound); `bound` isn't 0.
std::uint64_t below(Context& context, std::uint64_t bound) {
  constexpr std::uint32_t all = 0xFFFFFFFF;
  if (bound <= all) return context.random().below(static_cast<std::uint32_t>(bound));
  // What lies above the last whole multiple of the bound is drawn again.
  const std::uint64_t excess = (0 - bound) % bound;
  for (;;) {
    const auto bytes = random_bytes(context, 8);
    std::uint64_t drawn = 0;
    for (const auto byte : bytes.expose_secret()) drawn = drawn << 8 | byte;
    if (drawn >= excess) return drawn % bound;
  }
}

Result<Value> rand_int(Context& context, Arguments arguments) {
  const auto min = static_cast<std::uint64_t>(arguments[0].as_integer());
  const auto max = static_cast<std::uint64_t>(arguments[1].as_integer());
  const auto range = static_cast<std::int64_t>(max - min);
  if (range <= 0) return context.failure("invalid argument to Intn");
  return Value::integer(
      static_cast<std::int64_t>(min + below(context, static_cast<std::uint64_t>(range))));
}

Result<Value> shuffle(Context& context, Arguments arguments) {
  std::vector<char32_t, WipingAllocator<char32_t>> runes;
  for (auto text = arguments[0].as_text(); !text.empty();) runes.push_back(go::take_rune(text));
  for (auto i = runes.size(); i > 1; --i) std::swap(runes[i - 1], runes[below(context, i)]);
  SecretBuffer out;
  for (const auto rune : runes) go::append_rune(out, rune);
  return Value::string(std::move(out));
}

Result<Value> uuidv4(Context& context, Arguments) {
  constexpr std::string_view hex = "0123456789abcdef";
  auto bytes = random_bytes(context, 16);
  auto octets = bytes.expose_secret();
  // RFC 9562 section 5.4: the version and the variant.
  octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0F) | 0x40);
  octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3F) | 0x80);
  SecretBuffer out;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.append("-");
    go::append_char(out, hex[octets[i] >> 4]);
    go::append_char(out, hex[octets[i] & 15]);
  }
  return Value::string(std::move(out));
}

constexpr Function table[] = {
    {"randAlpha", {Type::int_}, characters<letters>},
    {"randAlphaNum", {Type::int_}, characters<letters_and_digits>},
    {"randAscii", {Type::int_}, characters<printable>},
    {"randBytes", {Type::int_}, rand_bytes},
    {"randInt", {Type::int_, Type::int_}, rand_int},
    {"randNumeric", {Type::int_}, characters<digits>},
    {"shuffle", {Type::string}, shuffle},
    {"uuidv4", {}, uuidv4},
};

}  // namespace

SecretBuffer random_bytes(Context& context, std::size_t count) {
  SecretBuffer out(count);
  for (auto& byte : out.expose_secret())
    byte = static_cast<std::uint8_t>(context.random().below(256));
  return out;
}

std::span<const Function> random_functions() noexcept { return table; }

}  // namespace bulla::tmpl
