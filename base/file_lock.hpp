// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace bulla {

/// What waiting for a file may take, and who is told of it.
struct LockPatience {
  /// A --re-encrypt of many objects holds its file for minutes: the controller may ask to wait for
  /// five of them at a time.
  std::chrono::milliseconds time_max = std::chrono::minutes(10);
  /// Merging one Secret holds a file for milliseconds: a person is told of what takes longer.
  std::chrono::milliseconds moment = std::chrono::seconds(5);
  /// Called once, after that moment.
  std::function<void()> waiting = {};
  /// Between two tries, which cost microseconds.
  std::chrono::milliseconds retry = std::chrono::milliseconds(10);
};

/// While it lives, no other program that takes such a lock changes the file: to be held from
/// before the file is read until it was replaced, or written over.
///
/// It is the file itself that is locked: no second file lies beside it, other files of the folder
/// stay free, and all names of one file (symbolic and hard links) are one lock. Where the file is
/// replaced by another one while somebody waits, the waiting goes on for the new one. It is a
/// record lock of the open file (fcntl(2), F_OFD_SETLK), which does not meet those of flock(1):
/// scripts that wrap kubeseal in that go on working. A file that cannot be opened for writing is
/// locked by flock(2). The lock ends with the process, however it ends.
class FileLock {
 public:
  /// Holds nothing.
  FileLock() noexcept = default;

  /// Waits until the file at `path` is free. Holds nothing if there is no regular file, or if it
  /// can't be locked where it is: that is no error, since what is done there works without.
  /// Errors: unavailable: it is not free within the time.
  [[nodiscard]] static Result<FileLock> take(const std::string& path,
                                             const LockPatience& patience = {});

  [[nodiscard]] bool is_held() const noexcept { return static_cast<bool>(file_); }

 private:
  explicit FileLock(Descriptor file) noexcept : file_(std::move(file)) {}

  Descriptor file_;
};

/// Whether both are names of one file that is there.
[[nodiscard]] bool is_same_file(const std::string& path, const std::string& other) noexcept;

}  // namespace bulla
