// SPDX-License-Identifier: Apache-2.0
#include "controller/tasks.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/system/error_code.hpp>
#include <memory>

namespace bulla {

namespace net = boost::asio;

void TaskGroup::start(net::awaitable<void> task) {
  ++running_;
  net::co_spawn(executor_, std::move(task), [this](std::exception_ptr failure) {
    if (--running_ == 0) finished_.cancel();
    if (failure) std::rethrow_exception(failure);
  });
}

net::awaitable<void> TaskGroup::wait() {
  while (running_ > 0) {
    boost::system::error_code cancelled;
    co_await finished_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  }
}

net::awaitable<bool> TaskGroup::wait(std::chrono::milliseconds limit) {
  net::steady_timer alarm(executor_, limit);
  const auto late = std::make_shared<bool>(false);  // the handler may outlive this frame
  alarm.async_wait([this, late](boost::system::error_code error) {
    if (error) return;
    *late = true;
    finished_.cancel();
  });
  while (running_ > 0 && !*late) {
    boost::system::error_code cancelled;
    co_await finished_.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  }
  co_return running_ == 0;
}

}  // namespace bulla
