// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bulla::test {

namespace fs = std::filesystem;

namespace {

/// An empty folder, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "bulla-file-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), {}));
  }

 private:
  fs::path path_;
};

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
std::string text_of(const std::string& path) {
  return std::string(read_file(path, 1000).value().expose_secret_text());
}
mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file is read whole, up to a bound") {
  const Folder folder;
  const auto path = folder / "a";
  write(path, std::string("0123456789\0x", 12));
  CHECK(read_file(path, 12).value().expose_secret_text() == std::string_view("0123456789\0x", 12));
  CHECK(read_file(path, 11).error().message == "read " + path + ": larger than 11 bytes");
  CHECK(read_file(folder / "none", 10).error().message ==
        "open " + (folder / "none") + ": no such file or directory");
  CHECK(read_file(folder / "none", 10).error().code == Errc::not_found);
  CHECK(read_file(folder / ".", 10).error().message ==
        "read " + (folder / ".") + ": is a directory");
  CHECK(read_file("/dev/zero", 100'000).error().code == Errc::invalid_input);
}

TEST_CASE("a replaced file keeps its mode, a new one gets the umask's") {
  const Folder folder;
  const auto path = folder / "a";
  const mode_t old_mask = ::umask(027);
  CHECK(replace_file(path, "one", 0666).has_value());
  CHECK(mode_of(path) == 0640);
  CHECK(replace_file(folder / "secret", "x", 0600).has_value());
  CHECK(mode_of(folder / "secret") == 0600);
  REQUIRE(::chmod(path.c_str(), 0604) == 0);
  CHECK(replace_file(path, "two", 0600).has_value());
  CHECK(mode_of(path) == 0604);
  CHECK(text_of(path) == "two");
  CHECK(::umask(old_mask) == 027);
  CHECK(folder.entries() == 2);
}

TEST_CASE("a symbolic link stays one, and what it names is replaced") {
  const Folder folder;
  write(folder / "target", "old");
  REQUIRE(::symlink("target", (folder / "link").c_str()) == 0);
  CHECK(replace_file(folder / "link", "new", 0600).has_value());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(text_of(folder / "target") == "new");
  CHECK(folder.entries() == 2);
}

TEST_CASE("a symbolic link to nothing yet creates what it names") {
  const Folder folder;
  REQUIRE(::symlink("target", (folder / "link").c_str()) == 0);
  CHECK(replace_file(folder / "link", "new", 0600).has_value());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(text_of(folder / "target") == "new");
}

TEST_CASE("a failed replacement leaves the old file and nothing else") {
  const Folder folder;
  REQUIRE(fs::create_directory(folder / "d"));
  CHECK(replace_file(folder / "d", "x", 0600).error().message ==
        "open " + (folder / "d") + ": is a directory");
  CHECK(replace_file(folder / "no/such", "x", 0600).error().code == Errc::not_found);
  CHECK(folder.entries() == 1);
  if (fs::exists("/dev/full"))
    CHECK(replace_file("/dev/full", "x", 0600).error().message ==
          "write /dev/full: no space left on device");
}

TEST_CASE("a file of several names keeps them") {
  const Folder folder;
  write(folder / "a", "a longer text");
  fs::create_hard_link(folder / "a", folder / "b");
  CHECK(replace_file(folder / "a", "new", 0600).has_value());
  CHECK(text_of(folder / "b") == "new");
  CHECK(folder.entries() == 2);
  CHECK(replace_file(folder / "b", "", 0600).has_value());
  CHECK(text_of(folder / "a").empty());
}

TEST_CASE("a file is written in a folder where no other can be made") {
  const Folder folder;
  const auto path = folder / "a";
  write(path, "old and longer");
  constexpr uid_t somebody = 65534;
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(path.c_str(), somebody, somebody) == 0);
  REQUIRE(::chmod((folder / ".").c_str(), 0555) == 0);
  if (root) REQUIRE(::seteuid(somebody) == 0);  // root may write anywhere
  const auto written = replace_file(path, "new", 0600);
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  const auto refused = replace_file(path, "newer", 0600);
  if (root) REQUIRE(::seteuid(0) == 0);
  REQUIRE(::chmod((folder / ".").c_str(), 0755) == 0);
  CHECK(written.has_value());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "open " + path + ": permission denied");
  CHECK(text_of(path) == "new");
}

TEST_CASE("a file that is mounted, as into a container, is written") {
  const Folder folder;
  write(folder / "outside", "old");
  write(folder / "inside", "");
  constexpr int no_rights = 77;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto inside = folder / "inside";
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount((folder / "outside").c_str(), inside.c_str(), nullptr, MS_BIND, nullptr) != 0)
      ::_exit(no_rights);
    ::_exit(replace_file(inside, "new", 0600).has_value() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_rights) {
    MESSAGE("not run: nothing can be mounted here");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(text_of(folder / "outside") == "new");
}

TEST_CASE("a full disk leaves a file that can only be written over as it was") {
  const Folder folder;
  write(folder / "a", "old");
  fs::create_hard_link(folder / "a", folder / "b");
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 100, before.rlim_max };
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto refused = replace_file(folder / "a", std::string(1000, 'x'), 0600);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_action);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "write " + (folder / "a") + ": file too large");
  CHECK(text_of(folder / "b") == "old");
}

TEST_CASE("what is not a regular file is written in place") {
  CHECK(replace_file("/dev/null", "x", 0600).has_value());
  CHECK(replace_secret_file("/dev/null", "x").has_value());
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a pipe is written to by its name below /dev/fd, as of >(command)") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const auto name = "/dev/fd/" + std::to_string(ends[1]);
  CHECK(replace_file(name, "one", 0666).has_value());
  CHECK(replace_secret_file(name, "two").has_value());
  ::close(ends[1]);
  CHECK(read_descriptor(ends[0], "pipe", 100).value().expose_secret_text() == "onetwo");
  ::close(ends[0]);
}

TEST_CASE("a plaintext file is its writer's alone, whatever was there before") {
  const Folder folder;
  const auto path = folder / "a";
  write(path, "old");
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  CHECK(replace_secret_file(path, "new").has_value());
  CHECK(mode_of(path) == 0600);
  CHECK(text_of(path) == "new");
  CHECK(replace_secret_file(folder / "b", "new").has_value());
  CHECK(mode_of(folder / "b") == 0600);
}

TEST_CASE("plaintext goes through links of one's own, and the file they name is private too") {
  const Folder folder;
  write(folder / "target", "old");
  REQUIRE(::chmod((folder / "target").c_str(), 0644) == 0);
  REQUIRE(::symlink("target", (folder / "middle").c_str()) == 0);
  REQUIRE(::symlink("middle", (folder / "link").c_str()) == 0);
  CHECK(replace_secret_file(folder / "link", "new").has_value());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(fs::is_symlink(folder / "middle"));
  CHECK(text_of(folder / "target") == "new");
  CHECK(mode_of(folder / "target") == 0600);
}

TEST_CASE("where anybody may put links, nothing is written through somebody else's") {
  if (::geteuid() != 0) {
    MESSAGE("not run: only root can make what belongs to somebody else");
    return;
  }
  constexpr uid_t somebody = 65534;
  const Folder folder;
  write(folder / "file", "old");
  REQUIRE(::symlink("file", (folder / "theirs").c_str()) == 0);
  REQUIRE(::symlink("none yet", (folder / "theirs to nothing").c_str()) == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0666) == 0);
  for (const auto* name : {"theirs", "theirs to nothing", "pipe"})
    REQUIRE(::lchown((folder / name).c_str(), somebody, somebody) == 0);
  REQUIRE(::symlink("theirs", (folder / "own").c_str()) == 0);

  SUBCASE("in a folder such as /tmp") {
    REQUIRE(::chmod((folder / ".").c_str(), 01777) == 0);
    for (const auto& [name, link] : {std::pair{"theirs", "theirs"},
                                     {"theirs to nothing", "theirs to nothing"},
                                     {"own", "theirs"},
                                     {"pipe", "pipe"}}) {
      CAPTURE(name);
      const auto refused = replace_file(folder / name, "new", 0666);
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().message ==
            "open " + (folder / name) + ": " + (folder / link) +
                " belongs to another user, and its folder is one where anybody may put it: choose "
                "another file");
    }
    CHECK(text_of(folder / "file") == "old");
    CHECK(folder.entries() == 5);
  }
  SUBCASE("in a folder of one's own it is somebody's gift") {
    CHECK(replace_file(folder / "own", "new", 0666).has_value());
    CHECK(text_of(folder / "file") == "new");
  }
  SUBCASE("and in such a folder the folder's owner may") {
    REQUIRE(::chmod((folder / ".").c_str(), 01777) == 0);
    REQUIRE(::chown((folder / ".").c_str(), somebody, somebody) == 0);
    CHECK(replace_file(folder / "theirs", "new", 0666).has_value());
    CHECK(text_of(folder / "file") == "new");
  }
}

TEST_CASE("plaintext never goes where somebody else's link, pipe or file would take it") {
  if (::geteuid() != 0) {
    MESSAGE("not run: only root can make what belongs to somebody else");
    return;
  }
  constexpr uid_t somebody = 65534;
  const Folder folder;
  const auto given_away = [&](const std::string& name) {
    REQUIRE(::lchown(name.c_str(), somebody, somebody) == 0);
  };
  write(folder / "file", "old");
  given_away(folder / "file");
  REQUIRE(::symlink("file", (folder / "theirs").c_str()) == 0);
  given_away(folder / "theirs");
  REQUIRE(::symlink("theirs", (folder / "own").c_str()) == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0666) == 0);
  given_away(folder / "pipe");

  SUBCASE("a link, and one behind a link of one's own") {
    for (const auto* name : {"theirs", "own"}) {
      const auto refused = replace_secret_file(folder / name, "new");
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().message ==
            "open " + (folder / name) + ": " + (folder / "theirs") +
                " belongs to another user, who could read the plaintext: choose another file");
    }
    CHECK(text_of(folder / "file") == "old");
  }
  SUBCASE("a named pipe") {
    // Open for reading, so that a writer would not wait.
    const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
    CHECK_FALSE(replace_secret_file(folder / "pipe", "new").has_value());
    ::close(reader);
  }
  SUBCASE("a file: it becomes the writer's") {
    CHECK(replace_secret_file(folder / "file", "new").has_value());
    struct stat status {};
    REQUIRE(::stat((folder / "file").c_str(), &status) == 0);
    CHECK(status.st_uid == 0);
    CHECK(mode_of(folder / "file") == 0600);
  }
}

}  // namespace bulla::test
