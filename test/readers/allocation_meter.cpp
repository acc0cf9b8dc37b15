// SPDX-License-Identifier: Apache-2.0
#include "readers/allocation_meter.hpp"

#include <malloc.h>

#include <atomic>

#ifdef __has_feature
#define BULLA_HAS_FEATURE(name) __has_feature(name)
#else
#define BULLA_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    BULLA_HAS_FEATURE(address_sanitizer) || BULLA_HAS_FEATURE(thread_sanitizer)
#define BULLA_SANITIZED 1
#else
#define BULLA_SANITIZED 0
#endif

namespace {

std::atomic<std::size_t> live = 0;
std::atomic<std::size_t> peak = 0;

void allocated(std::size_t bytes) noexcept {
  const auto now = live += bytes;
  auto seen = peak.load();
  while (now > seen && !peak.compare_exchange_weak(seen, now)) {
  }
}

void released(std::size_t bytes) noexcept { live -= bytes; }

}  // namespace

#if BULLA_SANITIZED

// As in <sanitizer/allocator_interface.h>, which g++ may come without.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                  std::size_t),
                                              void (*free_hook)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void* block);
}

namespace {

// The sanitizer's allocator tells; its own blocks are larger than those of malloc.
void told_of_malloc(const volatile void*, std::size_t bytes) { allocated(bytes); }
void told_of_free(const volatile void* block) {
  if (block != nullptr) released(__sanitizer_get_allocated_size(block));
}
[[maybe_unused]] const int installed =
    __sanitizer_install_malloc_and_free_hooks(told_of_malloc, told_of_free);

}  // namespace

#else

// glibc lets a program replace malloc, and keeps its own under these names.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

namespace {
void* counted(void* block) noexcept {
  if (block != nullptr) allocated(malloc_usable_size(block));
  return block;
}
}  // namespace

void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* memalign(std::size_t alignment, std::size_t size) {
  return counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? 12 /* ENOMEM */ : 0;
}
void* realloc(void* block, std::size_t size) {
  const std::size_t before = block == nullptr ? 0 : malloc_usable_size(block);
  void* const moved = __libc_realloc(block, size);
  if (moved == nullptr && size != 0) return moved;
  // It may have been copied: for a moment there were both.
  if (moved != nullptr) allocated(malloc_usable_size(moved));
  released(before);
  return moved;
}
void free(void* block) {
  if (block != nullptr) released(malloc_usable_size(block));
  __libc_free(block);
}
}

#endif

namespace bulla::test {

AllocationMeter::AllocationMeter() noexcept : before_(live.load()) { peak = before_; }

std::size_t AllocationMeter::peak_bytes() const noexcept { return peak.load() - before_; }

}  // namespace bulla::test
