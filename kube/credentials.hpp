// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/backoff.hpp"
#include "kube/config.hpp"

namespace bulla::kube {

/// Whom a client claims to be: keeps a token file's or a plugin's answer in memory, and asks again
/// when it has aged, expired, or the server refuses it. Private to this room.
///
/// Threads: one. `config` must outlive it.
class Credentials {
 public:
  Credentials(const ClientConfig& config, std::chrono::milliseconds token_max_age) noexcept
      : config_(config), token_max_age_(token_max_age) {}

  /// Makes sure that there is something to show. May run a plugin, and then blocks for as long as
  /// that takes. A token file that cannot be read is no error while an older token is known.
  /// Errors: of the file or the plugin, `getting credentials: exec: executable x not found`.
  [[nodiscard]] Result<void> refresh();

  /// The Authorization header, if there is one.
  void append_authorization(SecretBuffer& head) const;

  /// Counts what was fetched so far: goes up with every new credential.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  /// The server answered 401 to a request with the credentials of `generation`. True: refresh()
  /// will bring other ones, so the request is worth being sent once more.
  [[nodiscard]] bool refused(std::uint64_t generation);

  /// The plugin's client certificate and key; empty: none, or there is no plugin.
  [[nodiscard]] const ExecCredential& fetched() const noexcept { return fetched_; }

 private:
  [[nodiscard]] Result<void> refresh_token_file();
  [[nodiscard]] Result<void> refresh_from_plugin();
  [[nodiscard]] const SecretBuffer& token() const noexcept;

  const ClientConfig& config_;
  std::chrono::milliseconds token_max_age_;
  SecretBuffer file_token_ = {};
  SteadyTime file_token_read_at_{};
  ExecCredential fetched_ = {};
  bool fetched_is_good_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace bulla::kube
