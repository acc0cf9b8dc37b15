// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

#include "base/error.hpp"

namespace bulla {

/// PEM files with a certificate (its chain behind it) and its private key.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// The identity of a TLS server, read again when its files change (a certificate that is renewed,
/// a Secret's volume), without a restart. Not thread-safe.
class TlsIdentity {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Errors: invalid_input, naming the file and what is wrong with it.
  [[nodiscard]] static Result<TlsIdentity> load(TlsFiles files);

  /// What to greet a client with. The files are looked at every few seconds; ones that can't be
  /// used are logged once, and the old identity stays.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> at(Time now);

 private:
  // Device, inode, size and time of the last change, in nanoseconds.
  using Stamp = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
  explicit TlsIdentity(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] static Stamp stamp_of(const std::string& path);
  [[nodiscard]] Result<void> read();

  TlsFiles files_;
  std::pair<Stamp, Stamp> stamps_{};
  std::shared_ptr<boost::asio::ssl::context> context_;
  Time looked_{};
};

}  // namespace bulla
