// SPDX-License-Identifier: Apache-2.0
#include "sealer/progress.hpp"

#include <cstdio>
#include <utility>

#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// A line that changes faster can't be read.
constexpr auto line_every = std::chrono::milliseconds(100);
constexpr const char* erase_line = "\r\033[K";

}  // namespace

Progress::Progress(std::string doing, std::size_t total)
    : doing_(std::move(doing)), total_(total), shown_(total > 1 && can_rewrite_line()) {}

Progress::~Progress() {
  if (shown_ && done_ > 0) std::fputs(erase_line, stderr);
}

void Progress::advance() {
  if (!shown_) return;
  const std::lock_guard lock(mutex_);
  ++done_;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_line_) return;
  next_line_ = now + line_every;
  const auto line = doing_ + " " + std::to_string(done_) + " of " + std::to_string(total_);
  std::fputs((erase_line + line).c_str(), stderr);
}

}  // namespace bulla::sealer
