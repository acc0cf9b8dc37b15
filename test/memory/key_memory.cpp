// SPDX-License-Identifier: Apache-2.0
// Once a private key was used, none of its numbers may lie in memory that can be swapped out:
// OpenSSL keeps what it computed from them at the first use.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "crypto/envelope.hpp"
#include "crypto/key.hpp"
#include "memory/scan.hpp"

namespace {

using namespace bulla;
using namespace bulla::test;

constexpr int exit_skipped = 77;
constexpr std::size_t control_bytes = 40;

PrivateKey read_key(const char* file) {
  const auto pem = read_file(file, limits::mib);
  return PrivateKey::from_pem(pem.value().expose_secret_text()).value();
}

/// The middle of a number, as it stands in a file and as OpenSSL computes with it.
void add_number(std::vector<Needle>& needles, const PrivateKey& key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key.native(), name, &number) != 1) std::abort();
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_clear_free(number);
  auto middle = bytes.substr(bytes.size() / 2 - control_bytes / 2, control_bytes);
  needles.push_back({std::string(name) + ", big-endian", middle, true});
  std::ranges::reverse(middle);
  needles.push_back({std::string(name) + ", little-endian", middle, true});
}

std::vector<Needle> numbers_of(const PrivateKey& key) {
  std::vector<Needle> needles;
  for (const char* name : {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
                           OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                           OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1})
    add_number(needles, key, name);
  return needles;
}

/// The process that is searched: opens an envelope on several threads, tells so, and waits.
[[noreturn]] void use_key(const char* file, int told) {
  protect_private_keys(limits::key_heap_bytes);
  {
    const auto key = read_key(file);
    const std::string text = "a value";
    const auto envelope = encrypt_envelope(key.public_key(), as_bytes(text), "n/s").value();
    const auto open = [&] {
      for (int i = 0; i < 50; ++i) {
        if (!decrypt_envelope(key, envelope, "n/s")) std::abort();
      }
    };
    std::thread other(open);
    open();
    other.join();
    if (::write(told, "x", 1) != 1) std::abort();
    for (;;) ::pause();  // with the key in use
  }
}

int search(pid_t process, const char* file) {
  auto needles = numbers_of(read_key(file));
  const auto unlocked = scan_memory(process, needles);
  for (const auto& find : unlocked)
    std::printf("%s is in memory that is not locked (%s)\n", find.what.c_str(), find.where.c_str());
  for (auto& needle : needles) needle.may_be_locked = false;
  const auto all = scan_memory(process, needles).size();
  if (all == 0) std::printf("none of the numbers is in memory at all: the search sees nothing\n");
  std::printf("%zu of %zu finds are outside of locked memory\n", unlocked.size(), all);
  return unlocked.empty() && all > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::array<int, 2> pipe{};
  if (argc != 2 || ::pipe(pipe.data()) != 0) return 2;
  const pid_t child = ::fork();
  if (child == 0) use_key(argv[1], pipe[1]);
  ::close(pipe[1]);
  char told = 0;
  int result = 1;
  try {
    if (::read(pipe[0], &told, 1) == 1) result = search(child, argv[1]);
  } catch (const std::system_error& error) {
    const bool forbidden = error.code().value() == EACCES || error.code().value() == EPERM;
    std::fprintf(stderr, "%s%s\n", forbidden ? "skipped: " : "", error.what());
    result = forbidden ? exit_skipped : 1;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return result;
}
