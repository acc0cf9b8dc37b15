// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <algorithm>
#include <cstddef>

#include "base/error.hpp"

namespace bulla {

namespace {

/// libsodium must be initialised before its first allocation; sodium_init() may be called often.
void ensure_sodium() { BULLA_ASSERT(sodium_init() >= 0); }

bool equal_in_constant_time(std::span<const std::uint8_t> a,
                            std::span<const std::uint8_t> b) noexcept {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

class WipingResource final : public boost::json::memory_resource {
 private:
  // Boost.JSON 1.81 asks for a key's text with an alignment of 1 and may give it back with 16.
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    AllocationBudget::count_allocation(size);
    return ::operator new(size, at_least_default(alignment));
  }
  void do_deallocate(void* memory, std::size_t size, std::size_t alignment) override {
    sodium_memzero(memory, size);
    ::operator delete(memory, at_least_default(alignment));
    AllocationBudget::count_release(size);
  }
  static std::align_val_t at_least_default(std::size_t alignment) noexcept {
    return std::align_val_t(std::max(alignment, alignof(std::max_align_t)));
  }
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  ensure_sodium();
  bytes_.reset(static_cast<std::uint8_t*>(sodium_malloc(size)));
  if (!bytes_) throw std::bad_alloc();
  sodium_memzero(bytes_.get(), size);
}

SecretBytes SecretBytes::clone() const {
  SecretBytes copy(size_);
  std::ranges::copy(expose_secret(), copy.expose_secret().begin());
  return copy;
}

std::span<const std::uint8_t> SecretBytes::expose_secret() const noexcept {
  return {bytes_.get(), size_};
}

std::span<std::uint8_t> SecretBytes::expose_secret() noexcept { return {bytes_.get(), size_}; }

bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept {
  return equal_in_constant_time(a.expose_secret(), b.expose_secret());
}

SecretBuffer SecretBuffer::copy_of(std::span<const std::uint8_t> bytes) {
  SecretBuffer copy;
  copy.bytes_.assign(bytes.begin(), bytes.end());
  return copy;
}

SecretBuffer SecretBuffer::copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

void SecretBuffer::append(std::string_view text) {
  const auto bytes = as_bytes(text);  // of the vector's own type: they are copied at once
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void SecretBuffer::resize(std::size_t size) {
  if (size < bytes_.size()) sodium_memzero(bytes_.data() + size, bytes_.size() - size);
  bytes_.resize(size);
}

bool operator==(const SecretBuffer& a, const SecretBuffer& b) noexcept {
  return equal_in_constant_time(a.expose_secret(), b.expose_secret());
}

boost::json::memory_resource* wiping_memory() noexcept {
  static WipingResource resource;
  return &resource;
}

}  // namespace bulla
