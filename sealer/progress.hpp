// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace bulla::sealer {

/// How far long work has come, on one line of a terminal that changes and goes at the end:
/// "re-encrypting 37 of 300". Nothing where standard error is no terminal, or for a single piece.
/// Threads: any.
class Progress {
 public:
  /// `doing` is the line's first word; `total` the number of pieces.
  Progress(std::string doing, std::size_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// One more piece is done.
  void advance();

 private:
  std::string doing_;
  std::size_t total_;
  bool shown_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::chrono::steady_clock::time_point next_line_{};
};

}  // namespace bulla::sealer
