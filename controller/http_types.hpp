// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/secret.hpp"

namespace bulla {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What is known of a request before its body is read.
struct HttpHead {
  std::string method = {};  ///< "GET", ...
  std::string path = {};    ///< without the query, as sent
  std::string client = {};  ///< the address at the other end; never what a header says
  /// While the request's body is awaited: ends that, with the answer 503, and is true. False once
  /// the body is read. May be empty; may be called until Admission::held is released.
  std::function<bool()> give_up = {};
};

/// A request as a handler sees it.
struct HttpRequest {
  std::string method = {};
  std::string path = {};
  SecretBuffer body = {};
  std::string client = {};  ///< as in HttpHead
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};  ///< left out of the answer to HEAD
  HttpHeaders headers = {};
};

/// Whether a request is let in.
struct Admission {
  /// The answer instead, if any; the body is not read then.
  std::optional<HttpReply> refusal = std::nullopt;
  std::size_t body_bytes_max = limits::request_body_bytes_max;
  HttpHeaders headers = {};         ///< for the answer, whatever it is
  std::shared_ptr<void> held = {};  ///< released when the answer is written
};

/// What a server does with requests. Neither function may throw.
struct HttpService {
  using Gate = std::function<Admission(const HttpHead&)>;
  using Handler = std::function<boost::asio::awaitable<HttpReply>(HttpRequest)>;

  HttpService(Handler handler) : answer(std::move(handler)) {}  // NOLINT: one that lets all in
  HttpService(Gate gate, Handler handler) : admit(std::move(gate)), answer(std::move(handler)) {}

  Gate admit = [](const HttpHead&) { return Admission{}; };
  Handler answer;
};

}  // namespace bulla
