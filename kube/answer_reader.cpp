// SPDX-License-Identifier: Apache-2.0
#include "kube/answer_reader.hpp"

#include <sodium.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/limits.hpp"
#include "kube/net_error.hpp"

namespace bulla::kube {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t input_bytes = 64 * limits::kib;

/// 100 Continue, 103 Early Hints: the answer comes behind them (RFC 9110 section 15.2). Not 101,
/// which nothing of ours asks for.
bool is_interim(unsigned status) {
  constexpr unsigned switching_protocols = 101;
  return status / 100 == 1 && status != switching_protocols;
}

}  // namespace

AnswerReader::AnswerReader(std::shared_ptr<Connection> connection,
                           std::optional<std::uint64_t> body_bytes_max)
    : connection_(std::move(connection)),
      body_bytes_max_(body_bytes_max),
      input_(input_bytes),
      scratch_(input_bytes) {
  expect_answer();
}

void AnswerReader::expect_answer() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits::response_header_bytes_max));
  if (body_bytes_max_) {
    parser_->body_limit(*body_bytes_max_);
  } else {
    parser_->body_limit(boost::none);
  }
}

bool AnswerReader::keep_alive() const { return parser_->keep_alive() && begin_ == end_; }

/// Reads more behind what the parser has not taken yet; at the end of the stream, tells the parser.
Awaitable<Result<void>> AnswerReader::fill() {
  auto room = input_.expose_secret();
  if (begin_ > 0) {
    std::copy(room.begin() + static_cast<std::ptrdiff_t>(begin_),
              room.begin() + static_cast<std::ptrdiff_t>(end_), room.begin());
    sodium_memzero(room.data() + end_ - begin_, begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == room.size()) co_return unavailable("the server's answer is not HTTP");
  auto size = co_await connection_->read_some(room.subspan(end_));
  if (!size) co_return size.error();
  end_ += *size;
  if (*size > 0) co_return Result<void>();
  error_code code;
  if (parser_->got_some()) parser_->put_eof(code);
  if (code || !parser_->is_done()) co_return unavailable("the server closed the connection");
  co_return Result<void>();
}

Result<void> AnswerReader::feed() {
  const auto bytes = input_.expose_secret().subspan(begin_, end_ - begin_);
  error_code code;
  const std::size_t taken = parser_->put(asio::buffer(bytes.data(), bytes.size()), code);
  // Now, not when more comes: a watch may be quiet for long.
  sodium_memzero(bytes.data(), taken);
  begin_ += taken;
  if (!code || code == http::error::need_more || code == http::error::need_buffer) return {};
  if (code == http::error::body_limit) {
    return Error{Errc::rejected, "the server's answer is larger than " +
                                     std::to_string(*body_bytes_max_) + " bytes"};
  }
  if (code == http::error::header_limit) {
    return Error{Errc::rejected, "the header of the server's answer is larger than " +
                                     std::to_string(limits::response_header_bytes_max) + " bytes"};
  }
  return unavailable("the server's answer is not HTTP: " + words_of(code));
}

Awaitable<Result<void>> AnswerReader::read_one_head() {
  bool needs_more = begin_ == end_;
  while (!parser_->is_header_done()) {
    if (needs_more) {
      auto filled = co_await fill();
      if (!filled) co_return filled.error();
    }
    const auto before = begin_;
    auto fed = feed();
    if (!fed) co_return fed.error();
    needs_more = begin_ == before || begin_ == end_;
  }
  co_return Result<void>();
}

Awaitable<Result<AnswerHead>> AnswerReader::read_head() {
  auto read = co_await read_one_head();
  for (std::size_t interim = 1; read && is_interim(parser_->get().result_int()); ++interim) {
    if (interim > limits::interim_answers_max)
      co_return unavailable("the server sends one interim answer after the other");
    expect_answer();
    read = co_await read_one_head();
  }
  if (!read) co_return read.error();
  const auto& message = parser_->get();
  AnswerHead head;
  head.status = message.result_int();
  head.reason = std::string(message.reason());
  head.content_type = std::string(message[http::field::content_type]);
  head.retry_after = std::string(message[http::field::retry_after]);
  head.location = std::string(message[http::field::location]);
  head.warning = std::string(message[http::field::warning]);
  co_return head;
}

Awaitable<Result<bool>> AnswerReader::read_body_some(SecretBuffer& body) {
  const auto room = scratch_.expose_secret();
  while (!parser_->is_done()) {
    auto& sink = parser_->get().body();
    sink.data = room.data();
    sink.size = room.size();
    sink.more = true;
    const auto before = begin_;
    if (begin_ < end_) {
      auto fed = feed();
      if (!fed) co_return fed.error();
    }
    const auto written = room.size() - sink.size;
    if (written > 0) {
      body.append(as_text(room.first(written)));
      sodium_memzero(room.data(), written);
      co_return true;
    }
    if (parser_->is_done() || begin_ != before) continue;
    auto filled = co_await fill();
    if (!filled) co_return filled.error();
  }
  co_return false;
}

}  // namespace bulla::kube
