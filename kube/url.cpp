// SPDX-License-Identifier: Apache-2.0
#include "kube/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace bulla::kube {
namespace {

constexpr std::string_view hidden_credentials = "xxxxx";

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A text that nobody could take apart is shown from its last "@" on: a password with a "/" in it
/// ends the part where it should stand.
std::string without_all_before_at(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos) return std::string(text);
  const auto scheme = text.find("://");
  std::string out(scheme < at ? text.substr(0, scheme + 3) : std::string_view());
  return out.append(hidden_credentials).append(text.substr(at));
}

/// `parse "TEXT": WHAT "PIECE" BEHIND`, without the piece where it could be one of a password.
Error parse_error(std::string_view text, std::string what, std::string_view piece = {},
                  std::string_view behind = {}) {
  const bool has_credentials = text.find('@') != text.npos;
  if (!piece.empty() && !has_credentials) what.append(" ").append(quoted(piece));
  return {Errc::invalid_input,
          "parse " + quoted(without_all_before_at(text)) + ": " + what.append(behind)};
}

/// The length of the scheme (RFC 3986 section 3.1), or 0 if the text has none.
std::size_t scheme_size(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c)) continue;
    if (c == ':') return i;
    const bool allowed_later = is_digit(c) || c == '+' || c == '-' || c == '.';
    if (!allowed_later || i == 0) return 0;
  }
  return 0;
}

/// The first "%" that no two hexadecimal digits follow, with up to two characters after it.
std::string_view bad_escape(std::string_view text) noexcept {
  for (auto i = text.find('%'); i != text.npos; i = text.find('%', i + 1)) {
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
      return text.substr(i, 3);
    }
  }
  return {};
}

std::uint16_t scheme_port(std::string_view scheme) noexcept {
  if (scheme == "http") return 80;
  return scheme == "https" ? 443 : 0;
}

Result<void> parse_port(Url& url, std::string_view whole, std::string_view rest) {
  if (rest.empty() || rest == ":") return {};
  const auto digits = rest.substr(1);
  const auto* end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, url.port);
  if (rest[0] != ':' || failure != std::errc() || stop != end) {
    return parse_error(whole, "invalid port", rest, " after host");
  }
  return {};
}

/// "user:password@host:port" into `url`.
Result<void> parse_authority(Url& url, std::string_view whole, std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    url.credentials = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  url.port = scheme_port(url.scheme);
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == authority.npos) return parse_error(whole, "missing ']' in host");
    url.host = authority.substr(1, close - 1);
    return parse_port(url, whole, authority.substr(close + 1));
  }
  const auto colon = authority.find(':');
  url.host = authority.substr(0, colon);
  return parse_port(url, whole, colon == authority.npos ? "" : authority.substr(colon));
}

}  // namespace

std::string Url::address() const {
  const bool is_ipv6 = host.find(':') != host.npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::host_header() const {
  if (port != scheme_port(scheme)) return address();
  return host.find(':') != host.npos ? "[" + host + "]" : host;
}

Result<Url> parse_url(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return parse_error(text, "invalid control character in URL");
    }
  }
  if (text.starts_with(':')) return parse_error(text, "missing protocol scheme");
  if (const auto bad = bad_escape(text); !bad.empty()) {
    return parse_error(text, "invalid URL escape", bad);
  }
  Url url;
  auto rest = text.substr(0, text.find('#'));
  if (const auto size = scheme_size(rest); size > 0) {
    url.scheme = to_lower(rest.substr(0, size));
    rest.remove_prefix(size + 1);
  }
  if (!rest.starts_with("//")) {
    url.target = rest;
    return url;
  }
  rest.remove_prefix(2);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  url.target = rest.substr(authority.size());
  if (auto parsed = parse_authority(url, text, authority); !parsed) return parsed.error();
  return url;
}

std::string without_credentials(std::string_view text) {
  if (!parse_url(text)) return without_all_before_at(text);
  const auto authority = text.find("//");
  if (authority == text.npos) return std::string(text);
  const auto begin = authority + 2;
  const auto end = std::min(text.find_first_of("/?#", begin), text.size());
  const auto at = text.substr(begin, end - begin).rfind('@');
  if (at == text.npos) return std::string(text);
  return std::string(text.substr(0, begin))
      .append(hidden_credentials)
      .append(text.substr(begin + at));
}

std::string percent_encode_unless(std::string_view text, bool (*stays)(char)) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (stays(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string percent_encode_unsafe(std::string_view text) {
  return percent_encode_unless(text, [](char c) {
    constexpr std::string_view unsafe = "\"<>\\^`{|}";
    return c > ' ' && c < 0x7f && unsafe.find(c) == unsafe.npos;
  });
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const auto* digits = text.data() + i + 1;
    const bool escape = text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) &&
                        is_hex(text[i + 2]) &&
                        std::from_chars(digits, digits + 2, byte, 16).ec == std::errc();
    out += escape ? static_cast<char>(byte) : text[i];
    if (escape) i += 2;
  }
  return out;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
  auto url = parse_url(reference);
  if (!url || !url->scheme.empty()) return url;
  const auto target = std::move(url->target);
  *url = base;
  if (target.starts_with('/')) {
    url->target = target;
  } else {
    // Relative to the folder of the base's path (RFC 3986 section 5.2.3).
    const auto path = base.target.substr(0, base.target.find('?'));
    const auto slash = path.rfind('/');
    url->target = (slash == path.npos ? "/" : path.substr(0, slash + 1)) + target;
  }
  return url;
}

}  // namespace bulla::kube
