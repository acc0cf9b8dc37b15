// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "base/file.hpp"

namespace bulla::test {

namespace fs = std::filesystem;

namespace {

/// A folder with the file "a" in it, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "bulla-lock-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::ofstream(path_ / "a") << "old";
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(path_), {});
  }

 private:
  fs::path path_;
};

/// Not a moment: the file is free, or it is an error.
Result<FileLock> try_lock(const std::string& path) {
  return FileLock::take(path, {.time_max = std::chrono::milliseconds(0)});
}

}  // namespace

TEST_CASE("one at a time holds a file, by whatever name") {
  const Folder folder;
  fs::create_hard_link(folder / "a", folder / "hard");
  fs::create_symlink("a", folder / "soft");
  std::ofstream(folder / "other") << "x";
  {
    const auto held = try_lock(folder / "a");
    REQUIRE(held.has_value());
    CHECK(held->is_held());
    for (const auto* name : {"a", "hard", "soft"}) {
      CAPTURE(name);
      const auto second = try_lock(folder / name);
      REQUIRE_FALSE(second.has_value());
      CHECK(second.error().code == Errc::unavailable);
      CHECK(second.error().message == (folder / name) +
                                          " is being changed by another program, which did not end "
                                          "within 0 s");
    }
    CHECK(try_lock(folder / "other")->is_held());
  }
  CHECK(try_lock(folder / "soft")->is_held());
  CHECK(folder.entries() == 4);
}

TEST_CASE("a lock ends with its process") {
  const Folder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto held = try_lock(folder / "a");
    ::_exit(held && held->is_held() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(try_lock(folder / "a")->is_held());
}

TEST_CASE("who waits while the file is replaced gets the new one") {
  const Folder folder;
  auto held = try_lock(folder / "a");
  REQUIRE(held.has_value());
  std::latch waits(1);
  Result<FileLock> second = FileLock();
  std::string text;
  std::thread other([&] {
    second = FileLock::take(folder / "a", {.moment = std::chrono::milliseconds(0),
                                           .waiting = [&] { waits.count_down(); }});
    text = read_file(folder / "a", 100).value().expose_secret_text();
  });
  waits.wait();
  REQUIRE(replace_file(folder / "a", "new", 0600).has_value());
  held = FileLock();
  other.join();
  REQUIRE(second.has_value());
  CHECK(second->is_held());
  CHECK(text == "new");
  CHECK_FALSE(try_lock(folder / "a").has_value());
}

TEST_CASE("a file that only can be read is locked too") {
  const Folder folder;
  const auto path = folder / "a";
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  REQUIRE(::chmod((folder / ".").c_str(), 0555) == 0);
  constexpr uid_t somebody = 65534;
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(somebody) == 0);  // root may write anywhere
  const auto held = try_lock(path);
  const auto second = try_lock(path);
  if (root) REQUIRE(::seteuid(0) == 0);
  REQUIRE(::chmod((folder / ".").c_str(), 0755) == 0);
  REQUIRE(held.has_value());
  CHECK(held->is_held());
  CHECK_FALSE(second.has_value());
}

TEST_CASE("what can't be locked is no error") {
  const Folder folder;
  for (const auto& path : {folder / "none", folder / ".", std::string("/dev/null")}) {
    CAPTURE(path);
    const auto lock = try_lock(path);
    REQUIRE(lock.has_value());
    CHECK_FALSE(lock->is_held());
  }
}

TEST_CASE("flock(1) around a program is none of its own locks") {
  const Folder folder;
  const Descriptor file(::open((folder / "a").c_str(), O_RDONLY | O_CLOEXEC));
  const Descriptor whole(::open((folder / ".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::flock(file.get(), LOCK_EX) == 0);
  REQUIRE(::flock(whole.get(), LOCK_EX) == 0);
  CHECK(try_lock(folder / "a").has_value());
}

TEST_CASE("two names of one file are the same") {
  const Folder folder;
  fs::create_symlink("a", folder / "soft");
  std::ofstream(folder / "other") << "x";
  CHECK(is_same_file(folder / "a", folder / "soft"));
  CHECK_FALSE(is_same_file(folder / "a", folder / "other"));
  CHECK_FALSE(is_same_file(folder / "none", folder / "none"));
}

}  // namespace bulla::test
