// SPDX-License-Identifier: Apache-2.0
// Sealing and unsealing a second with RSA-4096, on one core and on all, and unsealing as a ratio to
// what `openssl speed` measures in the same run with the same library. Numbers are printed and
// never judged: machines are shared.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "bench/openssl_speed.hpp"
#include "crypto/envelope.hpp"

namespace {

using namespace bulla;
using Seconds = std::chrono::duration<double>;

constexpr auto run_time = std::chrono::seconds(1);

/// How often a second `work` runs on `threads` threads together.
template <class Work>
double rate(unsigned threads, const Work& work) {
  std::atomic<std::uint64_t> done = 0;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::jthread> running;
  for (unsigned i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      while (std::chrono::steady_clock::now() - start < run_time) {
        work();
        ++done;
      }
    });
  }
  running.clear();
  return static_cast<double>(done) / Seconds(std::chrono::steady_clock::now() - start).count();
}

void report(unsigned threads, const PrivateKey& key) {
  const std::string plaintext(100, 'x');
  const auto envelope = encrypt_envelope(key.public_key(), as_bytes(plaintext), "a/b").value();
  const auto check = [](bool good) {
    if (!good) std::abort();
  };
  const double sealed = rate(threads, [&] {
    check(encrypt_envelope(key.public_key(), as_bytes(plaintext), "a/b").has_value());
  });
  const double opened =
      rate(threads, [&] { check(decrypt_envelope(key, envelope, "a/b").has_value()); });
  const double openssl = bench::openssl_rate(threads);
  std::printf("%u threads: seal %.0f/s, unseal %.0f/s, openssl speed %.0f/s", threads, sealed,
              opened, openssl);
  if (openssl > 0) std::printf(", unseal ratio %.3f", opened / openssl);
  std::printf("\n");
}

}  // namespace

int main() {
  protect_private_keys(limits::key_heap_bytes);
  const auto pem = read_file(BULLA_TEST_DATA "/keys/rsa4096-d.pkcs1.pem", limits::mib);
  const auto key = PrivateKey::from_pem(pem.value().expose_secret_text());
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  report(1, key.value());
  if (cores > 1) report(cores, key.value());
  return 0;
}
