// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "loopback_listener.hpp"

namespace bulla::test {

/// A proxy on 127.0.0.1: CONNECT, absolute-form requests, or SOCKS 5. Whatever host it is asked
/// for, it connects to that port of 127.0.0.1, so that tests can use names which nothing resolves.
/// Threads: one of its own for each connection.
class TinyProxy {
 public:
  struct Options {
    bool socks = false;
    std::string user = {};             ///< SOCKS: asked for, with its password, if not empty
    std::string password = {};         ///< SOCKS
    std::string answer = {};           ///< HTTP: sent to everybody, instead of doing it
    std::string certificate_pem = {};  ///< makes it an https proxy
    std::string private_key_pem = {};
  };
  explicit TinyProxy(Options options);

  [[nodiscard]] std::string address() const;  ///< "127.0.0.1:PORT"
  /// What was asked of it, in order: an HTTP head, or "SOCKS host:port".
  [[nodiscard]] std::vector<std::string> seen() const;

 private:
  struct Peer;
  void serve(int connection);
  [[nodiscard]] int open_by_http(Peer& client);
  [[nodiscard]] int open_by_socks(Peer& client);
  void pump(Peer& client, int server);
  void note(std::string what);

  Options options_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
  LoopbackListener listener_;  // the last: it ends first
};

}  // namespace bulla::test
