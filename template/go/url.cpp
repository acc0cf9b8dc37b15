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

/// What is wrong with a URL: the texts before, in and after quotation marks. All are views, so that
/// nothing of the URL is copied unless it may be.
struct Fault {
  std::string_view before;
  std::string_view quoted = {};
  std::string_view after = {};
};
/// Nothing, if all is well.
using Finding = std::optional<Fault>;

Error tell(std::string_view url, const Fault& fault, Quoting quoting) {
  if (quoting == Quoting::forbidden) return {Errc::invalid_input, std::string(fault.before)};
  auto message = "parse " + go_quoted(url) + ": " + std::string(fault.before);
  if (!fault.quoted.empty()) message += " " + go_quoted(fault.quoted) + std::string(fault.after);
  return {Errc::invalid_input, std::move(message)};
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

Finding unescape(std::string_view text, UrlPart part, SecretBuffer& out) {
  const bool host = part == UrlPart::host || part == UrlPart::zone;
  out.reserve(out.size() + text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      const auto escape = text.substr(at);
      if (escape.size() < 3 || hex_value(escape[1]) < 0 || hex_value(escape[2]) < 0 ||
          !is_allowed_escape(escape, part))
        return Fault{"invalid URL escape", escape.substr(0, 3)};
      append_char(out, static_cast<char>(hex_value(escape[1]) << 4 | hex_value(escape[2])));
      at += 2;
      continue;
    }
    if (host && static_cast<unsigned char>(c) < 0x80 && should_escape(c, part))
      return Fault{"invalid character", text.substr(at, 1), " in host name"};
    append_char(out, c == '+' && part == UrlPart::query_component ? ' ' : c);
  }
  return std::nullopt;
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
    SecretBuffer read;
    if (!unescape(written, part, read) && read == decoded) return raw.clone();
  }
  return url_escape(decoded.expose_secret_text(), part);
}

/// Fills a decoded part and, where the usual escapes would differ, the way it was written.
Finding set_decoded(std::string_view text, UrlPart part, SecretBuffer& decoded, SecretBuffer& raw) {
  if (const auto fault = unescape(text, part, decoded)) return fault;
  const auto usual = url_escape(decoded.expose_secret_text(), part);
  if (usual.expose_secret_text() != text) raw = SecretBuffer::copy_of(text);
  return std::nullopt;
}

bool is_optional_port(std::string_view text) noexcept {
  return text.empty() || (text[0] == ':' && text.find_first_not_of("0123456789", 1) == npos);
}

Fault bad_port(std::string_view port) { return {"invalid port", port, " after host"}; }

/// A host in brackets, an IPv6 address, whose zone may be escaped in other ways than the rest.
Finding parse_bracketed_host(std::string_view host, SecretBuffer& out) {
  const auto end = host.rfind(']');
  if (end == npos) return Fault{"missing ']' in host"};
  if (const auto port = host.substr(end + 1); !is_optional_port(port)) return bad_port(port);
  const auto zone = host.substr(0, end).find("%25");
  if (zone == npos) return unescape(host, UrlPart::host, out);
  if (const auto fault = unescape(host.substr(0, zone), UrlPart::host, out)) return fault;
  if (const auto fault = unescape(host.substr(zone, end - zone), UrlPart::zone, out)) return fault;
  return unescape(host.substr(end), UrlPart::host, out);
}

Finding parse_host(std::string_view host, SecretBuffer& out) {
  if (host.starts_with('[')) return parse_bracketed_host(host, out);
  if (const auto colon = host.rfind(':'); colon != npos) {
    if (const auto port = host.substr(colon); !is_optional_port(port)) return bad_port(port);
  }
  return unescape(host, UrlPart::host, out);
}

Finding parse_user_info(std::string_view text, UserInfo& out) {
  const bool good = std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || is_one_of(c, "-._:~!$&'()*+,;=%@");
  });
  if (!good) return Fault{"net/url: invalid userinfo"};
  const auto colon = text.find(':');
  if (const auto fault = unescape(text.substr(0, colon), UrlPart::user_info, out.name))
    return fault;
  if (colon == npos) return std::nullopt;
  return unescape(text.substr(colon + 1), UrlPart::user_info, out.password.emplace());
}

Finding parse_authority(std::string_view text, Url& url) {
  const auto at_sign = text.rfind('@');
  const auto host = at_sign == npos ? text : text.substr(at_sign + 1);
  if (const auto fault = parse_host(host, url.host)) return fault;
  if (at_sign == npos) return std::nullopt;
  return parse_user_info(text.substr(0, at_sign), url.user.emplace());
}

/// Cuts "scheme:" off; an empty scheme if there is none.
Finding take_scheme(std::string_view& text, std::string_view& scheme) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ':') {
      if (at == 0) return Fault{"missing protocol scheme"};
      scheme = text.substr(0, at);
      text.remove_prefix(at + 1);
      return std::nullopt;
    }
    const bool later = (c >= '0' && c <= '9') || is_one_of(c, "+-.");
    if (!is_letter_or_digit(c) && !later) break;
    if (later && at == 0) break;
  }
  return std::nullopt;
}

Finding parse_without_fragment(std::string_view text, Url& url) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), control))
    return Fault{"net/url: invalid control character in URL"};
  if (text == "*") {
    url.path = SecretBuffer::copy_of(text);
    return std::nullopt;
  }
  std::string_view scheme;
  if (const auto fault = take_scheme(text, scheme)) return fault;
  url.scheme = lower(scheme);

  const auto question = text.find('?');
  if (question != npos) {
    url.query = SecretBuffer::copy_of(text.substr(question + 1));
    url.force_query = url.query.empty();
    text = text.substr(0, question);
  }
  if (!text.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = SecretBuffer::copy_of(text);
      return std::nullopt;
    }
    // RFC 3986 section 4.2: it would be taken for a scheme.
    if (text.substr(0, text.find('/')).find(':') != npos)
      return Fault{"first path segment in URL cannot contain colon"};
  }
  if (text.starts_with("//") && (!url.scheme.empty() || !text.starts_with("///"))) {
    const auto end = std::min(text.find('/', 2), text.size());
    if (const auto fault = parse_authority(text.substr(2, end - 2), url)) return fault;
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

Result<Url> parse_url(std::string_view text, Quoting quoting) {
  const auto hash = text.find('#');
  Url url;
  const auto before = text.substr(0, hash);
  if (const auto fault = parse_without_fragment(before, url)) return tell(before, *fault, quoting);
  if (hash == npos || hash + 1 == text.size()) return url;
  if (const auto fault =
          set_decoded(text.substr(hash + 1), UrlPart::fragment, url.fragment, url.raw_fragment))
    return tell(text, *fault, quoting);
  return url;
}

}  // namespace bulla::tmpl::go
