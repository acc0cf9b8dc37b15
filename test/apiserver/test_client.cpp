// SPDX-License-Identifier: Apache-2.0
#include "test_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace bulla::test {

namespace net = boost::asio;
namespace http = boost::beast::http;

namespace {

struct Connection {
  explicit Connection(const ApiServer& server) {
    tls.set_verify_mode(net::ssl::verify_peer);
    tls.add_certificate_authority(net::buffer(server.ca_certificate_pem()));
    stream.set_verify_callback(net::ssl::host_name_verification("127.0.0.1"));
    const net::ip::tcp::endpoint address(net::ip::address_v4::loopback(), server.port());
    stream.next_layer().connect(address);
    stream.handshake(net::ssl::stream_base::client);
  }

  net::io_context io;
  net::ssl::context tls{net::ssl::context::tls_client};
  net::ssl::stream<net::ip::tcp::socket> stream{io, tls};
  boost::beast::flat_buffer buffer;
};

http::request<http::string_body> request_of(const Call& what) {
  http::request<http::string_body> request(http::string_to_verb(what.method), what.target, 11);
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::authorization, "Bearer " + what.token);
  request.set(http::field::accept, what.accept);
  if (!what.body.is_null()) {
    request.set(http::field::content_type, what.content_type);
    request.body() = boost::json::serialize(what.body);
  }
  request.prepare_payload();
  return request;
}

Json json_or_null(std::string_view text) {
  boost::system::error_code bad;
  Json value = boost::json::parse(text, bad);
  return bad ? Json() : value;
}

}  // namespace

Reply call(const ApiServer& server, const Call& what) {
  Reply reply;
  try {
    Connection connection(server);
    http::write(connection.stream, request_of(what));
    http::response_parser<http::string_body> parser;
    parser.body_limit(64 * 1024 * 1024);
    http::read(connection.stream, connection.buffer, parser);
    const auto response = parser.release();
    reply.code = static_cast<int>(response.result_int());
    reply.text = response.body();
    reply.body = json_or_null(reply.text);
    for (const auto& field : response) {
      reply.headers[std::string(field.name_string())] = std::string(field.value());
    }
  } catch (const boost::system::system_error&) {
    // Cut off: code stays 0.
  }
  return reply;
}

struct WatchReader::Impl {
  Impl(const ApiServer& server, const Call& what) : connection(server) {
    http::write(connection.stream, request_of(what));
    parser.body_limit(boost::none);
    http::read_header(connection.stream, connection.buffer, parser);
  }

  Connection connection;
  http::response_parser<http::string_body> parser;
  std::size_t read = 0;
  bool failed = false;
};

WatchReader::WatchReader(const ApiServer& server, const std::string& target,
                         const std::string& accept)
    : impl_(std::make_unique<Impl>(server, Call{.target = target, .accept = accept})) {}
WatchReader::~WatchReader() = default;

int WatchReader::code() const { return static_cast<int>(impl_->parser.get().result_int()); }

std::optional<std::string> WatchReader::next_line() {
  while (true) {
    const auto& body = impl_->parser.get().body();
    if (const auto end = body.find('\n', impl_->read); end != std::string::npos) {
      auto line = body.substr(impl_->read, end - impl_->read);
      impl_->read = end + 1;
      return line;
    }
    if (impl_->failed || impl_->parser.is_done()) return std::nullopt;
    boost::system::error_code bad;
    http::read_some(impl_->connection.stream, impl_->connection.buffer, impl_->parser, bad);
    impl_->failed = bad.failed();
  }
}

Json WatchReader::next() {
  const auto line = next_line();
  return line ? json_or_null(*line) : Json();
}

std::string WatchReader::rest() const { return impl_->parser.get().body().substr(impl_->read); }

bool WatchReader::ended_cleanly() const { return impl_->parser.is_done(); }

}  // namespace bulla::test
