// SPDX-License-Identifier: Apache-2.0
//
// Clients that want to hold the server: that take no answers, send no ends, come with many
// connections, or send what two servers in a row could read in two ways.
#include <doctest/doctest.h>

#include <poll.h>

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <future>
#include <vector>

#include "base/limits.hpp"
#include "controller/http_connection.hpp"
#include "controller/http_server.hpp"
#include "serving.hpp"

namespace bulla::test {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// No time runs out but those that a test shortens.
HttpServerOptions patient() {
  HttpServerOptions options;
  options.read_timeout = options.write_timeout = hours(1);
  options.times = {hours(1), hours(1), hours(1), hours(1), hours(1)};
  return options;
}

HttpService::Handler certificate_sized() {
  return [](HttpRequest request) -> net::awaitable<HttpReply> {
    HttpReply reply;
    if (request.path != "/healthz") reply.body = std::string(2000, 'c');
    co_return reply;
  };
}

std::string request(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string status_line(tcp::socket& socket, const std::string& text) {
  boost::system::error_code failed;
  net::write(socket, net::buffer(text), failed);
  std::string answer;
  net::read_until(socket, net::dynamic_buffer(answer), "\r\n", failed);
  return answer.substr(0, answer.find("\r\n"));
}

std::string until_end(tcp::socket& socket) {
  boost::system::error_code end;
  std::string answer;
  net::read(socket, net::dynamic_buffer(answer), end);
  return answer;
}

/// `count` requests at once; what the server does not take in time is left out.
void pipeline(tcp::socket& socket, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += request("/v1/cert.pem");
  socket.non_blocking(true);
  boost::system::error_code full;
  net::write(socket, net::buffer(text), full);
}

/// Whether the server has ended it. Nothing is read.
bool ended(tcp::socket& socket, std::chrono::milliseconds wait_max = milliseconds(0)) {
  pollfd one{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&one, 1, static_cast<int>(wait_max.count())) == 1;
}

bool ends(tcp::socket& socket) { return ended(socket, std::chrono::seconds(5)); }

std::string address(int number) { return "127.0.1." + std::to_string(number); }

}  // namespace

TEST_CASE("who asks for a probe is answered, however many others take no answers") {
  for (const int addresses : {1, 2, 8, 200}) {
    CAPTURE(addresses);
    // Also none of the times runs out.
    Serving serving(certificate_sized(), patient());
    std::vector<tcp::socket> held;
    for (int i = 0; i < 512; ++i) {
      held.push_back(serving.connect(address(1 + i % addresses).c_str()));
      pipeline(held.back(), 200);
      if (i % 64 != 0) continue;
      auto probe = serving.connect("127.0.0.3");
      CHECK(status_line(probe, request("/healthz")) == "HTTP/1.1 200 OK");
    }
    auto probe = serving.connect("127.0.0.3");
    CHECK(status_line(probe, request("/healthz")) == "HTTP/1.1 200 OK");
  }
}

TEST_CASE("who asks for a probe is answered, however many others send nothing, or half") {
  for (const char* begun :
       {"", "GET /v1/ce", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"}) {
    CAPTURE(std::string(begun));
    Serving serving(certificate_sized(), patient());
    std::vector<tcp::socket> held;
    for (int i = 0; i < 512; ++i) {
      held.push_back(serving.connect(address(1 + i % 8).c_str()));
      boost::system::error_code closed;
      net::write(held.back(), net::buffer(std::string(begun)), closed);
    }
    auto probe = serving.connect("127.0.0.3");
    CHECK(status_line(probe, request("/healthz")) == "HTTP/1.1 200 OK");
  }
}

TEST_CASE("the client with most connections makes room, and not one with few") {
  auto options = patient();
  options.connections_max = 4;
  Serving serving(certificate_sized(), options);
  auto modest = serving.connect("127.0.0.2");
  CHECK(status_line(modest, request("/healthz")) == "HTTP/1.1 200 OK");
  std::vector<tcp::socket> greedy;
  for (int i = 0; i < 9; ++i) {
    greedy.push_back(serving.connect("127.0.0.3"));
    CHECK(status_line(greedy.back(), request("/healthz")) == "HTTP/1.1 200 OK");
  }
  // It has waited longest of all.
  auto fresh = serving.connect("127.0.0.2");
  CHECK(status_line(fresh, request("/healthz")) == "HTTP/1.1 200 OK");
  CHECK_FALSE(ended(modest));
  CHECK(ended(greedy.front()));
}

TEST_CASE("who takes no answers is asked for no more requests") {
  std::atomic<int> answered = 0;
  auto options = patient();
  options.times.progress_max = milliseconds(50);
  const HttpService::Handler counting = [&answered](HttpRequest) -> net::awaitable<HttpReply> {
    ++answered;
    co_return HttpReply{200, {}, std::string(2000, 'c'), {}};
  };
  Serving serving(counting, options);
  auto socket = serving.connect();
  pipeline(socket, 10'000);
  CHECK(ends(socket));
  CHECK(answered < 20);
}

TEST_CASE("times end what does not go on") {
  struct Case {
    const char* name;
    const char* sent;
    std::chrono::nanoseconds HttpTimes::*shortened;
  };
  const char* half_head = "GET / HTT";
  const char* half_body = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx";
  const char* whole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const auto& c : {Case{"a head that stops", half_head, &HttpTimes::progress_max},
                        Case{"a head in all", half_head, &HttpTimes::head_max},
                        Case{"a body that stops", half_body, &HttpTimes::progress_max},
                        Case{"a body in all", half_body, &HttpTimes::body_max},
                        Case{"an answer that is not taken", whole, &HttpTimes::progress_max},
                        Case{"an answer in all", whole, &HttpTimes::write_max}}) {
    CAPTURE(std::string(c.name));
    auto options = patient();
    options.times.*c.shortened = milliseconds(20);
    const HttpService::Handler large = [](HttpRequest) -> net::awaitable<HttpReply> {
      co_return HttpReply{200, {}, std::string(8 * limits::mib, 'a'), {}};
    };
    Serving serving(large, options);
    auto socket = serving.connect();
    net::write(socket, net::buffer(std::string(c.sent)));
    CHECK(ends(socket));
  }
}

TEST_CASE("requests that could be read in two ways are refused") {
  struct Case {
    const char* name;
    const char* head;
    const char* answer;
  };
  const auto bad = "HTTP/1.1 400 ";
  const auto unknown = "HTTP/1.1 501 ";
  const auto good = "HTTP/1.1 200 ";
  const auto chunked = "2\r\nhi\r\n0\r\n\r\n";
  for (const auto& c : {
           Case{"chunked", "Host: x\r\nTransfer-Encoding: chunked\r\n", good},
           Case{"in capitals", "Host: x\r\nTransfer-Encoding: CHUNKED \r\n", good},
           Case{"not last", "Host: x\r\nTransfer-Encoding: chunked, identity\r\n", bad},
           Case{"alike", "Host: x\r\nTransfer-Encoding: xchunked\r\n", bad},
           Case{"alike, with a length",
                "Host: x\r\nTransfer-Encoding: xchunked\r\nContent-Length: 12\r\n", bad},
           Case{"quoted", "Host: x\r\nTransfer-Encoding: \"chunked\"\r\n", bad},
           Case{"with a parameter", "Host: x\r\nTransfer-Encoding: chunked;q=1\r\n", bad},
           Case{"empty", "Host: x\r\nTransfer-Encoding:\r\n", bad},
           Case{"twice", "Host: x\r\nTransfer-Encoding: chunked, chunked\r\n", bad},
           Case{"in two fields",
                "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", bad},
           Case{"in two fields, one unknown",
                "Host: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", bad},
           Case{"compressed", "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n", unknown},
           Case{"compressed only", "Host: x\r\nTransfer-Encoding: gzip\r\n", bad},
           Case{"identity", "Host: x\r\nTransfer-Encoding: identity\r\n", bad},
           Case{"and a length", "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 12\r\n",
                bad},
           Case{"and a length before",
                "Host: x\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n", bad},
           Case{"two lengths", "Host: x\r\nContent-Length: 12\r\nContent-Length: 11\r\n", bad},
           Case{"the same twice", "Host: x\r\nContent-Length: 12\r\nContent-Length: 12\r\n", bad},
           Case{"a list of lengths", "Host: x\r\nContent-Length: 12, 12\r\n", bad},
           Case{"a sign", "Host: x\r\nContent-Length: +12\r\n", bad},
           Case{"negative", "Host: x\r\nContent-Length: -12\r\n", bad},
           Case{"hexadecimal", "Host: x\r\nContent-Length: 0xc\r\n", bad},
           Case{"no number", "Host: x\r\nContent-Length:\r\n", bad},
           Case{"too long for a number", "Host: x\r\nContent-Length: 99999999999999999999999\r\n",
                bad},
           Case{"a folded line", "Host: x\r\nX: a\r\n b\r\nContent-Length: 12\r\n", bad},
           Case{"a folded coding", "Host: x\r\nTransfer-Encoding:\r\n\tchunked\r\n", bad},
           Case{"folded at once", " X: a\r\nHost: x\r\nContent-Length: 12\r\n", bad},
           Case{"a space before the colon", "Host: x\r\nContent-Length : 12\r\n", bad},
           Case{"a tab before the colon", "Host: x\r\nTransfer-Encoding\t: chunked\r\n", bad},
           Case{"a line feed alone", "Host: x\nContent-Length: 12\r\n", bad},
           Case{"a carriage return alone", "Host: x\rX: y\r\nContent-Length: 12\r\n", bad},
           Case{"no name", "Host: x\r\n: y\r\nContent-Length: 12\r\n", bad},
           Case{"no colon", "Host: x\r\nnonsense\r\nContent-Length: 12\r\n", bad},
           Case{"no host", "Content-Length: 12\r\n", bad},
           Case{"two hosts", "Host: x\r\nHost: y\r\nContent-Length: 12\r\n", bad},
           Case{"two hosts in one field", "Host: x, y\r\nContent-Length: 12\r\n", bad},
           Case{"a host with a path", "Host: x/y\r\nContent-Length: 12\r\n", bad},
           Case{"a host with a user", "Host: u@x\r\nContent-Length: 12\r\n", bad},
           Case{"an address as host", "Host: [::1]:8080\r\nTransfer-Encoding: chunked\r\n", good},
           Case{"an empty host", "Host:\r\nTransfer-Encoding: chunked\r\n", good},
       }) {
    CAPTURE(std::string(c.name));
    std::atomic<int> answered = 0;
    const HttpService::Handler counting = [&answered](HttpRequest) -> net::awaitable<HttpReply> {
      ++answered;
      co_return HttpReply{};
    };
    Serving serving(counting);
    auto socket = serving.connect();
    const auto line = status_line(
        socket, "POST / HTTP/1.1\r\n" + std::string(c.head) + "\r\n" + std::string(chunked));
    CHECK(line.starts_with(c.answer));
    CHECK(answered == (c.answer == good ? 1 : 0));
    if (c.answer != good) CHECK(ends(socket));
  }
}

TEST_CASE("start lines and versions") {
  struct Case {
    const char* sent;
    const char* answer;
  };
  for (const auto& c :
       {Case{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "},
        Case{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP/1.1 "},
        Case{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 "},
        Case{"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
        Case{"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
        Case{"GET / http/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
        Case{"GET /\r\n\r\n", "HTTP/1.1 400 "},
        Case{"\x16\x03\x01\x02\r\n\r\n", "HTTP/1.1 400 "}}) {
    CAPTURE(std::string(c.sent));
    Serving serving(certificate_sized());
    auto socket = serving.connect();
    CHECK(status_line(socket, c.sent).starts_with(c.answer));
  }
}

TEST_CASE("chunks are read as RFC 9112 has them, and trailers are bounded and dropped") {
  const std::string huge(limits::mib, 't');
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "T" + std::to_string(i) + ": x\r\n";
  struct Case {
    const char* name;
    std::string body;
    const char* answer;
  };
  for (const auto& c :
       {Case{"an extension", "2;a=b\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 200 "},
        Case{"a trailer", "2\r\nhi\r\n0\r\nConnection: close\r\nX: y\r\n\r\n", "HTTP/1.1 200 "},
        Case{"one large trailer", "2\r\nhi\r\n0\r\nX: " + huge + "\r\n\r\n", "HTTP/1.1 431 "},
        Case{"many trailers", "2\r\nhi\r\n0\r\n" + many + "\r\n", "HTTP/1.1 431 "},
        Case{"one large extension", "2;a=" + huge + "\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 431 "},
        Case{"a length that is none", "x\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a negative length", "-2\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a length beyond all numbers", "fffffffffffffffff\r\nhi\r\n0\r\n\r\n",
             "HTTP/1.1 400 "},
        Case{"a length beyond the bound", "ffffffff\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 413 "},
        Case{"a folded trailer", "2\r\nhi\r\n0\r\nX: y\r\n z\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a line feed in an extension", "2;a=\nb\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a line feed in a quoted extension", "2;a=\"\n\"\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a carriage return in an extension", "2;a=\"\r\"\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a line feed in the last extension", "2\r\nhi\r\n0;a=\"\n\"\r\n\r\n", "HTTP/1.1 400 "},
        Case{"a trailer after a line feed", "2\r\nhi\r\n0\r\nX: y\nZ: z\r\n\r\n", "HTTP/1.1 400 "},
        Case{"line feeds in the data", "4\r\n\n \n\r\r\n0\r\n\r\n", "HTTP/1.1 200 "},
        Case{"more than its length", "1\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 400 "}}) {
    CAPTURE(std::string(c.name));
    Serving serving(certificate_sized());
    auto socket = serving.connect();
    const auto line = status_line(
        socket, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + c.body);
    CHECK(line.starts_with(c.answer));
  }
}

TEST_CASE("a body that is awaited can be given up for another, and one that is read cannot") {
  std::promise<void> first_is_admitted;
  std::function<bool()> give_up_first;
  const HttpService::Gate gate = [&](const HttpHead& head) {
    Admission admission;
    if (head.path == "/first") {
      give_up_first = head.give_up;
      first_is_admitted.set_value();
    } else {
      admission.headers = {{"Gave-Up", give_up_first() ? "yes" : "no"}};
    }
    return admission;
  };
  const HttpService::Handler asks_for_room = [&](HttpRequest) -> net::awaitable<HttpReply> {
    HttpReply reply;
    reply.body = give_up_first() ? "given up\n" : "read\n";
    co_return reply;
  };
  const auto post = [](const std::string& path, const std::string& rest) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + rest;
  };

  for (const auto* half : {"Content-Length: 9\r\n\r\n", "Content-Length: 9\r\n\r\nhalf",
                           "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
    CAPTURE(std::string(half));
    first_is_admitted = {};
    Serving serving({gate, asks_for_room}, patient());
    auto first = serving.connect();
    net::write(first, net::buffer(post("/first", half)));
    first_is_admitted.get_future().wait();
    const auto second = serving.exchange(post("/second", "Content-Length: 2\r\n\r\nhi"));
    CHECK(second.find("Gave-Up: yes") != std::string::npos);
    const auto answer = until_end(first);
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK(answer.find("Retry-After: 1\r\n") != std::string::npos);
  }

  first_is_admitted = {};
  Serving serving({gate, asks_for_room}, patient());
  CHECK(
      serving.exchange(post("/first", "Content-Length: 2\r\n\r\nhi")).ends_with("\r\n\r\nread\n"));
}

TEST_CASE("clients are told apart by address, and in IPv6 by network") {
  const auto client = [](const char* text) { return client_of(net::ip::make_address(text)); };
  CHECK(client("10.0.0.1") == "10.0.0.1");
  CHECK(client("::ffff:10.0.0.1") == "10.0.0.1");
  CHECK(client("2001:db8:1:2::1") == client("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(client("2001:db8:1:2::1") != client("2001:db8:1:3::1"));
}

}  // namespace bulla::test
