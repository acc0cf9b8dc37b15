// SPDX-License-Identifier: Apache-2.0
#include "tiny_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.hpp"

namespace bulla::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int connect_to(std::uint16_t port) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return server;
  }
  ::close(server);
  return -1;
}

/// The port in "METHOD http://host:port/path" or "CONNECT host:port".
std::uint16_t port_in(const std::string& head) {
  const auto space = head.find(' ');
  const auto scheme = head.find("://", space);
  const auto from = scheme == head.npos ? space : scheme + 3;
  return static_cast<std::uint16_t>(std::stoul(head.substr(head.find(':', from) + 1)));
}

std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> make_tls(const TinyProxy::Options& options) {
  if (options.certificate_pem.empty()) return {nullptr, SSL_CTX_free};
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(SSL_CTX_new(TLS_server_method()),
                                                        SSL_CTX_free);
  const auto bio = [](const std::string& pem) {
    return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  };
  BIO* certificate = bio(options.certificate_pem);
  BIO* key = bio(options.private_key_pem);
  X509* x509 = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
  BULLA_ASSERT(SSL_CTX_use_certificate(tls.get(), x509) == 1);
  BULLA_ASSERT(SSL_CTX_use_PrivateKey(tls.get(), pkey) == 1);
  X509_free(x509);
  EVP_PKEY_free(pkey);
  BIO_free(certificate);
  BIO_free(key);
  return tls;
}

}  // namespace

/// The client's side, in the clear or not.
struct TinyProxy::Peer {
  int socket = -1;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls{nullptr, SSL_free};

  /// 0: nothing yet; negative: the end.
  int read(std::span<char> room) const {
    const int size = static_cast<int>(room.size());
    if (!tls) {
      const auto got = ::recv(socket, room.data(), room.size(), 0);
      return got > 0 ? static_cast<int>(got) : -1;
    }
    const int got = SSL_read(tls.get(), room.data(), size);
    if (got > 0) return got;
    // A record that holds no data, such as a session ticket.
    return SSL_get_error(tls.get(), got) == SSL_ERROR_WANT_READ ? 0 : -1;
  }
  void write(std::span<const char> bytes) const {
    if (tls) {
      SSL_write(tls.get(), bytes.data(), static_cast<int>(bytes.size()));
    } else {
      ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }
  [[nodiscard]] bool has_pending() const { return tls && SSL_pending(tls.get()) > 0; }
  /// Exactly that many bytes, or fewer at the end.
  [[nodiscard]] std::string take(std::size_t size) const {
    std::string out;
    char c = 0;
    while (out.size() < size) {
      const int got = read({&c, 1});
      if (got < 0) break;
      if (got > 0) out += c;
    }
    return out;
  }
};

TinyProxy::TinyProxy(Options options)
    : options_(std::move(options)),
      tls_(make_tls(options_)),
      listener_([this](int connection) { serve(connection); }) {}

std::string TinyProxy::address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }

std::vector<std::string> TinyProxy::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void TinyProxy::note(std::string what) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(what));
}

void TinyProxy::serve(int connection) {
  Peer client;
  client.socket = connection;
  if (tls_) {
    client.tls.reset(SSL_new(tls_.get()));
    SSL_clear_mode(client.tls.get(), SSL_MODE_AUTO_RETRY);
    SSL_set_fd(client.tls.get(), connection);
  }
  const bool ready = !tls_ || SSL_accept(client.tls.get()) == 1;
  const int server = !ready ? -1 : options_.socks ? open_by_socks(client) : open_by_http(client);
  if (server < 0) return;
  pump(client, server);
  ::close(server);
}

int TinyProxy::open_by_http(Peer& client) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const auto byte = client.take(1);
    if (byte.empty()) return -1;
    head += byte;
  }
  note(head);
  if (!options_.answer.empty()) {
    client.write(options_.answer);
    return -1;
  }
  const int server = connect_to(port_in(head));
  if (server < 0) return -1;
  if (head.starts_with("CONNECT ")) {
    client.write(std::string_view("HTTP/1.1 200 Connection established\r\n\r\n"));
  } else {
    ::send(server, head.data(), head.size(), MSG_NOSIGNAL);
  }
  return server;
}

int TinyProxy::open_by_socks(Peer& client) {
  const auto greeting = client.take(2);
  if (greeting.size() < 2) return -1;
  const auto methods = client.take(static_cast<std::size_t>(greeting[1]));
  const char method = options_.user.empty() ? '\0' : '\2';
  const bool offered = methods.find(method) != methods.npos;
  client.write(std::array<char, 2>{5, offered ? method : '\xff'});
  if (!offered) return -1;
  if (!options_.user.empty()) {
    const auto user = client.take(static_cast<std::size_t>(client.take(2)[1]));
    const auto password = client.take(static_cast<std::size_t>(client.take(1)[0]));
    const bool right = user == options_.user && password == options_.password;
    client.write(std::array<char, 2>{1, right ? '\0' : '\1'});
    if (!right) return -1;
  }
  const auto request = client.take(4);
  if (request.size() < 4) return -1;
  const std::size_t size = request[3] == 1   ? 4
                           : request[3] == 4 ? 16
                                             : static_cast<std::size_t>(client.take(1)[0]);
  const auto host = client.take(size);
  const auto port = client.take(2);
  const auto number = static_cast<std::uint16_t>(static_cast<unsigned char>(port[0]) << 8 |
                                                 static_cast<unsigned char>(port[1]));
  note("SOCKS " + (request[3] == 3 ? host : "address") + ":" + std::to_string(number));
  const int server = connect_to(number);
  // Bound address: a name, so that clients have to look at its kind.
  client.write(std::array<char, 8>{5, server < 0 ? '\5' : '\0', 0, 3, 1, 'x', 0, 0});
  return server;
}

void TinyProxy::pump(Peer& client, int server) {
  std::array<char, 16 * 1024> chunk;
  std::array<pollfd, 2> ready = {pollfd{client.socket, POLLIN, 0}, pollfd{server, POLLIN, 0}};
  while (true) {
    if (!client.has_pending() && ::poll(ready.data(), ready.size(), -1) < 0) return;
    if (client.has_pending() || ready[0].revents != 0) {
      const int size = client.read(chunk);
      if (size < 0) return;
      ::send(server, chunk.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    }
    if (ready[1].revents != 0) {
      const auto size = ::recv(server, chunk.data(), chunk.size(), 0);
      if (size <= 0) return;
      client.write(std::span(chunk).first(static_cast<std::size_t>(size)));
    }
    ready[0].revents = ready[1].revents = 0;
  }
}

}  // namespace bulla::test
