// SPDX-License-Identifier: Apache-2.0
// OpenSSL's memory: a guarded heap for private keys, and wiping of what it frees elsewhere.
#include <malloc.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "crypto/key.hpp"

namespace bulla {

namespace {

void* allocate(std::size_t size, const char*, int) {
  return size == 0 ? nullptr : std::malloc(size);
}

void release(void* memory, const char*, int) {
  if (memory == nullptr) return;
  sodium_memzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

/// realloc() would leave a copy behind when it moves the bytes.
void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (memory == nullptr) return allocate(size, file, line);
  const std::size_t old_size = ::malloc_usable_size(memory);
  void* moved = allocate(size, file, line);
  if (moved != nullptr) std::memcpy(moved, memory, std::min(old_size, size));
  if (moved != nullptr || size == 0) release(memory, file, line);
  return moved;
}

}  // namespace

void protect_private_keys(std::size_t heap_bytes) noexcept {
  // The smallest piece of the secure heap: a quarter of the number of a 1024-bit prime.
  constexpr std::size_t piece_bytes_min = 32;
  // OpenSSL's RSA decryption frees the padded session key, and its key decoder the DER form, as
  // they are. This is refused once OpenSSL has allocated anything: then the heap is all there is.
  CRYPTO_set_mem_functions(allocate, reallocate, release);
  if (CRYPTO_secure_malloc_initialized() == 0)
    CRYPTO_secure_malloc_init(heap_bytes, piece_bytes_min);
}

}  // namespace bulla
