// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "world.hpp"

namespace bulla::test {

/// A thousand writes of something that the controller does not watch. A store that is put back to
/// before them is older than what it has seen, whatever is written meanwhile.
inline void make_store_newer(World& world) {
  for (int i = 0; i < 1000; ++i)
    world.server.put({{"apiVersion", "v1"},
                      {"kind", "Secret"},
                      {"metadata", {{"namespace", "later"}, {"name", "s"}}}});
}

}  // namespace bulla::test
