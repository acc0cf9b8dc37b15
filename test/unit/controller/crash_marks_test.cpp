// SPDX-License-Identifier: Apache-2.0
#include "controller/crash_marks.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

namespace bulla::test {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const CrashMarks::Time start{hours(100)};
const kube::ObjectKey a{"n", "a"};
const kube::ObjectKey b{"n", "b"};

/// A file for marks, in a folder of its own.
struct MarksFile {
  MarksFile() {
    std::string pattern = "/tmp/bulla-marks-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    path = folder + "/marks";
  }
  ~MarksFile() { std::filesystem::remove_all(folder); }
  MarksFile(const MarksFile&) = delete;
  MarksFile& operator=(const MarksFile&) = delete;

  [[nodiscard]] CrashMarks open() const { return CrashMarks::open(path, start).value(); }
  /// A process that does `work` with the marks, and then is killed.
  void killed_after(const std::function<void(CrashMarks&)>& work) const {
    const auto child = ::fork();
    if (child == 0) {
      auto marks = CrashMarks::open(path, start).value();
      work(marks);
      (void)::raise(SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
  }

  std::string folder;
  std::string path;
};

/// 0 when it may be worked on.
milliseconds wait_of(CrashMarks& marks, const kube::ObjectKey& key, CrashMarks::Time now = start) {
  const auto aside = marks.set_aside(key, now);
  return aside ? aside->wait : milliseconds(0);
}

}  // namespace

TEST_CASE("what was under way when a process was killed is set aside by the next one") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) {
    marks.begin(a);
    marks.looks_at(a, 7);
    marks.end(a, true, start);
    marks.begin(b);
    marks.looks_at(b, 8);
  });
  auto marks = file.open();
  CHECK(wait_of(marks, a) == seconds(0));
  const auto aside = marks.set_aside(b, start);
  REQUIRE(aside.has_value());
  CHECK(aside->ends == 1);
  CHECK(aside->wait == seconds(10));
  CHECK(aside->is_news);
  CHECK_FALSE(marks.set_aside(b, start)->is_news);
  CHECK(marks.waiting() == 1);
  CHECK(wait_of(marks, b, start + seconds(10)) == seconds(0));
}

TEST_CASE("each end in a row makes the wait longer, up to six hours") {
  const MarksFile file;
  const auto try_it = [](CrashMarks& marks) {
    marks.begin(a);
    marks.looks_at(a, 7);
  };
  for (const milliseconds wait : {milliseconds(seconds(10)), milliseconds(seconds(40)),
                                  milliseconds(seconds(160)), milliseconds(seconds(640))}) {
    file.killed_after(try_it);
    auto marks = file.open();
    CHECK(wait_of(marks, a) == wait);
  }
  for (int i = 0; i < 20; ++i) file.killed_after(try_it);
  auto marks = file.open();
  CHECK(wait_of(marks, a) == hours(6));
}

TEST_CASE("an object that was tried again alone is blamed alone") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) { marks.begin(a); });
  file.killed_after([](CrashMarks& marks) {
    marks.begin(b);
    marks.begin(a);
  });
  auto marks = file.open();
  CHECK(wait_of(marks, a) == seconds(40));
  CHECK(wait_of(marks, b) == seconds(0));
}

TEST_CASE("of those that were set aside one is tried at a time") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) {
    marks.begin(a);
    marks.begin(b);
  });
  auto marks = file.open();
  const auto later = start + minutes(1);
  CHECK(wait_of(marks, a, later) == seconds(0));
  marks.begin(a);
  CHECK(wait_of(marks, b, later) == seconds(1));
  marks.end(a, true, later);
  CHECK(wait_of(marks, b, later) == seconds(0));
  CHECK_FALSE(marks.knows(a));
}

TEST_CASE("a first look that ends well is no proof yet") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) { marks.begin(a); });
  file.killed_after([](CrashMarks& marks) {
    marks.begin(a);
    marks.end(a, false, start);
    marks.begin(a);
  });
  auto marks = file.open();
  CHECK(wait_of(marks, a) == seconds(40));
}

TEST_CASE("a change of the object, or its deletion, ends the wait") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) {
    marks.begin(a);
    marks.looks_at(a, 7);
    marks.begin(b);  // not read yet
  });
  auto marks = file.open();
  marks.shown(a, 7);
  marks.shown(b, 8);
  CHECK(wait_of(marks, a) == seconds(10));
  CHECK(wait_of(marks, b) == seconds(10));
  marks.shown(a, 9);
  CHECK(wait_of(marks, a) == seconds(0));
  SUBCASE("changed") { marks.shown(b, 9); }
  SUBCASE("deleted") { marks.gone(b); }
  CHECK(wait_of(marks, b) == seconds(0));
  CHECK(marks.waiting() == 0);
}

TEST_CASE("more objects than there is room for are worked on all the same") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) {
    for (int i = 0; i < 100; ++i) marks.begin({"n", std::to_string(i)});
  });
  auto marks = file.open();
  CHECK(marks.waiting() == 40);
  for (int i = 0; i < 100; ++i) marks.begin({"other", std::to_string(i)});
  CHECK(marks.waiting() == 40);
}

TEST_CASE("a file that was damaged marks nothing") {
  const MarksFile file;
  file.killed_after([](CrashMarks& marks) { marks.begin(a); });
  SUBCASE("its head") {
    std::fstream(file.path, std::ios::in | std::ios::out) << "something else entirely";
  }
  SUBCASE("its marks") {
    std::fstream text(file.path, std::ios::in | std::ios::out);
    text.seekp(32);
    text << std::string(20000, '\xff');
  }
  SUBCASE("it is empty") { std::ofstream(file.path, std::ios::trunc).close(); }
  auto marks = file.open();
  CHECK(marks.waiting() == 0);
  marks.begin(a);
  CHECK(marks.knows(a));
}

TEST_CASE("a file that can't be had is an error that says why") {
  const MarksFile file;
  const auto error = [&](const std::string& path) {
    const auto marks = CrashMarks::open(path, start);
    return marks ? std::string() : marks.error().message;
  };
  CHECK(error(file.folder + "/no/marks").find("No such file") != std::string::npos);
  CHECK(error(file.folder).find("Is a directory") != std::string::npos);
  REQUIRE(::symlink("/etc/passwd", (file.folder + "/link").c_str()) == 0);
  CHECK(error(file.folder + "/link").find("symbolic links") != std::string::npos);
  REQUIRE(::mkfifo((file.folder + "/pipe").c_str(), 0600) == 0);
  CHECK(error(file.folder + "/pipe").find("not a file of this user") != std::string::npos);
  const auto holder = file.open();
  CHECK(error(file.path).find("another process has it") != std::string::npos);
}

TEST_CASE("without a file nothing is set aside") {
  CrashMarks marks;
  marks.begin(a);
  marks.looks_at(a, 7);
  CHECK_FALSE(marks.set_aside(a, start));
  marks.shown(a, 7);
  marks.end(a, true, start);
  marks.gone(a);
  CHECK(marks.waiting() == 0);
}

}  // namespace bulla::test
