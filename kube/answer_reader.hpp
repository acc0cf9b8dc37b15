// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/connection.hpp"

// Private to this room, as it brings Beast along.
namespace bulla::kube {

/// The head of an answer.
struct AnswerHead {
  unsigned status = 0;
  std::string reason = {};
  std::string content_type = {};
  std::string retry_after = {};
  std::string location = {};
  std::string warning = {};
};

/// Reads one answer from a connection; bounded, and wiped.
class AnswerReader {
 public:
  /// `body_bytes_max` nothing: no bound (a watch; its lines are bounded).
  AnswerReader(std::shared_ptr<Connection> connection, std::optional<std::uint64_t> body_bytes_max);

  /// That of the answer itself; interim ones (1xx) before it are passed over.
  [[nodiscard]] Awaitable<Result<AnswerHead>> read_head();
  /// Appends what comes next of the body; false at its end.
  [[nodiscard]] Awaitable<Result<bool>> read_body_some(SecretBuffer& body);
  /// After the end of the body: may the connection carry another request?
  [[nodiscard]] bool keep_alive() const;
  /// True if more came than what was asked for so far.
  [[nodiscard]] bool has_leftover() const noexcept { return begin_ != end_; }

 private:
  void expect_answer();
  [[nodiscard]] Awaitable<Result<void>> read_one_head();
  [[nodiscard]] Awaitable<Result<void>> fill();
  [[nodiscard]] Result<void> feed();

  std::shared_ptr<Connection> connection_;
  std::optional<std::uint64_t> body_bytes_max_;
  /// Always there; a new one for each answer, interim ones too.
  std::optional<boost::beast::http::response_parser<boost::beast::http::buffer_body>> parser_;
  SecretBuffer input_;
  SecretBuffer scratch_;  ///< what the parser takes out of the chunks of a body; zeroed after use
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bulla::kube
