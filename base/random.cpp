// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <sodium.h>

#include "base/error.hpp"

namespace bulla {

namespace {
class SystemRandom final : public Random {
 public:
  SystemRandom() { BULLA_ASSERT(sodium_init() >= 0); }
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) override {
    return bound == 0 ? 0 : randombytes_uniform(bound);
  }
};
}  // namespace

Random& system_random() noexcept {
  static SystemRandom random;
  return random;
}

}  // namespace bulla
