// SPDX-License-Identifier: Apache-2.0
#include "kube/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/text.hpp"

namespace bulla::kube {
namespace {

/// An IP address, IPv4 in its IPv6 form, so that both compare as one kind.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(std::string_view text) {
  const std::string name(text.substr(0, text.find('%')));  // less the zone
  Address address = {};
  if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return address;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (::inet_pton(AF_INET, name.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool is_ipv4(const Address& address) noexcept {
  static constexpr std::array<std::uint8_t, 12> prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool is_loopback(const Address& address) noexcept {
  static constexpr Address ipv6_loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_ipv4(address) ? address[12] == 127 : address == ipv6_loopback;
}

bool equal_bits(const Address& a, const Address& b, unsigned bits) noexcept {
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8U);
    if (((a[i] ^ b[i]) >> (8 - here)) != 0) return false;
    bits -= here;
  }
  return true;
}

struct Target {
  std::string host;  ///< lower case
  std::string port;
  std::optional<Address> address;
};

/// "10.0.0.0/8"; nothing if the entry is no network.
std::optional<bool> matches_network(std::string_view entry, const Target& target) {
  const auto slash = entry.find('/');
  if (slash == entry.npos) return std::nullopt;
  const auto network = parse_address(entry.substr(0, slash));
  const auto digits = entry.substr(slash + 1);
  unsigned bits = 0;
  const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool v4_text = entry.substr(0, slash).find(':') == entry.npos;
  if (!network || failure != std::errc() || stop != digits.data() + digits.size() ||
      bits > (v4_text ? 32U : 128U)) {
    return std::nullopt;
  }
  if (!target.address) return false;
  const bool same_family = is_ipv4(*network) == is_ipv4(*target.address);
  return same_family && equal_bits(*network, *target.address, v4_text ? bits + 96 : bits);
}

/// "host:port" or "[address]:port" into its parts; a bare host or address has no port.
struct HostPort {
  std::string_view host;
  std::string_view port;
};
HostPort split_port(std::string_view entry) {
  if (entry.starts_with('[')) {
    const auto close = entry.find(']');
    if (close == entry.npos) return {entry, {}};
    const auto rest = entry.substr(close + 1);
    return {entry.substr(1, close - 1), rest.starts_with(':') ? rest.substr(1) : rest};
  }
  const auto colon = entry.find(':');
  const bool one_colon = colon != entry.npos && entry.find(':', colon + 1) == entry.npos;
  return one_colon ? HostPort{entry.substr(0, colon), entry.substr(colon + 1)}
                   : HostPort{entry, {}};
}

bool matches_name(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (pattern.starts_with('.')) return host.ends_with(pattern);
  return host == pattern || (host.size() > pattern.size() && host.ends_with(pattern) &&
                             host[host.size() - pattern.size() - 1] == '.');
}

bool is_excluded_by(std::string_view entry, const Target& target) {
  if (entry == "*") return true;
  if (const auto network = matches_network(entry, target)) return *network;
  const auto [host, port] = split_port(entry);
  if (host.empty() || (!port.empty() && port != target.port)) return false;
  if (const auto address = parse_address(host)) return target.address == address;
  return matches_name(host, target.host);
}

bool is_direct(const Target& target, std::string_view no_proxy) {
  if (target.host == "localhost") return true;
  if (target.address && is_loopback(*target.address)) return true;
  const auto entries = split(no_proxy, ',');
  return std::ranges::any_of(entries, [&](std::string_view entry) {
    const auto wanted = to_lower(trim(entry));
    return !wanted.empty() && is_excluded_by(wanted, target);
  });
}

std::string variable(const Environment& environment, const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    if (auto value = environment.variable(name); value && !value->empty()) return *value;
  }
  return {};
}

bool is_known_scheme(std::string_view scheme) {
  return scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h";
}

/// The variable's value as a URL: "host:port" is an http proxy. Empty if it makes no sense.
std::string full_proxy_url(const std::string& value) {
  if (value.empty()) return {};
  if (const auto url = parse_url(value); url && is_known_scheme(url->scheme)) return value;
  const auto with_scheme = "http://" + value;
  return parse_url(with_scheme) ? with_scheme : std::string();
}

}  // namespace

Result<Url> parse_proxy_url(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return Error{Errc::invalid_input, "could not parse: " + without_credentials(text)};
  if (!is_known_scheme(url->scheme)) {
    return Error{Errc::invalid_input,
                 "unsupported scheme " + quoted(url->scheme) + ", must be http, https, or socks5"};
  }
  if (url->host.empty()) return Error{Errc::invalid_input, "it names no host"};
  if (url->port == 0) url->port = 1080;  // RFC 1928: the port of SOCKS
  return url;
}

Result<std::string> proxy_from_environment(const Url& target, const Environment& environment) {
  const bool secure = target.scheme == "https";
  const auto proxy = full_proxy_url(secure ? variable(environment, "HTTPS_PROXY", "https_proxy")
                                           : variable(environment, "HTTP_PROXY", "http_proxy"));
  if (proxy.empty() || (!secure && target.scheme != "http")) return std::string();
  if (const auto cgi = environment.variable("REQUEST_METHOD"); !secure && cgi && !cgi->empty()) {
    return Error{Errc::invalid_input,
                 "refusing to use HTTP_PROXY value in CGI environment; see "
                 "golang.org/s/cgihttpproxy"};
  }
  const Target seen = {to_lower(trim(target.host)), std::to_string(target.port),
                       parse_address(target.host)};
  return is_direct(seen, variable(environment, "NO_PROXY", "no_proxy")) ? std::string() : proxy;
}

}  // namespace bulla::kube
