// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "controller/options.hpp"
#include "crypto/certificate.hpp"
#include "crypto/keyring.hpp"

namespace bulla {

inline constexpr std::string_view key_label = "sealedsecrets.bitnami.com/sealed-secrets-key";

/// The selector of key Secrets in use. Any other value of the label retires the key.
inline constexpr std::string_view active_keys_selector =
    "sealedsecrets.bitnami.com/sealed-secrets-key=active";

/// The key pair in a Secret of type kubernetes.io/tls, as the API server gives it: `tls.key`, of
/// which the first private key counts, and `tls.crt`, of which the first certificate does.
/// Errors: invalid_input, with what is wrong (never with a value): no tls.key, a certificate of
/// another key, what PrivateKey::from_pem() and Certificate::from_pem() say.
[[nodiscard]] Result<KeyringEntry> parse_key_secret(const boost::json::value& secret,
                                                    KeyOrder order);

/// The Secret to create for a new key, to be named by the API server after options.key_prefix.
/// In wiping memory.
[[nodiscard]] boost::json::value make_key_secret(const PrivateKey& key,
                                                 const Certificate& certificate,
                                                 const Options& options);

/// Whether a key is to be added now. `newest` is what the newest key is ordered by; nothing: there
/// is no key. `cutoff`, where given, asks for a key that is newer than it.
struct KeyAge {
  std::optional<WallTime> newest;
  std::optional<WallTime> cutoff;
  std::chrono::nanoseconds renew_period;  ///< 0: never
};
[[nodiscard]] bool key_is_due(const KeyAge& age, WallTime now);

}  // namespace bulla
