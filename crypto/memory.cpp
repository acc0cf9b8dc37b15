// SPDX-License-Identifier: Apache-2.0
// OpenSSL's memory: a guarded heap for private keys and all that is computed with them, and wiping
// of what it frees elsewhere.
#include <malloc.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "crypto/key.hpp"

namespace bulla {

namespace {

/// OpenSSL puts the numbers of a private key into its locked heap, but not what it works out from
/// them at the key's first use and keeps: the Montgomery forms of the primes and its blinding. Each
/// number's digits are allocated in this one file of its sources, whoever asks for them.
bool is_for_a_number(const char* file) {
  return file != nullptr && std::string_view(file).ends_with("bn/bn_lib.c");
}

void* allocate(std::size_t size, const char* file, int line) {
  if (size == 0) return nullptr;
  // Without its heap, CRYPTO_secure_malloc() would call us. A full one leaves room elsewhere.
  if (is_for_a_number(file) && CRYPTO_secure_malloc_initialized() == 1) {
    if (void* locked = CRYPTO_secure_malloc(size, file, line)) return locked;
  }
  return std::malloc(size);
}

std::size_t size_of(void* memory) {
  return CRYPTO_secure_allocated(memory) == 1 ? CRYPTO_secure_actual_size(memory)
                                              : ::malloc_usable_size(memory);
}

void release(void* memory, const char* file, int line) {
  if (memory == nullptr) return;
  if (CRYPTO_secure_allocated(memory) == 1) return CRYPTO_secure_free(memory, file, line);  // wipes
  sodium_memzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

/// realloc() would leave a copy behind when it moves the bytes.
void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (memory == nullptr) return allocate(size, file, line);
  void* moved = allocate(size, file, line);
  if (moved != nullptr) std::memcpy(moved, memory, std::min(size_of(memory), size));
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
