// SPDX-License-Identifier: Apache-2.0
// kubeseal as a whole process, with RSA-4096: wall time (the best of some runs) and peak memory.
// Numbers are printed and never judged: machines are shared. usage: bench_kubeseal KUBESEAL
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "crypto/key.hpp"

namespace {

using namespace bulla;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int runs = 5;
constexpr std::size_t old_keys = 35;  // and the one that fits: three years of monthly renewal
const std::string keys = BULLA_TEST_DATA "/keys/";

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

/// A folder for the inputs, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "bulla-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) fail("no temporary folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string secret(const std::string& name, std::size_t items, const std::string& value) {
  std::string text =
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: team}\ndata:\n";
  for (std::size_t i = 0; i < items; ++i) text += "  k" + std::to_string(i) + ": " + value + "\n";
  return text;
}

std::string many_secrets(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += secret("s" + std::to_string(i), 1, "Yg==");
  return text;
}

/// Base64 of about `bytes` bytes.
std::string base64_of(std::size_t bytes) { return std::string(bytes / 3 * 4, 'A'); }

/// Runs `work` in a process of its own: what a child uses is counted from what its parent, up to
/// exec(), used at most.
template <class Work>
void aside(const Work& work) {
  const auto child = ::fork();
  if (child == 0) {
    work();
    std::_Exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) fail("no inputs");
}

struct Usage {
  double milliseconds = 0;
  long kibibytes = 0;
};

/// Runs `arguments` once, its output to `output`; that 16 MiB are too large is no news.
Usage run_once(const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    fail("can't run " + arguments[0]);
  int status = 0;
  struct rusage usage {};
  ::wait4(child, &status, 0, &usage);
  const Milliseconds took = std::chrono::steady_clock::now() - start;
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) fail("kubeseal failed");
  return {took.count(), usage.ru_maxrss};
}

void report(const std::string& name, const std::vector<std::string>& arguments,
            const std::string& output) {
  Usage best{1e9, 0};
  for (int i = 0; i < runs; ++i) {
    const auto usage = run_once(arguments, output);
    best.milliseconds = std::min(best.milliseconds, usage.milliseconds);
    best.kibibytes = std::max(best.kibibytes, usage.kibibytes);
  }
  std::printf("%-44s %8.1f ms %8ld KiB\n", name.c_str(), best.milliseconds, best.kibibytes);
  std::fflush(stdout);
}

/// PEM of keys that fit nothing, and at last the one that does.
std::string key_chain(const std::string& fitting) {
  std::vector<std::string> pem(old_keys);
  parallel_for(pem.size(), [&](std::size_t i) {
    pem[i] = std::string(PrivateKey::generate(4096).value().to_pem().expose_secret_text());
  });
  std::string out;
  for (const auto& key : pem) out += key;
  return out + std::string(read_file(fitting, limits::mib).value().expose_secret_text());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: bench_kubeseal KUBESEAL");
  const std::string kubeseal = argv[1];
  const std::string key = keys + "rsa4096-d.pkcs1.pem";
  const Folder folder;
  const auto output = folder / "output";
  const auto seal = [&](const std::string& input) {
    return std::vector<std::string>{kubeseal, "--cert", keys + "rsa4096-d.crt", "-o", "yaml",
                                    "-f",     input};
  };
  aside([&] {
    put(folder / "one", secret("s", 1, "Yg=="));
    put(folder / "100", secret("s", 100, "Yg=="));
    put(folder / "1000", many_secrets(1000));
    put(folder / "1mib", secret("s", 1, base64_of(limits::mib)));
    put(folder / "16mib", secret("s", 1, base64_of(16 * limits::mib)));
    put(folder / "36keys", key_chain(key));
  });
  report("seal one item", seal(folder / "one"), output);
  report("seal 100 items", seal(folder / "100"), output);
  report("seal 1,000 Secrets of one item", seal(folder / "1000"), output);
  report("seal one item of 1 MiB", seal(folder / "1mib"), output);
  report("seal one item of 16 MiB", seal(folder / "16mib"), output);

  const auto sealed = folder / "sealed";
  run_once(seal(folder / "100"), sealed);
  const auto unseal = [&](const std::string& key_file) {
    return std::vector<std::string>{
        kubeseal, "--recovery-unseal", "--recovery-private-key", key_file, "-f", sealed};
  };
  report("--recovery-unseal of 100 items, one key", unseal(key), output);
  report("--recovery-unseal of 100 items, 36 keys", unseal(folder / "36keys"), output);
  return 0;
}
