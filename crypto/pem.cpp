// SPDX-License-Identifier: Apache-2.0
#include "crypto/pem.hpp"

#include <algorithm>
#include <string>

#include "base/base64.hpp"
#include "base/yaml_lines.hpp"

namespace bulla {

namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

/// The first line of `text`, without its end, the white space before that, and the byte order mark
/// that Windows programs put in front of a file, perhaps one of several that were joined.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  line = without_byte_order_mark(line);
  const auto last = line.find_last_not_of(" \t\r");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// TYPE of "MARK TYPE-----", or nothing when `line` is something else.
std::optional<std::string_view> type_after(std::string_view mark, std::string_view line) {
  if (!line.starts_with(mark)) return std::nullopt;
  line.remove_prefix(mark.size());
  if (!line.ends_with(dashes)) return std::nullopt;
  return line.substr(0, line.size() - dashes.size());
}

std::optional<PemBlock> decode_block(std::string_view type, std::string_view body) {
  PemBlock block;
  block.type = type;
  for (auto rest = body; !rest.empty(); body = rest) {
    const auto line = take_line(rest);
    if (line.find(':') == std::string_view::npos) break;
    block.has_headers = true;
    if (line.starts_with("Proc-Type:") && line.find("ENCRYPTED") != std::string_view::npos)
      block.is_encrypted = true;
  }

  SecretBuffer base64(body.size());
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const auto out = base64.expose_secret();
  const auto copied = std::ranges::remove_copy_if(body, out.begin(), is_blank);
  base64.resize(static_cast<std::size_t>(copied.out - out.begin()));

  auto der = decode_base64_secret(base64.expose_secret_text());
  if (!der) return std::nullopt;
  block.der = std::move(*der);
  return block;
}

}  // namespace

std::optional<PemBlock> PemReader::next() {
  bool is_open = false;
  std::string_view type;
  std::string_view from_body;
  while (!rest_.empty()) {
    const auto here = rest_;
    const auto line = take_line(rest_);
    if (const auto begun = type_after(begin_mark, line)) {
      // A BEGIN inside a body ends that block: dashes are not base64.
      is_open = true;
      type = *begun;
      from_body = rest_;
    } else if (is_open && line.starts_with(end_mark)) {
      is_open = false;
      if (type_after(end_mark, line) != type) continue;
      const auto body = from_body.substr(0, from_body.size() - here.size());
      if (auto block = decode_block(type, body)) return block;
    }
  }
  return std::nullopt;
}

SecretBuffer write_pem(std::string_view type, std::span<const std::uint8_t> der) {
  constexpr std::size_t line_characters = 64;  // RFC 7468 section 2
  const auto base64 = encode_base64_secret(der);
  auto body = base64.expose_secret_text();

  SecretBuffer out;
  out.reserve(body.size() + body.size() / line_characters + 2 * type.size() + 64);
  const auto append_mark = [&](std::string_view mark) {
    out.append(mark);
    out.append(type);
    out.append("-----\n");
  };
  append_mark(begin_mark);
  while (!body.empty()) {
    const auto line = body.substr(0, line_characters);
    out.append(line);
    out.append("\n");
    body.remove_prefix(line.size());
  }
  append_mark(end_mark);
  return out;
}

}  // namespace bulla
