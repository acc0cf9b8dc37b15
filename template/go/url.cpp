// SPDX-License-Identifier: Apache-2.0
#include "template/go/url.hpp"

#include <algorithm>
#include <string>

#include "template/go/strings.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_one_of(char c, std::string_view set) noexcept { return set.find(c) != npos; }

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool should_escape(char c, UrlPart part) noexcept {
  // RFC 3986 section 2.3, unreserved; section 3.2.2 for hosts, with brackets of IPv6, the colon of
  // a port, and what Go lets pass besides.
  if (is_letter_or_digit(c)) return false;
  if ((part == UrlPart::host || part == UrlPart::zone) && is_one_of(c, "!$&'()*+,;=:[]<>\""))
    return false;
  if (is_one_of(c, "-_.~")) return false;
  if (is_one_of(c, "$&+,/:;=?@")) {
    switch (part) {
      case UrlPart::path: return c == '?';
      case UrlPart::user_info: return is_one_of(c, "@/?:");
      case UrlPart::query_component: return true;
      case UrlPart::fragment: return false;
      default: break;
    }
  }
  return !(part == UrlPart::fragment && is_one_of(c, "!()*"));
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error invalid(std::string why) { return {Errc::invalid_input, std::move(why)}; }

Error bad_escape(std::string_view escape) {
  return invalid("invalid URL escape " + go_quoted(escape.substr(0, 3)));
}

/// Whether the escape at the front may stand in that part: in hosts, only what isn't ASCII is
/// escaped (RFC 3986), and the percent sign of an IPv6 zone (RFC 6874).
bool is_allowed_escape(std::string_view escape, UrlPart part) noexcept {
  if (escape.substr(0, 3) == "%25") return true;
  const char value = static_cast<char>(hex_value(escape[1]) << 4 | hex_value(escape[2]));
  if (part == UrlPart::host) return hex_value(escape[1]) >= 8;
  if (part == UrlPart::zone) return value == ' ' || !should_escape(value, UrlPart::host);
  return true;
}

Result<SecretBuffer> unescape(std::string_view text, UrlPart part) {
  const bool host = part == UrlPart::host || part == UrlPart::zone;
  SecretBuffer out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      const auto escape = text.substr(at);
      if (escape.size() < 3 || hex_value(escape[1]) < 0 || hex_value(escape[2]) < 0 ||
          !is_allowed_escape(escape, part))
        return bad_escape(escape);
      append_char(out, static_cast<char>(hex_value(escape[1]) << 4 | hex_value(escape[2])));
      at += 2;
      continue;
    }
    if (host && static_cast<unsigned char>(c) < 0x80 && should_escape(c, part))
      return invalid("invalid character " + go_quoted(text.substr(at, 1)) + " in host name");
    append_char(out, c == '+' && part == UrlPart::query_component ? ' ' : c);
  }
  return out;
}

bool is_valid_encoding(std::string_view text, UrlPart part) noexcept {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_one_of(c, "!$&'()*+,;=:@[]%") || !should_escape(c, part);
  });
}

/// As it was written, if that is an encoding of `decoded`; else in the usual one.
SecretBuffer escaped(const SecretBuffer& raw, const SecretBuffer& decoded, UrlPart part) {
  const auto written = raw.expose_secret_text();
  if (!written.empty() && is_valid_encoding(written, part)) {
    const auto read = unescape(written, part);
    if (read && *read == decoded) return raw.clone();
  }
  return url_escape(decoded.expose_secret_text(), part);
}

/// Fills a decoded part and, where the usual escapes would differ, the way it was written.
Result<void> set_decoded(std::string_view text, UrlPart part, SecretBuffer& decoded,
                         SecretBuffer& raw) {
  auto read = unescape(text, part);
  if (!read) return std::move(read).error();
  decoded = std::move(*read);
  const auto usual = url_escape(decoded.expose_secret_text(), part);
  if (usual.expose_secret_text() != text) raw = SecretBuffer::copy_of(text);
  return {};
}

bool is_optional_port(std::string_view text) noexcept {
  return text.empty() || (text[0] == ':' && text.find_first_not_of("0123456789", 1) == npos);
}

Error bad_port(std::string_view port) {
  return invalid("invalid port " + go_quoted(port) + " after host");
}

/// A host in brackets, an IPv6 address, whose zone may be escaped in other ways than the rest.
Result<SecretBuffer> parse_bracketed_host(std::string_view host) {
  const auto end = host.rfind(']');
  if (end == npos) return invalid("missing ']' in host");
  if (const auto port = host.substr(end + 1); !is_optional_port(port)) return bad_port(port);
  const auto zone = host.substr(0, end).find("%25");
  if (zone == npos) return unescape(host, UrlPart::host);
  SecretBuffer out;
  const auto add = [&](std::string_view text, UrlPart part) -> Result<void> {
    auto read = unescape(text, part);
    if (!read) return std::move(read).error();
    out.append(read->expose_secret_text());
    return {};
  };
  if (auto added = add(host.substr(0, zone), UrlPart::host); !added) return added.error();
  if (auto added = add(host.substr(zone, end - zone), UrlPart::zone); !added) return added.error();
  if (auto added = add(host.substr(end), UrlPart::host); !added) return added.error();
  return out;
}

Result<SecretBuffer> parse_host(std::string_view host) {
  if (host.starts_with('[')) return parse_bracketed_host(host);
  if (const auto colon = host.rfind(':'); colon != npos) {
    if (const auto port = host.substr(colon); !is_optional_port(port)) return bad_port(port);
  }
  return unescape(host, UrlPart::host);
}

Result<UserInfo> parse_user_info(std::string_view text) {
  const bool good = std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || is_one_of(c, "-._:~!$&'()*+,;=%@");
  });
  if (!good) return invalid("net/url: invalid userinfo");
  const auto colon = text.find(':');
  UserInfo out;
  auto name = unescape(text.substr(0, colon), UrlPart::user_info);
  if (!name) return std::move(name).error();
  out.name = std::move(*name);
  if (colon == npos) return out;
  auto password = unescape(text.substr(colon + 1), UrlPart::user_info);
  if (!password) return std::move(password).error();
  out.password = std::move(*password);
  return out;
}

Result<void> parse_authority(std::string_view text, Url& url) {
  const auto at_sign = text.rfind('@');
  auto host = parse_host(at_sign == npos ? text : text.substr(at_sign + 1));
  if (!host) return std::move(host).error();
  url.host = std::move(*host);
  if (at_sign == npos) return {};
  auto user = parse_user_info(text.substr(0, at_sign));
  if (!user) return std::move(user).error();
  url.user = std::move(*user);
  return {};
}

/// Cuts "scheme:" off; an empty scheme if there is none.
Result<std::string_view> take_scheme(std::string_view& text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ':') {
      if (at == 0) return invalid("missing protocol scheme");
      const auto scheme = text.substr(0, at);
      text.remove_prefix(at + 1);
      return scheme;
    }
    const bool later = (c >= '0' && c <= '9') || is_one_of(c, "+-.");
    if (!is_letter_or_digit(c) && !later) break;
    if (later && at == 0) break;
  }
  return std::string_view();
}

Result<void> parse_without_fragment(std::string_view text, Url& url) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), control))
    return invalid("net/url: invalid control character in URL");
  if (text == "*") {
    url.path = SecretBuffer::copy_of(text);
    return {};
  }
  auto scheme = take_scheme(text);
  if (!scheme) return std::move(scheme).error();
  url.scheme = lower(*scheme);

  const auto question = text.find('?');
  if (question != npos) {
    url.query = SecretBuffer::copy_of(text.substr(question + 1));
    url.force_query = url.query.empty();
    text = text.substr(0, question);
  }
  if (!text.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = SecretBuffer::copy_of(text);
      return {};
    }
    // RFC 3986 section 4.2: it would be taken for a scheme.
    if (text.substr(0, text.find('/')).find(':') != npos)
      return invalid("first path segment in URL cannot contain colon");
  }
  if (text.starts_with("//") && (!url.scheme.empty() || !text.starts_with("///"))) {
    const auto end = std::min(text.find('/', 2), text.size());
    if (auto parsed = parse_authority(text.substr(2, end - 2), url); !parsed) return parsed;
    text = text.substr(end);
  }
  return set_decoded(text, UrlPart::path, url.path, url.raw_path);
}

}  // namespace

SecretBuffer url_escape(std::string_view text, UrlPart part) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  SecretBuffer out;
  out.reserve(text.size());
  for (const char c : text) {
    if (!should_escape(c, part)) {
      append_char(out, c);
    } else if (c == ' ' && part == UrlPart::query_component) {
      append_char(out, '+');
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const char escape[] = {'%', hex[byte >> 4], hex[byte & 15]};
      out.append({escape, sizeof escape});
    }
  }
  return out;
}

SecretBuffer UserInfo::to_text() const {
  auto out = url_escape(name.expose_secret_text(), UrlPart::user_info);
  if (!password) return out;
  out.append(":");
  out.append(url_escape(password->expose_secret_text(), UrlPart::user_info).expose_secret_text());
  return out;
}

SecretBuffer Url::to_text() const {
  SecretBuffer out;
  const auto add = [&](const SecretBuffer& part) { out.append(part.expose_secret_text()); };
  if (!scheme.empty()) {
    add(scheme);
    out.append(":");
  }
  if (!opaque.empty()) {
    add(opaque);
  } else {
    const bool slashes = !host.empty() || user || (!scheme.empty() && !path.empty());
    if (slashes) out.append("//");
    if (user) {
      add(user->to_text());
      out.append("@");
    }
    add(url_escape(host.expose_secret_text(), UrlPart::host));
    const bool star = path.expose_secret_text() == "*";
    const auto written = star ? path.clone() : escaped(raw_path, path, UrlPart::path);
    const auto text = written.expose_secret_text();
    if (!text.empty() && text[0] != '/' && !host.empty()) out.append("/");
    // RFC 3986 section 4.2: a first segment with a colon would be taken for a scheme.
    if (out.empty() && text.substr(0, text.find('/')).find(':') != npos) out.append("./");
    out.append(text);
  }
  if (force_query || !query.empty()) {
    out.append("?");
    add(query);
  }
  if (!fragment.empty()) {
    out.append("#");
    add(escaped(raw_fragment, fragment, UrlPart::fragment));
  }
  return out;
}

std::string_view Url::host_name() const {
  auto name = host.expose_secret_text();
  const auto colon = name.rfind(':');
  if (colon != npos && is_optional_port(name.substr(colon))) name = name.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return name;
}

Result<Url> parse_url(std::string_view text) {
  const auto failure = [](std::string_view part, const Error& why) {
    return invalid("parse " + go_quoted(part) + ": " + why.message);
  };
  const auto hash = text.find('#');
  Url url;
  const auto before = text.substr(0, hash);
  if (auto parsed = parse_without_fragment(before, url); !parsed)
    return failure(before, parsed.error());
  if (hash == npos || hash + 1 == text.size()) return url;
  if (auto set =
          set_decoded(text.substr(hash + 1), UrlPart::fragment, url.fragment, url.raw_fragment);
      !set)
    return failure(text, set.error());
  return url;
}

}  // namespace bulla::tmpl::go
