// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bulla::test {

/// What the server saw of one request: the head as sent, and the body.
struct Seen {
  std::string head;
  std::string body;
};

/// A server on 127.0.0.1 that answers each request with the bytes that a function gives it: for
/// answers that a well-behaved server would not send. An answer that is empty closes the
/// connection; one that has "Connection: close" in it is the connection's last.
/// Threads: one of its own, in which the function runs; the constructor starts it, the destructor
/// ends it.
class TinyServer {
 public:
  using Answer = std::function<std::string(const Seen& request, std::size_t number)>;
  explicit TinyServer(Answer answer);
  ~TinyServer();
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<Seen> seen() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  void run();
  void serve(int connection);

  Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::vector<int> open_;
  std::size_t connections_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

/// An answer with its length.
[[nodiscard]] std::string http_answer(unsigned status, const std::string& body,
                                      const std::string& headers = "");

}  // namespace bulla::test
