// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "crypto/key.hpp"

namespace bulla {

// The hybrid scheme of Sealed Secrets (COMPATIBILITY.md, section 1):
//
//   envelope = len(rsa), 2 bytes big-endian || rsa || aes
//   rsa      = RSAES-OAEP (RFC 8017 section 7.1) of a fresh 32-byte session key, with SHA-256,
//              MGF1-SHA-256 and the scope's label
//   aes      = AES-256-GCM (SP 800-38D) under the session key: ciphertext, then the 16-byte tag.
//              96-bit nonce of zeros: allowed because a session key encrypts once. No AAD.

/// Encrypts `plaintext` so that only the holder of `key` can read it, and only together with the
/// same `label` (any bytes; the scope decides them, see resource/scope.hpp).
/// Returns the envelope: 2 + modulus bytes + plaintext bytes + 16. The session key is wiped.
/// Errors: invalid_input for keys below 1024 bits, or too small for OAEP; internal.
[[nodiscard]] Result<std::vector<std::uint8_t>> encrypt_envelope(
    const PublicKey& key, std::span<const std::uint8_t> plaintext, std::string_view label);

/// Opens an envelope. The plaintext wipes itself.
///
/// Errors: cannot_decrypt, always with the message "no key could decrypt secret", whether the
/// envelope is cut or its length runs past the end, or key, label, session key or tag are wrong: a
/// difference would be an oracle (Manger, CRYPTO 2001). The same work is done in each case: one
/// private-key operation (on a stand-in where the envelope holds no number below the modulus), and
/// one pass of AES-GCM over as many bytes, under a random key where the session key could not be
/// recovered. Only a key below 1024 bits, which is public, is refused without work.
[[nodiscard]] Result<SecretBuffer> decrypt_envelope(const PrivateKey& key,
                                                    std::span<const std::uint8_t> envelope,
                                                    std::string_view label);

/// Whether `envelope` has the form of one for `key`: its length field is that of the modulus, it is
/// long enough, and its first number is below the modulus. All of that is public.
///
/// For those who tell nobody but the owner what came of it: what has not the form never opens, and
/// need not cost a private-key operation. Who answers strangers must not ask (see above).
[[nodiscard]] bool is_envelope_for(const PublicKey& key, std::span<const std::uint8_t> envelope);

/// Private-key operations of decrypt_envelope() since the process started, with whatever key: what
/// a controller's time goes into. Threads: any.
[[nodiscard]] std::uint64_t private_key_operations() noexcept;

/// The error of every envelope that does not open.
[[nodiscard]] Error cannot_decrypt();

}  // namespace bulla
