// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

namespace bulla {

namespace {

using Clock = std::chrono::steady_clock;

bool is_one(const struct stat& status, const struct stat& other) noexcept {
  return status.st_dev == other.st_dev && status.st_ino == other.st_ino;
}

/// The regular file at `path`, for writing where that is allowed: a lock for one alone needs it.
Descriptor open_regular(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  constexpr int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;  // it may be another file by now
  Descriptor file(::open(path.c_str(), O_RDWR | flags));
  if (!file) file = Descriptor(::open(path.c_str(), O_RDONLY | flags));
  return file;
}

enum class Attempt { taken, busy, impossible };

Attempt try_lock(int file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file, F_OFD_SETLK, &whole) == 0) return Attempt::taken;
  if (errno == EAGAIN || errno == EACCES) return Attempt::busy;
  // It is open for reading only, or these locks are unknown here.
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return Attempt::taken;
  return errno == EWOULDBLOCK ? Attempt::busy : Attempt::impossible;
}

/// Whether `file` still is what `path` names: who held the lock may have put another in its place.
bool is_at(const std::string& path, int file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && is_one(opened, named);
}

Error not_free(const std::string& path, std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return Error{Errc::unavailable,
               path + " is being changed by another program, which did not end within " +
                   std::to_string(seconds) + " s"}
      .hint("fuser " + path + " says which; nothing was changed");
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& path, const LockPatience& patience) {
  const auto start = Clock::now();
  bool told = false;
  for (;;) {
    auto file = open_regular(path);
    const auto attempt = file ? try_lock(file.get()) : Attempt::impossible;
    if (attempt == Attempt::impossible) return FileLock();
    if (attempt == Attempt::taken) {
      if (is_at(path, file.get())) return FileLock(std::move(file));
      continue;
    }
    const auto waited = Clock::now() - start;
    if (waited >= patience.time_max) return not_free(path, patience.time_max);
    if (!told && waited >= patience.moment && patience.waiting) {
      patience.waiting();
      told = true;
    }
    std::this_thread::sleep_for(patience.retry);
  }
}

bool is_same_file(const std::string& path, const std::string& other) noexcept {
  struct stat status {};
  struct stat status_of_other {};
  return ::stat(path.c_str(), &status) == 0 && ::stat(other.c_str(), &status_of_other) == 0 &&
         is_one(status, status_of_other);
}

}  // namespace bulla
