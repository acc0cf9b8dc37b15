// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api_server.hpp"

namespace bulla::test {

/// One answer. `code` is 0 when the connection ended before there was any.
struct Reply {
  int code = 0;
  Json body;  ///< null when it is no JSON
  std::string text;
  std::map<std::string, std::string> headers;

  /// The string at a dotted path of the body.
  [[nodiscard]] std::string at(std::string_view dotted_path) const {
    return text_at(body, dotted_path);
  }
};

/// One call, on a connection of its own.
struct Call {
  std::string method = "GET";
  std::string target = "/";
  Json body = nullptr;
  std::string content_type = "application/json";
  std::string accept = "application/json";
  std::string token = "test-token";
};
[[nodiscard]] Reply call(const ApiServer& server, const Call& what);

/// A running watch, read line by line. Blocks until there is something to read.
class WatchReader {
 public:
  WatchReader(const ApiServer& server, const std::string& target,
              const std::string& accept = "application/json");
  ~WatchReader();

  [[nodiscard]] int code() const;
  /// The next complete line, without its line feed; nothing when the stream has ended.
  [[nodiscard]] std::optional<std::string> next_line();
  /// The next event; null when the stream has ended or the line is no JSON.
  [[nodiscard]] Json next();
  /// What came after the last complete line.
  [[nodiscard]] std::string rest() const;
  /// True when the stream has come to its regular end.
  [[nodiscard]] bool ended_cleanly() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulla::test
