// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_CASE("what is not a regular file is written in place") {
  CHECK(replace_file("/dev/null", "x", 0600).has_value());
  CHECK(fs::is_character_file("/dev/null"));
}

}  // namespace bulla::test
