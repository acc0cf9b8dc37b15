// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "crypto/key.hpp"

int main(int argc, char** argv) {
  // As the program does: before anything else uses OpenSSL.
  bulla::protect_private_keys(bulla::limits::key_heap_bytes);
  bulla::configure_log({.info_to_stdout = false});
  return doctest::Context(argc, argv).run();
}
