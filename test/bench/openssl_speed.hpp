// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace bulla::bench {

/// Private operations a second of RSA-4096 by `openssl speed`, on so many processes together, with
/// the library of the system; 0 when there is no such program. Takes a good second.
[[nodiscard]] double openssl_rate(unsigned threads);

}  // namespace bulla::bench
