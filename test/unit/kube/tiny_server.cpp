// SPDX-License-Identifier: Apache-2.0
#include "tiny_server.hpp"

#include <sys/socket.h>

#include <utility>

namespace bulla::test {

TinyServer::TinyServer(Answer answer)
    : answer_(std::move(answer)), listener_([this](int connection) { serve(connection); }) {}

std::string TinyServer::url() const {
  return "http://127.0.0.1:" + std::to_string(listener_.port());
}

std::vector<Seen> TinyServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

namespace {

/// One request from the connection; an empty head at its end.
Seen read_request(int connection, std::string& pending) {
  char chunk[4096];
  while (true) {
    if (const auto end = pending.find("\r\n\r\n"); end != pending.npos) {
      Seen request{pending.substr(0, end + 4), ""};
      const auto at = request.head.find("Content-Length: ");
      const auto size = at == request.head.npos ? 0 : std::stoul(request.head.substr(at + 16));
      if (pending.size() >= end + 4 + size) {
        request.body = pending.substr(end + 4, size);
        pending.erase(0, end + 4 + size);
        return request;
      }
    }
    const auto size = ::recv(connection, chunk, sizeof chunk, 0);
    if (size <= 0) return {};
    pending.append(chunk, static_cast<std::size_t>(size));
  }
}

}  // namespace

void TinyServer::serve(int connection) {
  std::string pending;
  while (true) {
    auto request = read_request(connection, pending);
    if (request.head.empty()) break;
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = seen_.size();
      seen_.push_back(request);
    }
    const auto answer = answer_(request, number);
    ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (answer.empty() || answer.find("Connection: close") != answer.npos) break;
  }
}

std::string http_answer(unsigned status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Some Reason\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

}  // namespace bulla::test
