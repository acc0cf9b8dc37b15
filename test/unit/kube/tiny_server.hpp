// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "loopback_listener.hpp"

namespace bulla::test {

/// What the server saw of one request: the head as sent, and the body.
struct Seen {
  std::string head;
  std::string body;
};

/// A server on 127.0.0.1 that answers each request with the bytes that a function gives it: for
/// answers that a well-behaved server would not send. An answer that is empty closes the
/// connection; one that has "Connection: close" in it is the connection's last.
/// Threads: the function runs on one of each connection's own.
class TinyServer {
 public:
  using Answer = std::function<std::string(const Seen& request, std::size_t number)>;
  explicit TinyServer(Answer answer);

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<Seen> seen() const;
  [[nodiscard]] std::size_t connections() const { return listener_.connections(); }

 private:
  void serve(int connection);

  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  LoopbackListener listener_;  // the last: it ends first
};

/// An answer with its length.
[[nodiscard]] std::string http_answer(unsigned status, const std::string& body,
                                      const std::string& headers = "");

}  // namespace bulla::test
