// SPDX-License-Identifier: Apache-2.0
#include "sealer/certificate_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "crypto/certificate.hpp"
#include "crypto/certificate_chain.hpp"
#include "kube/fetch_url.hpp"
#include "kube/url.hpp"
#include "sealer/cluster.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

Result<std::string> read_certificate_file(const std::string& path) {
  auto text = path == "-"
                  ? read_descriptor(STDIN_FILENO, "standard input", limits::certificate_bytes_max)
                  : read_file(path, limits::certificate_bytes_max);
  if (!text) return text.error();
  return std::string(text->expose_secret_text());
}

/// A file:// URL, its escapes undone. What is missing is told as the reference tells it.
Result<std::string> read_file_url(const std::string& source, const kube::Url& url) {
  const auto host = to_lower(url.host) == "localhost" ? "" : url.host;  // RFC 8089 section 2
  const auto path = kube::percent_decode(host + url.target.substr(0, url.target.find('?')));
  auto text = read_certificate_file(path);
  if (text || text.error().code != Errc::not_found) return text;
  return Error{Errc::not_found,
               "cannot fetch " + quoted(kube::without_credentials(source)) + ": 404 Not Found"};
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

/// Where the certificate comes from, for messages. A file may have any name.
std::string shown_source(const Options& options) {
  if (options.certificate.empty()) return "the controller's answer";
  const bool is_url = options.certificate.find("://") != std::string::npos;
  return is_url ? kube::without_credentials(options.certificate) : options.certificate;
}

/// Whether the certificate comes from a server: all of what that sends is a stranger's.
bool is_served(const Options& options) {
  if (options.certificate.empty()) return true;
  const auto url = kube::parse_url(options.certificate);
  return url && (url->scheme == "http" || url->scheme == "https");
}

/// Whether a text has nothing in it that steers a terminal, but for what ends and indents lines.
bool is_plain(std::string_view text) {
  constexpr std::string_view layout = "\n\r\t";
  std::string rest;
  std::ranges::copy_if(text, std::back_inserter(rest),
                       [&](char c) { return layout.find(c) == std::string_view::npos; });
  return printable(rest) == rest;
}

/// What a server sent, if there is a certificate in it: it may be a log-in page with status 200.
Result<std::string> with_certificate(const Options& options, Result<std::string> text) {
  if (!text) return text;
  const auto certificate = Certificate::from_pem(*text);
  if (!certificate && certificate.error().code == Errc::not_found)
    return no_certificate(shown_source(options), *text);
  return text;
}

}  // namespace

Result<std::string> fetch_certificate(const Options& options) {
  const auto& source = options.certificate;
  if (source.empty()) {
    auto controller = Controller::reach(options);
    if (!controller) return controller.error();
    return with_certificate(options, controller->certificate());
  }
  const auto url = kube::parse_url(source);
  if (!url) {
    // A file may have any name, even one that would be a broken URL.
    auto text = read_certificate_file(source);
    return text ? text : url.error();
  }
  if (url->scheme.size() < 2) return read_certificate_file(source);  // one letter is a drive
  if (url->scheme == "file") return read_file_url(source, *url);
  return with_certificate(options, kube::fetch_url(source));
}

Result<std::string> certificate_to_print(const Options& options) {
  auto text = fetch_certificate(options);
  if (!text) return text;
  if (!is_served(options) && is_plain(*text)) return text;
  auto certificates = certificates_alone(*text);
  if (!certificates && certificates.error().code == Errc::not_found)
    return no_certificate(shown_source(options), *text);
  return certificates;
}

Result<PublicKey> sealing_key(const Options& options) {
  auto text = fetch_certificate(options);
  if (!text && options.certificate.empty())
    return std::move(text).error().hint("--cert FILE seals without a cluster");
  if (!text) return text.error();
  auto certificate = Certificate::from_pem(*text);
  if (!certificate) {
    const auto source = shown_source(options);
    if (certificate.error().code == Errc::not_found) return no_certificate(source, *text);
    return std::move(certificate).error().during(source);
  }

  const auto now = system_clock().now();
  if (certificate->not_after() < now) {
    return Error{Errc::invalid_input, "failed to encrypt using an expired certificate on " +
                                          long_date(certificate->not_after())}
        .hint((options.certificate.empty() ? "it is the controller's"
                                           : "it is in " + shown_source(options)))
        .hint("fetch a current one: kubeseal --fetch-cert > cert.pem");
  }
  if (certificate->not_after() < now + std::chrono::days(30)) {
    warn_terminal("the certificate expires on " + long_date(certificate->not_after()));
  }
  if (certificate->not_before() > now)
    warn("the certificate is not valid before " + long_date(certificate->not_before()));
  if (const int bits = certificate->public_key().bits(); bits < limits::new_key_bits_min) {
    warn("the certificate's key has " + std::to_string(bits) + " bits; fewer than " +
         std::to_string(limits::new_key_bits_min) + " can be broken");
  }
  return certificate->public_key();
}

}  // namespace bulla::sealer
