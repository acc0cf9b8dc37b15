// SPDX-License-Identifier: Apache-2.0
#include "sealer/certificate_source.hpp"

#include <array>
#include <chrono>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "crypto/certificate.hpp"
#include "kube/fetch_url.hpp"
#include "sealer/cluster.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// The scheme of a URL, in front of its colon; "" for a path. One letter is a drive, not a scheme.
std::string_view url_scheme(std::string_view text) {
  const auto end = text.find(':');
  if (end == std::string_view::npos || end < 2) return {};
  for (const char c : text.substr(0, end)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') return {};
  }
  return text.substr(0, end);
}

Result<std::string> read_certificate_file(const std::string& path) {
  auto text = read_file(path, limits::certificate_bytes_max);
  if (!text) return text.error();
  return std::string(text->expose_secret_text());
}

/// "March 4, 2020"
std::string long_date(WallTime time) {
  static constexpr std::array<const char*, 12> months{
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return std::string(months[static_cast<unsigned>(date.month()) - 1]) + " " +
         std::to_string(static_cast<unsigned>(date.day())) + ", " +
         std::to_string(static_cast<int>(date.year()));
}

}  // namespace

Result<std::string> fetch_certificate(const Options& options) {
  const auto& source = options.certificate;
  if (source.empty()) {
    auto controller = Controller::reach(options);
    if (!controller) return controller.error();
    return controller->certificate();
  }
  const auto scheme = url_scheme(source);
  if (scheme.empty()) return read_certificate_file(source);
  if (scheme != "file") return kube::fetch_url(source);
  constexpr std::string_view prefix = "file://";
  return read_certificate_file(source.starts_with(prefix) ? source.substr(prefix.size())
                                                          : source.substr(scheme.size() + 1));
}

Result<PublicKey> sealing_key(const Options& options) {
  auto text = fetch_certificate(options);
  if (!text) return text.error();
  auto certificate = Certificate::from_pem(*text);
  if (!certificate) return certificate.error();

  const auto now = system_clock().now();
  if (certificate->not_after() < now) {
    return Error{Errc::invalid_input, "failed to encrypt using an expired certificate on " +
                                          long_date(certificate->not_after())}
        .hint("fetch a current one: kubeseal --fetch-cert > cert.pem");
  }
  if (certificate->not_after() < now + std::chrono::days(30)) {
    warn_terminal("the certificate expires on " + long_date(certificate->not_after()));
  }
  return certificate->public_key();
}

}  // namespace bulla::sealer
