// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
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

inline constexpr std::string_view retired_keys_selector =
    "sealedsecrets.bitnami.com/sealed-secrets-key,"
    "sealedsecrets.bitnami.com/sealed-secrets-key!=active,"
    "sealedsecrets.bitnami.com/sealed-secrets-key!=lost";

/// See LostKeys.
inline constexpr std::string_view lost_keys_selector =
    "sealedsecrets.bitnami.com/sealed-secrets-key=lost";

/// The key pair in a Secret of type kubernetes.io/tls, as the API server gives it: `tls.key`, of
/// which the first private key counts, and `tls.crt`, of which the first certificate does.
/// Errors: invalid_input, with what is wrong (never with a value): no tls.key, a certificate of
/// another key, what PrivateKey::from_pem() and Certificate::from_pem() say.
[[nodiscard]] Result<KeyringEntry> parse_key_secret(const boost::json::value& secret,
                                                    KeyOrder order);

/// The Secret to create for a new key. Without a name the API server makes one up after
/// options.key_prefix. In wiping memory.
[[nodiscard]] boost::json::value make_key_secret(const PrivateKey& key,
                                                 const Certificate& certificate,
                                                 const Options& options,
                                                 const std::string& name = {});

/// Whether the first private key in `tls.key` of a Secret is that one, whatever else is wrong with
/// the Secret. False for null.
[[nodiscard]] bool holds_key(const boost::json::value& secret, const Fingerprint& fingerprint);

/// The Secret to create for a key that is lost, which must have a certificate. In wiping memory.
[[nodiscard]] boost::json::value make_lost_key_secret(const KeyringEntry& lost,
                                                      const Options& options,
                                                      const std::string& name);

/// Its name: that of the Secret that held the key (cut, if it is long), "-lost-", and five
/// characters that follow from the key. A name that ends so stays as it is.
[[nodiscard]] std::string lost_key_secret_name(std::string_view secret,
                                               const Fingerprint& fingerprint);

/// Replicas that add a key at the same moment agree on its name unless a step of this lies between
/// them; a key that is lost and made anew in a later step gets another name.
inline constexpr auto key_name_period = std::chrono::minutes(10);

/// What the name of a new key Secret is made from.
struct KeyNameSeed {
  std::string_view prefix;
  /// Something that is another one in every cluster: the uid of the own namespace. Otherwise a
  /// backup of one cluster, applied to another one, could overwrite a key there.
  std::string_view cluster;
  const Keyring& ring;   ///< the keys before the new one
  WallTime time = {};    ///< the new key's; counts in steps of key_name_period
  unsigned attempt = 0;  ///< how many names before this one were taken by something else
};
/// The name of the key Secret that follows a ring: the prefix and five characters, as the API
/// server makes them up, but the same for all who see the same ring. Two replicas that add a key at
/// the same moment ask for the same name, and the API server gives it to one of them.
/// The time is in it because the same ring comes again when the newest key is lost: a new key must
/// not take the name of one that is to be put back from a backup.
[[nodiscard]] std::string key_secret_name(const KeyNameSeed& seed);
/// The prefix and five characters of chance, for who alone adds keys: never again the name of a key
/// that was lost.
[[nodiscard]] std::string random_key_secret_name(std::string_view prefix);

/// The key to seal with at `now`: the newest one, but for those that come from the future by more
/// than a few minutes (made while a clock was wrong, or brought along for later). Those wait for
/// their time, unless there are no others. Null when the ring is empty.
[[nodiscard]] Keyring::Entry newest_key(const Keyring& ring, WallTime now);

/// Whether a key is to be added now. `newest` is what the newest key is ordered by; nothing: there
/// is no key. `cutoff`, where given, asks for a key that is newer than it.
struct KeyAge {
  std::optional<WallTime> newest;
  std::optional<WallTime> cutoff;
  std::chrono::nanoseconds renew_period;  ///< 0: never
};
[[nodiscard]] bool key_is_due(const KeyAge& age, WallTime now);

}  // namespace bulla
