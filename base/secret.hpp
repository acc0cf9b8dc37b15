// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sodium.h>

#include <boost/container/vector.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/storage_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "base/allocation_budget.hpp"

namespace bulla {

/// Bytes for which a page of protection each is right: private keys and session keys.
///
/// Memory:    one guarded allocation (libsodium: a canary in front, no-access pages around), locked
///            into RAM where the limit allows, left out of core dumps, zeroed before release. It
///            costs three to four pages, whatever the size. Sizes are in bytes.
/// Ownership: move-only. A moved-from value is empty. Copy only with clone(), so that every extra
///            copy of a secret is a word that a reviewer can search for.
/// Equality:  constant time in the contents; the length is not secret.
/// Errors:    the constructor throws std::bad_alloc; nothing else throws.
/// Threads:   as std::vector: share const, or lock.
class SecretBytes {
 public:
  SecretBytes() noexcept = default;
  /// `size` bytes, all zero.
  explicit SecretBytes(std::size_t size);
  SecretBytes(SecretBytes&& other) noexcept { swap(other); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    SecretBytes(std::move(other)).swap(*this);  // the old bytes are wiped here, not later
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() = default;

  [[nodiscard]] SecretBytes clone() const;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The bytes, valid until this object is moved from or destroyed. Search for the name to list
  /// every use of a secret.
  [[nodiscard]] std::span<const std::uint8_t> expose_secret() const noexcept;
  [[nodiscard]] std::span<std::uint8_t> expose_secret() noexcept;

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept;

 private:
  struct Free {
    void operator()(std::uint8_t* p) const noexcept { sodium_free(p); }
  };
  void swap(SecretBytes& other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(size_, other.size_);
  }
  std::unique_ptr<std::uint8_t, Free> bytes_;
  std::size_t size_ = 0;
};

/// The standard allocator, but the memory is zeroed before it goes back, and counts in the
/// thread's AllocationBudget, if it has one.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() noexcept = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}  // NOLINT: allocators convert freely

  [[nodiscard]] T* allocate(std::size_t count) {
    AllocationBudget::count_allocation(count * sizeof(T));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    sodium_memzero(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
    AllocationBudget::count_release(count * sizeof(T));
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) noexcept { return true; }
};

/// Bytes of which there may be many: the values of a Secret, the text of one.
///
/// As SecretBytes, but on the ordinary heap without guard pages and without locking: it can grow,
/// and ten thousand of them are cheap. Old storage is zeroed when it grows, and at the end.
class SecretBuffer {
 public:
  SecretBuffer() noexcept = default;
  /// `size` bytes, all zero.
  explicit SecretBuffer(std::size_t size) : bytes_(size) {}
  SecretBuffer(SecretBuffer&&) noexcept = default;
  /// What was here is released, and so wiped, at once.
  SecretBuffer& operator=(SecretBuffer&& other) noexcept {
    if (this == &other) return *this;
    std::destroy_at(&bytes_);
    std::construct_at(&bytes_, std::move(other.bytes_));
    return *this;
  }
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  ~SecretBuffer() = default;

  /// A copy of bytes that live elsewhere (and that their owner wipes).
  [[nodiscard]] static SecretBuffer copy_of(std::span<const std::uint8_t> bytes);
  [[nodiscard]] static SecretBuffer copy_of(std::string_view text);
  [[nodiscard]] SecretBuffer clone() const { return copy_of(expose_secret()); }

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  /// To `size` bytes; what is cut off is zeroed at once.
  void resize(std::size_t size);
  void append(std::string_view text);

  [[nodiscard]] std::span<const std::uint8_t> expose_secret() const noexcept {
    return {bytes_.data(), bytes_.size()};
  }
  [[nodiscard]] std::span<std::uint8_t> expose_secret() noexcept {
    return {bytes_.data(), bytes_.size()};
  }
  /// Never a null pointer, so that C functions take what is empty too.
  [[nodiscard]] std::string_view expose_secret_text() const noexcept {
    if (bytes_.empty()) return "";
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend bool operator==(const SecretBuffer& a, const SecretBuffer& b) noexcept;

 private:
  // Boost's, because with an allocator of ours std::vector copies and clears byte by byte.
  using Bytes = boost::container::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;
  Bytes bytes_;
};

/// Where Boost.JSON keeps a document that holds plaintext: zeroed as it is released, and counted in
/// the thread's AllocationBudget, if it has one.
/// It lives for the whole process.
[[nodiscard]] boost::json::memory_resource* wiping_memory() noexcept;

[[nodiscard]] inline boost::json::storage_ptr wiping_storage() noexcept {
  return boost::json::storage_ptr(wiping_memory());
}

/// Bytes of a text, without copying.
[[nodiscard]] inline std::span<const std::uint8_t> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
/// Text of bytes, without copying.
[[nodiscard]] inline std::string_view as_text(std::span<const std::uint8_t> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace bulla
