// SPDX-License-Identifier: Apache-2.0
#include "kube/credentials.hpp"

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/exec_plugin.hpp"

namespace bulla::kube {
namespace {

constexpr std::size_t token_bytes_max = 64 * limits::kib;  // it has to fit into a header

}  // namespace

Result<void> Credentials::refresh() {
  if (!config_.token_file.empty()) return refresh_token_file();
  if (config_.exec) return refresh_from_plugin();
  return {};
}

/// Reads the token file when the cached token has aged. If that fails the old token stays in use.
Result<void> Credentials::refresh_token_file() {
  const auto now = std::chrono::steady_clock::now();
  const bool known = !file_token_.empty() && file_token_read_at_ != SteadyTime();
  if (known && now - file_token_read_at_ < token_max_age_) return {};
  auto text = read_file(config_.token_file, token_bytes_max);
  if (text && trim(text->expose_secret_text()).empty()) {
    text = Error{Errc::invalid_input, config_.token_file + " is empty"};
  }
  if (!text) {
    if (!file_token_.empty() || !config_.token.empty()) return {};
    return text.error().during("reading the token");
  }
  file_token_ = SecretBuffer::copy_of(trim(text->expose_secret_text()));
  file_token_read_at_ = now;
  return {};
}

Result<void> Credentials::refresh_from_plugin() {
  const bool expired = fetched_.expires_at && system_clock().now() > *fetched_.expires_at;
  if (fetched_is_good_ && !expired) return {};
  auto fetched = run_exec_plugin(*config_.exec);
  if (!fetched) return fetched.error().during("getting credentials");
  fetched_ = std::move(*fetched);
  fetched_is_good_ = true;
  ++generation_;
  return {};
}

bool Credentials::refused(std::uint64_t generation) {
  file_token_read_at_ = SteadyTime();
  if (!config_.exec) return false;
  // Another request may have brought new ones meanwhile.
  if (generation == generation_) fetched_is_good_ = false;
  return true;
}

const SecretBuffer& Credentials::token() const noexcept {
  if (!file_token_.empty()) return file_token_;
  return config_.exec ? fetched_.token : config_.token;
}

void Credentials::append_authorization(SecretBuffer& head) const {
  if (const auto& bearer = token(); !bearer.empty()) {
    head.append("Authorization: Bearer ");
    head.append(bearer.expose_secret_text());
    head.append("\r\n");
  } else if (!config_.username.empty()) {
    auto pair = SecretBuffer::copy_of(config_.username + ":");
    pair.append(config_.password.expose_secret_text());
    head.append("Authorization: Basic ");
    head.append(encode_base64_secret(pair.expose_secret()).expose_secret_text());
    head.append("\r\n");
  }
}

}  // namespace bulla::kube
