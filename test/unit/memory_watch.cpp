// SPDX-License-Identifier: Apache-2.0
#include "unit/memory_watch.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::array<char, 64> marker;
std::size_t marker_size = 0;  // 0: nobody is watching
std::size_t leaks_seen = 0;

void release(void* memory) noexcept {
  if (memory != nullptr && marker_size != 0) {
    const std::size_t size = ::malloc_usable_size(memory);
    if (::memmem(memory, size, marker.data(), marker_size) != nullptr) ++leaks_seen;
  }
  std::free(memory);
}

void* allocate(std::size_t size, std::size_t alignment) {
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  // A fresh block that happens to hold an old marker would count as a leak.
  std::memset(memory, 0, rounded);
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(std::max(size, std::size_t{1}), 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(std::max(size, std::size_t{1}), static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace bulla::test {

MemoryWatch::MemoryWatch(std::string_view wanted) {
  marker_size = wanted.copy(marker.data(), marker.size());
  leaks_seen = 0;
}
MemoryWatch::~MemoryWatch() { marker_size = 0; }
std::size_t MemoryWatch::leaks() const { return leaks_seen; }

}  // namespace bulla::test
