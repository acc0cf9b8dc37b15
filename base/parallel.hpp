// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace bulla {

/// How many cores a computation may take: a server leaves some for others.
enum class Cores { one, all };

/// Calls `work(0)` to `work(count - 1)`, each once, in any order, on as many threads as there are
/// cores, and returns when all are done. The caller's thread works too, and does all of it where
/// no other can be started, for a `count` of one, and inside another parallel_for.
///
/// `work` must be safe to call from several threads at once; what it writes to its own element of
/// a vector is in order whoever did it. An exception that it throws is thrown here once all
/// threads have stopped, and what has not begun by then is left out.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& work,
                  Cores cores = Cores::all);

}  // namespace bulla
