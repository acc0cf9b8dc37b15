// SPDX-License-Identifier: Apache-2.0
#include "controller/fair_pool.hpp"

#include "base/error.hpp"

namespace bulla {

FairPool::FairPool(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
                   std::size_t threads)
    : pool_(pool), threads_(std::move(executor), threads, threads - 1) {
  BULLA_ASSERT(threads >= 2);
}

}  // namespace bulla
