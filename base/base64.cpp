// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <climits>
#include <optional>
#include <string>

namespace bulla {

namespace {

constexpr int padded = sodium_base64_VARIANT_ORIGINAL;
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes into `out` (which has room for the terminating zero that libsodium writes).
void encode_into(char* out, std::size_t capacity, std::span<const std::uint8_t> bytes,
                 int variant) {
  BULLA_ASSERT(sodium_bin2base64(out, capacity, bytes.data(), bytes.size(), variant) != nullptr);
}

std::size_t encoded_capacity(std::size_t size, int variant) {
  return sodium_base64_encoded_len(size, variant);  // counts the terminating zero
}

/// One try; the number of bytes written, or nothing.
std::optional<std::size_t> decode_once(std::span<std::uint8_t> out, std::string_view text) {
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), "\r\n", &size, &end,
                        padded) != 0)
    return std::nullopt;
  return end == text.data() + text.size() ? std::optional(size) : std::nullopt;
}

/// The same text with the unused low bits of the last character before the padding cleared. Go's
/// decoder ignores those bits, libsodium refuses them.
SecretBuffer with_zero_padding_bits(std::string_view text) {
  auto copy = SecretBuffer::copy_of(text);
  const auto last = text.find_last_not_of("=\r\n");
  if (last == std::string_view::npos) return copy;
  std::size_t padding = 0;
  for (const char c : text.substr(last + 1)) padding += c == '=';
  const auto value = alphabet.find(text[last]);
  if (value == std::string_view::npos || padding == 0 || padding > 2) return copy;
  const std::size_t kept_bits = padding == 1 ? 0x3C : 0x30;
  copy.expose_secret()[last] = static_cast<std::uint8_t>(alphabet[value & kept_bits]);
  return copy;
}

/// Where a strict reader of 4-character groups, as Go's, stops.
std::size_t position_of_error(std::string_view text) {
  std::size_t in_group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') continue;
    if (c != '=') {
      if (alphabet.find(c) == std::string_view::npos) return i;
      in_group = (in_group + 1) % 4;
      continue;
    }
    if (in_group < 2) return i;
    const std::size_t wanted = 4 - in_group;
    std::size_t seen = 0;
    for (; i < text.size() && seen < wanted; ++i) {
      if (text[i] == '=') {
        ++seen;
      } else if (text[i] != '\r' && text[i] != '\n') {
        return i;
      }
    }
    if (seen < wanted) return text.size();
    return std::min(text.find_first_not_of("\r\n", i), text.size());
  }
  // Go points at the group that was left unfinished.
  return text.size() - in_group;
}

template <class Buffer>
Result<Buffer> decode_into(std::string_view text) {
  Buffer out(text.size() / 4 * 3 + 3);
  std::span<std::uint8_t> room;
  if constexpr (std::is_same_v<Buffer, SecretBuffer>) {
    room = out.expose_secret();
  } else {
    room = out;
  }
  auto size = decode_once(room, text);
  if (!size) size = decode_once(room, with_zero_padding_bits(text).expose_secret_text());
  if (!size) {
    return Error{Errc::invalid_input,
                 "illegal base64 data at input byte " + std::to_string(position_of_error(text))};
  }
  out.resize(*size);
  return out;
}

/// Ten times as fast, for what is not secret and written on one line; nothing for all else.
/// OpenSSL reads '=' as a zero wherever it stands, and drops what is around the text.
std::optional<std::vector<std::uint8_t>> decode_one_line(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > INT_MAX) return std::nullopt;
  const auto characters = std::min(text.find('='), text.size());
  const auto padding = text.size() - characters;
  if (padding > 2 || text.find_last_not_of('=') + 1 != characters) return std::nullopt;
  if (alphabet.find(text.front()) == text.npos || alphabet.find(text[characters - 1]) == text.npos)
    return std::nullopt;
  std::vector<std::uint8_t> out(text.size() / 4 * 3);
  if (EVP_DecodeBlock(out.data(), as_bytes(text).data(), static_cast<int>(text.size())) < 0)
    return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

std::string encode(std::span<const std::uint8_t> bytes, int variant) {
  std::string out(encoded_capacity(bytes.size(), variant), '\0');
  encode_into(out.data(), out.size(), bytes, variant);
  out.pop_back();
  return out;
}

}  // namespace

void append_base64(std::string& out, std::span<const std::uint8_t> bytes) {
  const auto start = out.size();
  const auto capacity = encoded_capacity(bytes.size(), padded);
  out.resize(start + capacity);
  encode_into(out.data() + start, capacity, bytes, padded);
  out.pop_back();
}

std::string encode_base64(std::span<const std::uint8_t> bytes) { return encode(bytes, padded); }

SecretBuffer encode_base64_secret(std::span<const std::uint8_t> bytes) {
  SecretBuffer out(encoded_capacity(bytes.size(), padded));
  encode_into(reinterpret_cast<char*>(out.expose_secret().data()), out.size(), bytes, padded);
  out.resize(out.size() - 1);
  return out;
}

std::string encode_base64_unpadded(std::span<const std::uint8_t> bytes) {
  return encode(bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

Result<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
  if (auto bytes = decode_one_line(text)) return std::move(*bytes);
  return decode_into<std::vector<std::uint8_t>>(text);
}

Result<SecretBuffer> decode_base64_secret(std::string_view text) {
  return decode_into<SecretBuffer>(text);
}

}  // namespace bulla
