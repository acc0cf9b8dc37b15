// SPDX-License-Identifier: Apache-2.0
#include "template/go/base32.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t group_chars = 8;
constexpr std::size_t group_bytes = 5;

/// The first characters of a group: `count` of them hold data.
struct Group {
  std::array<std::uint8_t, group_chars> fives{};
  std::size_t count = 0;
};

void append_group(SecretBuffer& out, const Group& group) {
  std::uint64_t bits = 0;
  for (const auto five : group.fives) bits = bits << 5 | five;
  for (std::size_t i = 0; i < group.count * 5 / 8; ++i)
    append_char(out, static_cast<char>(bits >> (8 * (group_bytes - 1 - i)) & 0xFF));
}

/// Reads the padding that begins at `at`, after `count` characters of a group. The position Go
/// complains about, if any.
std::optional<std::size_t> padding_error(std::string_view text, std::size_t at, std::size_t count) {
  const auto after_first = text.substr(at + 1);
  const auto wanted = group_chars - 1 - count;
  if (after_first.size() < wanted) return text.size();
  for (std::size_t i = 0; i < wanted; ++i) {
    if (after_first[i] != '=') return at + i;
  }
  // RFC 4648 section 6: 1, 3 and 6 characters make no whole number of bytes.
  if (count == 3 || count == 6) return at;
  return std::nullopt;
}

Error illegal(std::size_t at) {
  return {Errc::invalid_input, "illegal base32 data at input byte " + std::to_string(at)};
}

}  // namespace

SecretBuffer encode_base32(std::string_view bytes) {
  SecretBuffer out;
  out.reserve((bytes.size() + group_bytes - 1) / group_bytes * group_chars);
  while (!bytes.empty()) {
    const auto size = std::min(bytes.size(), group_bytes);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < group_bytes; ++i)
      bits = bits << 8 | (i < size ? static_cast<unsigned char>(bytes[i]) : 0U);
    const auto used = (size * 8 + 4) / 5;
    for (std::size_t i = 0; i < group_chars; ++i)
      append_char(out, i < used ? alphabet[bits >> (5 * (group_chars - 1 - i)) & 31] : '=');
    bytes.remove_prefix(size);
  }
  return out;
}

Result<SecretBuffer> decode_base32(std::string_view with_breaks) {
  SecretBuffer unbroken;
  unbroken.reserve(with_breaks.size());
  for (const char c : with_breaks) {
    if (c != '\r' && c != '\n') append_char(unbroken, c);
  }
  const auto text = unbroken.expose_secret_text();
  SecretBuffer out;
  Group group;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '=' && group.count >= 2 && text.size() - at - 1 < group_chars) {
      if (const auto wrong = padding_error(text, at, group.count)) return illegal(*wrong);
      append_group(out, group);
      return out;
    }
    const auto five = alphabet.find(text[at]);
    if (five == std::string_view::npos) return illegal(at);
    group.fives[group.count++] = static_cast<std::uint8_t>(five);
    if (group.count < group_chars) continue;
    append_group(out, group);
    group = {};
  }
  if (group.count != 0) return illegal(text.size() - group.count);
  return out;
}

}  // namespace bulla::tmpl::go
