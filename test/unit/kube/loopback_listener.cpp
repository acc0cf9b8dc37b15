// SPDX-License-Identifier: Apache-2.0
#include "loopback_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "base/error.hpp"

namespace bulla::test {

LoopbackListener::LoopbackListener(Serve serve) : serve_(std::move(serve)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  BULLA_ASSERT(::bind(listener_, generic, size) == 0);
  BULLA_ASSERT(::listen(listener_, 16) == 0);
  BULLA_ASSERT(::getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { run(); });
}

LoopbackListener::~LoopbackListener() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int connection : open_) ::shutdown(connection, SHUT_RDWR);
  }
  acceptor_.join();
  for (auto& worker : workers_) worker.join();
  ::close(listener_);
}

std::size_t LoopbackListener::connections() const {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

void LoopbackListener::run() {
  while (true) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(connection);
      return;
    }
    open_.push_back(connection);
    workers_.emplace_back([this, connection] {
      serve_(connection);
      const std::lock_guard closing(mutex_);
      std::erase(open_, connection);
      ::close(connection);
    });
  }
}

}  // namespace bulla::test
