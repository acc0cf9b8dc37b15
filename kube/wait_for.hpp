// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "base/error.hpp"
#include "kube/client.hpp"

namespace bulla::kube {

/// Runs the context until the coroutine has its result.
template <class T>
Result<T> wait_for(boost::asio::io_context& context, Awaitable<Result<T>> work) {
  std::optional<Result<T>> outcome;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, std::move(work),
                        [&](std::exception_ptr failure, Result<T> result) {
                          thrown = failure;
                          outcome.emplace(std::move(result));
                        });
  context.restart();
  while (!outcome && context.run_one() > 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  BULLA_ASSERT(outcome.has_value());
  return std::move(*outcome);
}

}  // namespace bulla::kube
